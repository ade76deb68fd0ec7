// SPDX-License-Identifier: Apache-2.0

// Processes of programs that stand in for a card: they speak the bus over a fake addon, or do not.
// The real one is run by test/integration/card-process.test.ts.

import { closeSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  type CardProcess,
  type CardProcessOptions,
  startCardProcess,
  startSlotCard,
} from '../../../../src/card/bus/card-process.ts';
import { loadHostAddon } from '../../../../src/native/binding.ts';
import { createTempDir, type TempDir } from '../../temp-dir.ts';
import { sampleDevice } from '../samples.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

const importFrom = (path: string): string =>
  JSON.stringify(new URL(`../../../../${path}`, import.meta.url).href);

const openBus = `
import { Socket } from 'node:net';
const bus = new Socket({ fd: 3, readable: true, writable: true });
`;

/** Serves the bus as a card does. */
const honest = `
import { serveCard } from ${importFrom('src/card/card-service.ts')};
import { FakeBlockAddon } from ${importFrom('test/unit/card/fake-block-addon.ts')};
${openBus}
await serveCard(bus, new FakeBlockAddon());
`;

interface Place extends TempDir {
  readonly logFile: string;
  /** Starts a process of a program with this source. */
  start(source: string, changes?: Partial<CardProcessOptions>): Promise<CardProcess>;
}

async function createPlace(): Promise<Place> {
  const dir = await createTempDir();
  const logFile = join(dir.path, 'card.log');
  return {
    ...dir,
    logFile,
    start: async (source, changes = {}) => {
      const program = join(dir.path, 'card.mts');
      await writeFile(program, source);
      const card = { workers: 1, pollMode: 'off', cpus: [] } as const;
      return startCardProcess({ card, logFile, program, ...scope, ...changes });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('startCardProcess', () => {
  it('gives a card in a process of its own, which ends by itself when it is disposed', async () => {
    await using place = await createPlace();
    const card = await place.start(honest);

    expect(card.pid).not.toBe(process.pid);
    expect(isAlive(card.pid)).toBe(true);
    const id = await card.addDevice(sampleDevice(), scope);
    expect(await card.counters(id, scope)).toHaveLength(1);
    await card.removeDevice(id, scope);
    await card[Symbol.asyncDispose]();

    expect(await card.exited).toEqual({ code: 0, signal: null });
    expect(isAlive(card.pid)).toBe(false);
  });

  it('hands the card nothing of its environment but the path to programs', async () => {
    await using place = await createPlace();
    const seen = join(place.path, 'environment.json');
    const tell = `import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(seen)}, JSON.stringify(process.env));`;
    process.env['ARGON_TEST_SECRET'] = 'x';
    try {
      await using card = await place.start(tell + honest);
      expect(isAlive(card.pid)).toBe(true);

      expect(JSON.parse(await readFile(seen, 'utf8'))).toEqual({
        PATH: process.env['PATH'],
        UV_USE_IO_URING: '0',
      });
    } finally {
      delete process.env['ARGON_TEST_SECRET'];
    }
  });

  it('fails when the card ends before it is ready', async () => {
    await using place = await createPlace();

    await expect(place.start('process.exit(7);')).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the card is gone',
    });
  });

  it('fails as the card says when the card cannot start', async () => {
    await using place = await createPlace();
    const logFile = join(place.path, 'missing', 'card.log');

    await expect(place.start(honest, { logFile })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('gives up on a card that never answers, and ends it', async () => {
    await using place = await createPlace();
    const pidFile = join(place.path, 'pid');
    const silent = `import { writeFileSync } from 'node:fs';
      ${openBus} bus.resume(); writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));`;
    const giveUp = new AbortController();
    const starting = place.start(silent, { signal: giveUp.signal });
    const rejected = expect(starting).rejects.toMatchObject({ code: 'cancelled' });
    await expect.poll(async () => readFile(pidFile, 'utf8').catch(() => '')).not.toBe('');

    giveUp.abort();
    await rejected;

    expect(isAlive(Number(await readFile(pidFile, 'utf8')))).toBe(false);
  });
});

describe('startSlotCard', () => {
  it('gives a card with a slot channel, which ends with its bus', async () => {
    await using place = await createPlace();
    const host = loadHostAddon();
    const seen = join(place.path, 'channel');
    const program = join(place.path, 'card.mts');
    const tell = `import { fstatSync, writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(seen)}, process.argv[2] + fstatSync(4).isSocket() +
        fstatSync(5).isFile());`;
    await writeFile(program, tell + honest);
    const options = { card: { workers: 1, pollMode: 'off', cpus: [] }, program, host } as const;

    const card = await startSlotCard({ ...options, logFile: place.logFile, ...scope });
    closeSync(card.slotChannelFd);
    closeSync(card.counterFd);
    expect(await readFile(seen, 'utf8')).toBe('--slot-channeltruetrue');
    const id = await card.bus.addDevice(sampleDevice(), scope);
    card.bus.end();

    expect(id).toBe(1);
    expect(await card.exited).toEqual({ code: 0, signal: null });
    await card.bus.closed;
  });

  it('leaves no descriptor behind when the card does not start', async () => {
    await using place = await createPlace();
    const logFile = join(place.path, 'missing', 'card.log');
    const before = readdirSync('/proc/self/fd').length;

    await expect(
      startSlotCard({ card: { workers: 1, pollMode: 'off', cpus: [] }, logFile, ...scope }),
    ).rejects.toMatchObject({ code: 'not-found' });

    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
  });
});

describe('a card', () => {
  it('that is killed is gone for all who ask it, and says how', async () => {
    await using place = await createPlace();
    await using card = await place.start(honest);
    process.kill(card.pid, 'SIGKILL');

    expect(await card.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(card.counters(1, scope)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('that does not end when its bus closes is killed, and not before its time', async () => {
    await using place = await createPlace();
    const card = await place.start(`${honest} setInterval(() => {}, 1000);`, {
      stopTimeoutMs: 300,
    });
    const startMs = performance.now();

    await card[Symbol.asyncDispose]();

    expect(await card.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(295);
  });

  it('may be disposed twice, and after it has ended', async () => {
    await using place = await createPlace();
    const card = await place.start(honest);

    await Promise.all([card[Symbol.asyncDispose](), card[Symbol.asyncDispose]()]);
    await card[Symbol.asyncDispose]();

    expect(await card.exited).toEqual({ code: 0, signal: null });
  });
});
