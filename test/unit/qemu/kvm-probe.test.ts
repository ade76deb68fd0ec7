// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { createKvmProbe } from '../../../src/qemu/kvm-probe.ts';
import { FakePrograms } from './fake-program.ts';
import { smallProfile } from './samples.ts';

describe('createKvmProbe', () => {
  let programs: FakePrograms;

  beforeEach(async () => {
    programs = await FakePrograms.create();
  });

  afterEach(async () => {
    await programs[Symbol.asyncDispose]();
  });

  async function probe(script: string, timeoutMs = 60_000): Promise<void> {
    const boot = createKvmProbe({
      qemu: await programs.write(script),
      profile: smallProfile,
      log: createLogger('test', 'silent'),
      guest: {
        boot: {
          kind: 'kernel',
          kernel: { kind: 'path', path: '/k' },
          commandLine: 'console=ttyS0',
        },
        readyText: 'ARGON-READY',
      },
    });
    await boot({ signal: AbortSignal.timeout(timeoutMs) });
  }

  it('is satisfied by the ready text, in whatever pieces it comes', async () => {
    const script = `start; printf 'noise\\nARGON-' >&4; printf 'READY 3.1\\n' >&4; serve`;

    await expect(probe(script)).resolves.toBeUndefined();
  });

  it('asks for KVM, one CPU and no devices of cards', async () => {
    const look = `printf '%s|' "$@" | tr '\\n' ' ' | grep -q 'accel|kvm|.*cpus=1'`;
    const script = `start; ${look} && echo ARGON-READY >&4; serve`;

    await expect(probe(script)).resolves.toBeUndefined();
  });

  it('says where the guest stood when it does not come up in time', async () => {
    const script = `start; printf 'SeaBIOS\\r\\n\\033[2JBooting from ROM..\\r\\n' >&4; serve`;

    await expect(probe(script, 1_500)).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: expect.stringContaining('"Booting from ROM.."'),
    });
  });

  it('fails at once when the guest ends', async () => {
    await expect(probe('start; echo panic >&4; exit 0')).rejects.toMatchObject({ code: 'aborted' });
  });

  it('fails at once when QEMU refuses KVM', async () => {
    const script = 'echo "Could not access KVM kernel module: Permission denied" >&2; exit 1';

    await expect(probe(script)).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});
