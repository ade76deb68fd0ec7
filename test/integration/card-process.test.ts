// SPDX-License-Identifier: Apache-2.0

// A card as a process of its own (claims A2, L3): it lives exactly as long as the bus to whoever
// started it, whatever a front end does meanwhile, and what was written is there afterwards.

import { existsSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type CardProcess, startCardProcess } from '../../src/card/bus/card-process.ts';
import { serveVolume } from './support/cards.ts';
import { type Child, eventually, startScript } from './support/child.ts';
import { connectFrontend, pattern } from './support/frontend.ts';
import { childrenOf, hasEnded } from './support/proc.ts';
import { createTempDir, type TempDir } from './support/temp-dir.ts';
import { createVolume, type TestVolume } from './support/volumes.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

interface ServingCard extends CardProcess {
  /** The device that is the volume. */
  readonly id: number;
}

interface Place extends TempDir {
  readonly volume: TestVolume;
  readonly socketPath: string;
  /** Starts a card of this process that serves the volume. */
  startCard(): Promise<ServingCard>;
  /** Starts a process that starts such a card and prints its pid. */
  startOwner(): Child;
}

async function createPlace(): Promise<Place> {
  const dir = await createTempDir();
  const folder = dir.path;
  const volume = await createVolume(folder);
  return {
    ...dir,
    volume,
    socketPath: join(folder, 'b.sock'),
    async startCard() {
      const card = await startCardProcess({
        card: { workers: 1, pollMode: 'off', cpus: [] },
        logFile: join(folder, 'card.log'),
        ...scope,
      });
      const id = await serveVolume(card, { state: folder, volumeId: volume.id, folder });
      return { ...card, id };
    },
    startOwner: () => startScript('card-owner.ts', [folder, volume.id, folder]),
  };
}

/** The card of an owner, once it serves. */
async function cardOf(owner: Child): Promise<number> {
  const [, pid] = await owner.waitFor('stdout', /^(\d+)\n/);
  return Number(pid);
}

/** Waits until a process has ended, and its socket with it. */
async function waitUntilGone(pid: number, socketPath: string): Promise<void> {
  await eventually(
    async () => ((await hasEnded(pid)) ? true : undefined),
    'waiting for the card to end',
  );
  expect(existsSync(socketPath)).toBe(false);
}

/** What the volume has at its start, as the next card sees it. */
async function readBack(place: Place, length: number): Promise<Buffer> {
  await using card = await place.startCard();
  await using frontend = await connectFrontend(place.socketPath);
  expect((await card.counters(card.id, scope))[0]?.failures).toBe(0n);
  return await frontend.read(0, length);
}

describe('a card whose controller is killed', () => {
  it('ends by itself, in stages, and its socket is gone', async () => {
    await using place = await createPlace();
    await using owner = place.startOwner();
    const cardPid = await cardOf(owner);
    expect(await childrenOf(owner.pid)).toContain(cardPid);
    await using frontend = await connectFrontend(place.socketPath);
    await frontend.write(0, pattern(65_536, 1)); // Never flushed: only a staged stop keeps it.

    await owner.end('SIGKILL');
    await waitUntilGone(cardPid, place.socketPath);

    expect(await readBack(place, 65_536)).toEqual(pattern(65_536, 1));
  });

  it('ends while a front end keeps it busy too', async () => {
    await using place = await createPlace();
    await using owner = place.startOwner();
    const cardPid = await cardOf(owner);
    const before = await cpuTicks(cardPid);
    await using load = startScript('load.ts', [place.socketPath]);
    await eventually(
      async () => ((await cpuTicks(cardPid)) > before + 10 ? true : undefined),
      'waiting for load',
    );
    expect(await hasEnded(load.pid)).toBe(false);

    await owner.end('SIGKILL');

    await waitUntilGone(cardPid, place.socketPath);
  });
});

/** Hundredths of a second of CPU time; a card that serves nobody uses next to none. */
async function cpuTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

describe('a card that is told to stop', () => {
  it('does so by itself while a front end keeps it busy', async () => {
    await using place = await createPlace();
    const card = await place.startCard();
    await using load = startScript('load.ts', [place.socketPath]);
    await eventually(
      async () => ((await card.counters(card.id, scope))[0]?.reads ?? 0n) > 100n || undefined,
      'waiting for load',
    );
    expect(await hasEnded(load.pid)).toBe(false);

    await card[Symbol.asyncDispose]();

    // Killing it is what follows when it takes longer than it may.
    expect(await card.exited).toEqual({ code: 0, signal: null });
    expect(await hasEnded(card.pid)).toBe(true);
    expect(existsSync(place.socketPath)).toBe(false);
  });

  it('by SIGTERM does so in stages', async () => {
    await using place = await createPlace();
    await using card = await place.startCard();
    await using frontend = await connectFrontend(place.socketPath);
    await frontend.write(0, pattern(4096, 2));

    process.kill(card.pid, 'SIGTERM');

    expect(await card.exited).toEqual({ code: 0, signal: null });
    await expect(card.counters(card.id, scope)).rejects.toMatchObject({ code: 'unavailable' });
    expect(existsSync(place.socketPath)).toBe(false);
    expect(await readBack(place, 4096)).toEqual(pattern(4096, 2));
  });
});

describe('a card', () => {
  it.each(['SIGINT', 'SIGHUP'] as const)(
    'goes on at %s of the terminal, which is for whoever started it',
    async (signal) => {
      await using place = await createPlace();
      await using card = await place.startCard();

      process.kill(card.pid, signal);

      await using frontend = await connectFrontend(place.socketPath);
      await frontend.write(0, pattern(4096, 3));
      expect(await frontend.read(0, 4096)).toEqual(pattern(4096, 3));
      expect((await card.counters(card.id, scope))[0]).toMatchObject({ writes: 1n, reads: 1n });
    },
  );

  it('is taken away by whoever started it, one device at a time', async () => {
    await using place = await createPlace();
    await using card = await place.startCard();

    await card.removeDevice(card.id, scope);

    await expect(access(place.socketPath)).rejects.toThrow('ENOENT');
    const again = await serveVolume(card, {
      state: place.path,
      volumeId: place.volume.id,
      folder: place.path,
    });
    expect(again).not.toBe(card.id);
    await using frontend = await connectFrontend(place.socketPath);
    expect(await frontend.identify()).toBe(place.volume.id);
  });

  it('that is killed is gone for whoever asks, and its volume can be served again', async () => {
    await using place = await createPlace();
    await using card = await place.startCard();
    {
      await using frontend = await connectFrontend(place.socketPath);
      await frontend.write(0, pattern(4096, 4));
      await frontend.flush();
    }
    process.kill(card.pid, 'SIGKILL');

    expect(await card.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(card.counters(card.id, scope)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await readBack(place, 4096)).toEqual(pattern(4096, 4));
  });
});
