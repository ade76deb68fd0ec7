// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import {
  type InstancePlan,
  planDevices,
  startInstance,
  type VolumePlan,
} from '../../../src/controller/instance.ts';
import { parsePciSlot } from '../../../src/qemu/profile.ts';
import { FakePrograms } from '../qemu/fake-program.ts';
import { sampleSpec, smallProfile } from '../qemu/samples.ts';

const log = createLogger('test', 'silent');
const signal = AbortSignal.timeout(300_000);

function volume(changes: Partial<VolumePlan> = {}): VolumePlan {
  return {
    id: 'vol0123456789abcdef0',
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    store: { kind: 'memory', sizeBytes: 1_048_576n },
    cipher: { kind: 'none' },
    isBoot: false,
    isPacked: false,
    ...changes,
  };
}

function plan(volumes: readonly VolumePlan[] = []): InstancePlan {
  const { blockDevices: _, start: __, ...machine } = sampleSpec();
  const controls = { guest: 'sample', hasFaults: false, hasPower: false, seed: 1n };
  return { machine, volumes, controls, cardLogFile: '/dev/null' };
}

describe('planDevices', () => {
  it('gives each volume a socket and a slot of its own, in order', () => {
    const devices = planDevices(
      plan([volume({ isBoot: true, queues: 4 }), volume({ queues: 1 })]),
      '/run/x',
    );

    expect(devices).toEqual([
      {
        id: 'disk0',
        socketPath: '/run/x/0.sock',
        slot: parsePciSlot(0, smallProfile),
        queueCount: 2, // The machine has no more CPUs.
        bootIndex: 0,
      },
      {
        id: 'disk1',
        socketPath: '/run/x/1.sock',
        slot: parsePciSlot(1, smallProfile),
        queueCount: 1,
      },
    ]);
  });

  it('refuses more volumes than the machine has slots', () => {
    expect(() => planDevices(plan([volume(), volume(), volume()]), '/run/x')).toThrow(
      expect.objectContaining({ code: 'resource-exhausted' }),
    );
  });
});

// With volumes an instance starts a card process; test/integration does that.
describe('startInstance', () => {
  it('starts no card for an instance without volumes, and takes all of it down', async () => {
    await using programs = await FakePrograms.create();
    const qemu = await programs.write('start; serve');

    const instance = await startInstance(plan(), { qemu, signal, log });
    const { socketDir } = instance;
    expect(instance.card).toBeUndefined();
    expect(existsSync(socketDir)).toBe(true);
    await instance[Symbol.asyncDispose]();

    expect(existsSync(socketDir)).toBe(false);
    expect((await instance.qemu.exited).reason).toBe('host-qmp-quit');
  });

  it('hands the transcript of QMP to whoever wants it', async () => {
    await using programs = await FakePrograms.create();
    const lines: string[] = [];

    const instance = await startInstance(plan(), {
      qemu: await programs.write('start; serve'),
      signal,
      log,
      onTranscript: ({ direction }) => lines.push(direction),
    });
    await instance[Symbol.asyncDispose]();

    expect(new Set(lines)).toEqual(new Set(['sent', 'received']));
  });

  it('leaves nothing behind when QEMU does not start', async () => {
    await using programs = await FakePrograms.create();
    const qemu = await programs.write('echo "qemu: no memory" >&2; exit 1');

    await expect(startInstance(plan(), { qemu, signal, log })).rejects.toThrow('no memory');
  });
});
