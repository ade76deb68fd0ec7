// SPDX-License-Identifier: Apache-2.0

// What a card counts lies in memory that whoever started it can read: under load, while the card is
// stopped so that it can answer nobody, and after it was killed.

import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { connect } from '../../src/api/client.ts';
import { deadlineSignal } from '../../src/base/deadline.ts';
import { startSlotCard } from '../../src/card/bus/card-process.ts';
import { startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { loadHostAddon } from '../../src/native/binding.ts';
import { patienceMs, root, startChild } from './support/child.ts';
import { connectFrontend } from './support/frontend.ts';
import { HostPlace } from './support/host-place.ts';
import { createTempDir } from './support/temp-dir.ts';

const scope = { signal: deadlineSignal(patienceMs * 2) };
const volume = 'vol0123456789abcdef0';

const device = {
  id: volume,
  queues: 2,
  blockBytes: 512,
  isReadOnly: false,
  slot: 5,
  memoryPolicy: 'sealed',
  store: { kind: 'memory', sizeBytes: 1_048_576n },
  cipher: { kind: 'none' },
} as const;

describe('the counters of a card', () => {
  it('are read without it: under load, while it is stopped, and after it was killed', async () => {
    await using dir = await createTempDir();
    await using stack = new AsyncDisposableStack();
    const host = loadHostAddon();
    const log = pino({ level: 'silent' });
    const { backplane } = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
    stack.defer(async () => backplane.shutDown(scope));
    const options = { workers: 1, pollMode: 'off', cpus: [] } as const;
    const logFile = join(dir.path, 'card.log');
    const card = await startSlotCard({ card: options, logFile, host, ...scope });
    const reader = new host.CounterReader(card.counterFd);
    closeSync(card.counterFd);
    await backplane.attachCard('c', card.slotChannelFd, scope);
    closeSync(card.slotChannelFd);
    const socketPath = join(dir.path, '5.sock');
    await backplane.openSlot({ slot: 5, socketPath, mapBytes: 0n }, scope);
    await backplane.assign(5, 'c', scope);
    expect(() => reader.read(volume)).toThrow('no device');
    const id = await card.bus.addDevice(device, scope);
    await using frontend = await connectFrontend(socketPath);

    const reads = async (count: number): Promise<bigint> => {
      for (let index = 0; index < count; index += 1) await frontend.read(index * 4096, 4096);
      return reader.read(volume).queues.reduce((sum, queue) => sum + queue.reads, 0n);
    };
    expect(await reads(20)).toBe(20n);
    expect(await reads(30)).toBe(50n);
    // The bus has the same to tell.
    const asked = await card.bus.metrics(id, scope);
    expect(asked.queues.map((queue) => queue.readBytes)).toEqual(
      reader.read(volume).queues.map((queue) => queue.readBytes),
    );
    expect(asked.workers).toHaveLength(reader.read(volume).workers.length);

    process.kill(card.pid, 'SIGSTOP');
    expect(await reads(0)).toBe(50n);
    process.kill(card.pid, 'SIGKILL');
    await card.exited;

    expect(await reads(0)).toBe(50n);
    expect(reader.read(volume).queues[0]?.latencyNs.read.count).toBe(50);
  });

  it('are no longer told when the device is gone', async () => {
    await using dir = await createTempDir();
    const host = loadHostAddon();
    const logFile = join(dir.path, 'card.log');
    const options = { workers: 1, pollMode: 'off', cpus: [] } as const;
    const card = await startSlotCard({ card: options, logFile, host, ...scope });
    const reader = new host.CounterReader(card.counterFd);
    closeSync(card.counterFd);
    closeSync(card.slotChannelFd);
    const { slot, ...rest } = device;
    const socketPath = join(dir.path, `${slot}.sock`);
    const id = await card.bus.addDevice({ ...rest, socketPath }, scope);
    expect(reader.read(volume).queues).toHaveLength(2);

    await card.bus.removeDevice(id, scope);

    expect(() => reader.read(volume)).toThrow('no device');
    card.bus.end();
    await card.exited;
  });

  it('are told to an operator while the card of a host hangs', async () => {
    await using place = await HostPlace.create();
    const program = join(root, 'src/controller/main.ts');
    const flags = ['--disable-warning=ExperimentalWarning', program];
    await using controller = startChild(process.execPath, flags, { env: place.env });
    await controller.waitFor('stdout', /ready/);
    await using api = connect({ socketPath: join(place.runtimeDir, 'management.sock') });
    const shape = { image: 'BOOT_IMAGE_TINY', memoryBytes: 67_108_864n } as const;
    const instance = await api.call('Instances.CreateInstance', { instance: shape }, scope);
    const request = { volume: { sizeBytes: 1_048_576n } };
    const { name } = await api.call('Volumes.CreateVolume', request, scope);
    await api.call('Volumes.AttachVolume', { name, instance: instance.name }, scope);
    await api.call('Instances.StartInstance', { name: instance.name }, scope);
    const [card = 0] = await place.cards();

    process.kill(card, 'SIGSTOP');
    const { queues } = await api.call('Metrics.GetVolumeMetrics', { name }, scope);
    const listed = await api.call('Metrics.ListVolumeMetrics', {}, scope);
    process.kill(card, 'SIGCONT');

    // The guest's driver has said hello to the first of its rings.
    expect(queues).toHaveLength(16);
    expect(listed.volumes.map((found) => found.name)).toEqual([name]);
    await controller.end('SIGTERM');
  });
});
