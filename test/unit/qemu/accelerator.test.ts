// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ArgonError } from '../../../src/base/errors.ts';
import { createLogger } from '../../../src/base/log.ts';
import { locateStateDir, type StateDir } from '../../../src/base/state-dir.ts';
import {
  type AcceleratorOptions,
  briefReason,
  chooseAccelerator,
  recallAccelerator,
} from '../../../src/qemu/accelerator.ts';
import { sampleProgram } from './samples.ts';

describe('an accelerator', () => {
  let folder: string;
  let stateDir: StateDir;
  let device: string;
  let steps: string[];
  let probes: number;
  let outcome: () => Promise<void>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-accel-'));
    stateDir = locateStateDir({ ARGON_STATE: join(folder, 'state') }, '/');
    device = join(folder, 'kvm');
    await writeFile(device, ''); // A file that opens is as good as a device here.
    steps = [];
    probes = 0;
    outcome = async () => {};
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function options(change: Partial<AcceleratorOptions> = {}): AcceleratorOptions {
    return {
      stateDir,
      device,
      qemu: sampleProgram('qemu'),
      prepareProbe: async () => async () => {
        probes += 1;
        await outcome();
      },
      progress: { step: (text) => steps.push(text), advance() {} },
      log: createLogger('test', 'silent'),
      signal: AbortSignal.timeout(300_000),
      ...change,
    };
  }

  const memoryFile = (): string => join(stateDir, 'accelerator.json');

  /** Changes the remembered answer as `edit` says. */
  async function editMemory(edit: (memory: Record<string, unknown>) => unknown): Promise<void> {
    const memory = JSON.parse(await readFile(memoryFile(), 'utf8')) as Record<string, unknown>;
    await writeFile(memoryFile(), JSON.stringify(edit(memory)));
  }

  it('is KVM where a guest booted on it, and says so while it tries', async () => {
    expect(await chooseAccelerator('auto', options())).toMatchObject({
      accelerator: 'kvm',
      source: 'probe',
    });
    expect(steps).toEqual(['probing KVM by booting a guest on it (at most 12 s, remembered)']);
  });

  it('is TCG where none did, with the reason on one line', async () => {
    outcome = async () => {
      throw new ArgonError('deadline-exceeded', `not up in time\n  ${'x'.repeat(1_000)}`);
    };

    const answer = await chooseAccelerator('auto', options());

    expect(answer).toMatchObject({ accelerator: 'tcg', source: 'probe' });
    expect(answer.reason).toMatch(/^KVM is there but boots no guest: not up in time x+$/);
    expect(answer.reason.length).toBeLessThan(400);
    expect(briefReason(answer)).toBe('KVM is there but boots no guest');
  });

  it('remembers either answer, for itself alone', async () => {
    outcome = async () => {
      throw new ArgonError('deadline-exceeded', 'not up in time');
    };
    const first = await chooseAccelerator('auto', options());
    const second = await chooseAccelerator('auto', options());

    expect(second).toEqual({ ...first, source: 'memory' });
    expect(probes).toBe(1);
    expect((await stat(memoryFile())).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (memory: Record<string, unknown>) => unknown]>([
    ['of another host', (memory) => ({ ...memory, key: '{}' })],
    ['that is damaged', () => 'garbage'],
    ['that lacks a member', ({ key, reason, atMs }) => ({ key, reason, atMs })],
    ['that has another type in it', (memory) => ({ ...memory, isUsable: 'yes' })],
  ])('probes again with a memory %s', async (_what, edit) => {
    await chooseAccelerator('auto', options());
    await editMemory(edit);

    expect(await chooseAccelerator('auto', options())).toMatchObject({ source: 'probe' });
    expect(probes).toBe(2);
  });

  it('probes again with a memory that is no JSON, and repairs it', async () => {
    await chooseAccelerator('auto', options());
    await writeFile(memoryFile(), '{"key": ');

    await chooseAccelerator('auto', options());
    expect(await chooseAccelerator('auto', options())).toMatchObject({ source: 'memory' });
  });

  it('probes again under another QEMU', async () => {
    await chooseAccelerator('auto', options());
    const newer = { ...sampleProgram('qemu'), version: { major: 10, minor: 0, micro: 0 } };

    expect(await chooseAccelerator('auto', options({ qemu: newer }))).toMatchObject({
      source: 'probe',
    });
  });

  it('trusts that KVM works for ever, and that it does not for a week', async () => {
    const eightDaysMs = 8 * 24 * 60 * 60 * 1000;
    await chooseAccelerator('auto', options());
    await editMemory((memory) => ({ ...memory, atMs: Date.now() - eightDaysMs }));
    expect(await chooseAccelerator('auto', options())).toMatchObject({ source: 'memory' });

    await editMemory((memory) => ({ ...memory, isUsable: false }));
    expect(await chooseAccelerator('auto', options())).toMatchObject({ source: 'probe' });
  });

  it('forgets when it is told to', async () => {
    await chooseAccelerator('auto', options());

    expect(await chooseAccelerator('auto', options({ memory: 'forget' }))).toMatchObject({
      source: 'probe',
    });
  });

  it('remembers nothing when its caller gives up', async () => {
    const giveUp = new AbortController();
    outcome = async () => {
      giveUp.abort();
      throw new ArgonError('cancelled', 'given up');
    };

    await expect(
      chooseAccelerator('auto', options({ signal: giveUp.signal })),
    ).rejects.toMatchObject({ code: 'cancelled' });
    await expect(stat(memoryFile())).rejects.toThrow('ENOENT');
  });

  it('answers even where it cannot write', async () => {
    await writeFile(stateDir, 'a file where the folder should be');

    expect(await chooseAccelerator('auto', options())).toMatchObject({ accelerator: 'kvm' });
  });

  it('is TCG without a probe where there is no device, or none to open', async () => {
    const none = join(folder, 'none');

    expect(await chooseAccelerator('auto', options({ device: none }))).toEqual({
      accelerator: 'tcg',
      reason: `${none} does not exist`,
      source: 'device',
    });
    expect(await chooseAccelerator('auto', options({ device: folder }))).toMatchObject({
      accelerator: 'tcg',
      reason: expect.stringContaining('EISDIR'),
    });
    expect(probes).toBe(0);
  });

  it('does as it is asked without a probe', async () => {
    expect(await chooseAccelerator('tcg', options({ device: '/none' }))).toMatchObject({
      accelerator: 'tcg',
      source: 'asked',
    });
    expect(await chooseAccelerator('kvm', options())).toMatchObject({
      accelerator: 'kvm',
      source: 'asked',
    });
    expect(probes).toBe(0);
  });

  it('refuses KVM that is asked for and not there', async () => {
    await expect(
      chooseAccelerator('kvm', options({ device: join(folder, 'none') })),
    ).rejects.toMatchObject({ code: 'failed-precondition', hint: expect.stringContaining('tcg') });
  });

  it('is known without a probe once a guest was booted, and only to this host', async () => {
    expect(await recallAccelerator(options())).toBeUndefined();

    await chooseAccelerator('auto', options());

    expect(await recallAccelerator(options())).toMatchObject({
      accelerator: 'kvm',
      source: 'memory',
    });
    await editMemory((memory) => ({ ...memory, key: '{}' }));
    expect(await recallAccelerator(options())).toBeUndefined();
    expect(probes).toBe(1);
  });

  it('is known without a probe where there is no device', async () => {
    expect(await recallAccelerator(options({ device: join(folder, 'none') }))).toMatchObject({
      accelerator: 'tcg',
      source: 'device',
    });
  });
});
