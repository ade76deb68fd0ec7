// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  type HostFacts,
  hostChecks,
  judgeAccelerator,
  judgeFirmware,
  judgeHost,
  judgeImageTools,
  judgeKeyMemory,
  judgeSpace,
  judgeStorage,
  judgeUring,
} from '../../../src/cli/host-checks.ts';
import { FakeContext, untouched } from './fake-context.ts';

const host: HostFacts = {
  platform: 'linux',
  arch: 'x64',
  kernel: '6.1.0',
  cpuCount: 2,
  freeMemoryBytes: 2 ** 31,
};

describe('hostChecks', () => {
  // That they look where they should is shown in test/integration/command-line.test.ts.
  it('has a name for each and looks at nothing before it is asked', () => {
    const names = hostChecks(new FakeContext(untouched)).map(([name]) => name);

    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('io_uring');
  });

  it('finds a state folder that cannot be made', async () => {
    const [, look] = hostChecks(new FakeContext(untouched)).find(
      ([name]) => name === 'state folder',
    ) ?? ['', async () => undefined];

    await expect(look()).rejects.toThrow('ENOTDIR');
  });
});

describe('a host', () => {
  it('is Linux on x86-64 with two CPUs', () => {
    expect(judgeHost(host)).toEqual({
      status: 'ok',
      detail: 'linux 6.1.0 on x64, 2 CPUs, 2.0 GiB free',
    });
    expect(judgeHost({ ...host, platform: 'darwin' })).toMatchObject({ status: 'missing' });
    expect(judgeHost({ ...host, arch: 'arm64' })).toMatchObject({ status: 'missing' });
  });

  it('with one CPU is worth a note', () => {
    expect(judgeHost({ ...host, cpuCount: 1 })).toMatchObject({ status: 'note' });
  });

  it('wants 4 GiB for images and volumes', () => {
    expect(judgeSpace({ path: '/s', freeBytes: 2 ** 32 })).toEqual({
      status: 'ok',
      detail: '/s, 4.0 GiB free',
    });
    expect(judgeSpace({ path: '/s', freeBytes: 2 ** 32 - 1 })).toMatchObject({
      status: 'note',
      hint: expect.stringContaining('4 GiB'),
    });
  });

  it('without io_uring runs no card', () => {
    expect(judgeUring({ uringProblem: '' })).toMatchObject({ status: 'ok' });
    expect(judgeUring({ uringProblem: 'io_uring_setup: EPERM' })).toMatchObject({
      status: 'missing',
      detail: 'io_uring_setup: EPERM',
      hint: expect.stringContaining('io_uring_disabled'),
    });
  });

  it('without secret memory or O_DIRECT runs cards with a limit', () => {
    expect(judgeKeyMemory({ hasSecretMemory: true })).toMatchObject({ status: 'ok' });
    expect(judgeKeyMemory({ hasSecretMemory: false })).toMatchObject({ status: 'note' });
    expect(judgeStorage({ storage: 'O_DIRECT' })).toMatchObject({ status: 'ok' });
    expect(judgeStorage({ storage: 'through the page cache' })).toMatchObject({ status: 'note' });
  });

  it('needs firmware to boot a disk, and root to make the Debian image', () => {
    expect(judgeFirmware('/f', true)).toEqual({ status: 'ok', detail: '/f' });
    expect(judgeFirmware('/f', false)).toMatchObject({ status: 'missing', hint: 'run ./setup' });
    expect(judgeImageTools('mmdebstrap 1.3.5\n', true)).toEqual({
      status: 'ok',
      detail: 'mmdebstrap 1.3.5',
    });
    expect(judgeImageTools('mmdebstrap 1.3.5\n', false)).toMatchObject({ status: 'note' });
  });
});

describe('an accelerator', () => {
  it('is KVM, or worth a note', () => {
    const reason = 'a guest booted on KVM in 900 ms';

    expect(judgeAccelerator({ accelerator: 'kvm', reason, source: 'memory' })).toEqual({
      status: 'ok',
      detail: `kvm: ${reason}`,
    });
    expect(
      judgeAccelerator({ accelerator: 'tcg', reason: '/dev/kvm does not exist', source: 'device' }),
    ).toEqual({
      status: 'note',
      detail: 'tcg: /dev/kvm does not exist',
      hint: 'guests will be slow',
    });
  });

  it('is shown without all that QEMU said', () => {
    const reason = 'KVM is there but boots no guest: QEMU ended: core dumped';

    expect(judgeAccelerator({ accelerator: 'tcg', reason, source: 'memory' }).detail).toBe(
      'tcg: KVM is there but boots no guest',
    );
  });

  it('that nobody has tried is not known', () => {
    expect(judgeAccelerator(undefined)).toMatchObject({
      status: 'note',
      detail: expect.stringContaining('not known yet'),
    });
  });
});
