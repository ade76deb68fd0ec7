// SPDX-License-Identifier: Apache-2.0

// A real card whose bus a real backplane keeps: its controller lets go of it, and another one,
// which has nothing but the name, takes it over and in the end has it stop.

import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { deadlineSignal } from '../../src/base/deadline.ts';
import { adoptCardBus, startSlotCard } from '../../src/card/bus/card-process.ts';
import { startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { patienceMs } from './support/child.ts';
import { createTempDir } from './support/temp-dir.ts';

const scope = { signal: deadlineSignal(patienceMs * 2) };
const volume = 'vol0123456789abcdef0';

describe('a card behind a backplane', () => {
  it('is taken over by another controller, and ends for all when that one ends it', async () => {
    await using dir = await createTempDir();
    const log = pino({ level: 'silent' });
    const { backplane } = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => backplane.shutDown(scope));
    const card = await startSlotCard({
      card: { workers: 1, pollMode: 'off', cpus: [] },
      logFile: join(dir.path, 'card.log'),
      ...scope,
    });
    closeSync(card.counterFd);
    await backplane.keepFd('bus/c', card.busFd, scope);
    await backplane.attachCard('c', card.slotChannelFd, scope);
    closeSync(card.slotChannelFd);
    await backplane.openSlot(
      { slot: 5, socketPath: join(dir.path, '5.sock'), mapBytes: 0n },
      scope,
    );
    await backplane.assign(5, 'c', scope);
    const id = await card.bus.addDevice(slotDevice(5), scope);
    // One answer is never read by whoever asked.
    card.bus.metrics(id, scope).catch(() => {});
    card.bus.close();

    const bus = await adoptCardBus(await backplane.takeFd('bus/c', scope), scope);
    await bus.ping(scope);
    const devices = await bus.devices(scope);
    bus.end();

    expect(devices).toEqual([{ id, volume }]);
    // The backplane has a copy of the bus's end all the while.
    expect(await backplane.listFds(scope)).toEqual(['bus/c']);
    expect(await card.exited).toEqual({ code: 0, signal: null });
  });
});

function slotDevice(slot: number) {
  return {
    id: volume,
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    slot,
    memoryPolicy: 'sealed',
    store: { kind: 'memory', sizeBytes: 1_048_576n },
    cipher: { kind: 'none' },
  } as const;
}
