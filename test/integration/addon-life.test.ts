// SPDX-License-Identifier: Apache-2.0

// Goal: an addon never takes its process down, in whatever stage of its life that ends. Method: a
// process for each stage and ending, whose exit code, signal and words are compared.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { loadBlockAddon } from '../../src/native/binding.ts';
import { memoryDevice, startNativeCard } from './support/cards.ts';
import { type Ended, startScript } from './support/child.ts';
import { connectFrontend } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';

const endings = { close: 0, exit: 7, throw: 1 } as const;

async function live(stage: string, ending: string, folder: string): Promise<Ended> {
  await using child = startScript('addon-life.ts', [stage, ending, folder]);
  if (stage === 'under load') {
    await child.waitFor('stdout', /^ready$/m);
    await using stack = new AsyncDisposableStack();
    stack.use(startScript('load.ts', [join(folder, 'b.sock')]));
    return await child.waitForEnd();
  }
  return await child.waitForEnd();
}

describe.each(Object.entries(endings))('a process that ends by %s', (ending, code) => {
  it.each([
    'loaded',
    'card started',
    'device added',
    'device being added',
    'front end connected',
    'under load',
    'stopped twice',
  ])('at stage "%s" ends as it should', async (stage) => {
    await using dir = await createTempDir();

    const end = await live(stage, ending, dir.path);

    expect(end).toMatchObject({ code, signal: null });
    expect(end.stdout).toContain(`at ${stage}\n`);
    expect(end.stderr).not.toContain('check failed');
    // Node ends at once unless its loop runs empty; the next card takes a stale socket away.
    if (ending === 'close') expect(existsSync(join(dir.path, 'b.sock'))).toBe(false);
  });

  it('while it loads a back end elsewhere ends as it should', async () => {
    await using dir = await createTempDir();
    const card = startNativeCard(loadBlockAddon());
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => card.stop());
    await card.addDevice(memoryDevice(dir.path));

    const end = await live('loading another', ending, dir.path);

    expect(end).toMatchObject({ code, signal: null });
  });
});

describe('a card', () => {
  it('that nobody holds any more takes no process down when it is collected', async () => {
    await using dir = await createTempDir();

    expect(await live('card forgotten', 'exit', dir.path)).toMatchObject({ code: 7, signal: null });
  });

  it('is refused in a worker thread, and so are the other addons', async () => {
    await using dir = await createTempDir();

    const end = await live('worker tried', 'close', dir.path);

    expect(end).toMatchObject({ code: 0, signal: null });
    const refused = 'failed-precondition';
    expect(end.stdout).toContain(`worker: ${refused},${refused},${refused}\n`);
  });

  it('can be started with as many workers as there may be, and stopped', async () => {
    const card = startNativeCard(loadBlockAddon(), 64);

    await expect(card.stop()).resolves.toBeUndefined();
  });
});

describe('stop', () => {
  it('waits for devices that are being added and removed', async () => {
    await using dir = await createTempDir();
    for (let round = 0; round < 40; round += 1) {
      const card = startNativeCard(loadBlockAddon());
      const id = await card.addDevice(memoryDevice(dir.path));
      const other = memoryDevice(dir.path, { socketPath: join(dir.path, 'o.sock') });

      const outcomes = await Promise.allSettled([
        card.addDevice(other),
        card.removeDevice(id),
        card.counters(id),
        card.stop(),
      ]);

      const codes = outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? 'done' : (outcome.reason as { kind?: string }).kind,
      );
      expect(codes.at(-1)).toBe('done');
      for (const code of codes) expect(['done', 'closed', 'not-found']).toContain(code);
      expect(existsSync(join(dir.path, 'b.sock'))).toBe(false);
      expect(existsSync(join(dir.path, 'o.sock'))).toBe(false);
    }
  });

  it('that comes second returns no sooner than the first', async () => {
    await using dir = await createTempDir();
    const card = startNativeCard(loadBlockAddon());
    await card.addDevice(memoryDevice(dir.path));

    const isGone: boolean[] = [];
    await Promise.all(
      [card.stop(), card.stop(), card.stop()].map(async (stopping) => {
        await stopping;
        isGone.push(!existsSync(join(dir.path, 'b.sock')));
      }),
    );

    expect(isGone).toEqual([true, true, true]);
  });

  it('leaves a card that refuses everything, with a reason', async () => {
    await using dir = await createTempDir();
    const card = startNativeCard(loadBlockAddon());
    await card.stop();

    await expect(card.addDevice(memoryDevice(dir.path))).rejects.toMatchObject({ kind: 'closed' });
    await expect(card.counters(1)).rejects.toMatchObject({ kind: 'closed' });
    await expect(card.removeDevice(1)).rejects.toMatchObject({ kind: 'not-found' });
    await card.stop();
  });
});

describe('close of a front end', () => {
  it('waits for what is under way, then refuses the rest', async () => {
    await using dir = await createTempDir();
    const card = startNativeCard(loadBlockAddon());
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => card.stop());
    await card.addDevice(memoryDevice(dir.path));
    const { native } = await connectFrontend(join(dir.path, 'b.sock'));

    const bytes = new Uint8Array(4096).fill(7);
    const writing = native.write(0n, { bytes });
    const closing = native.close();

    // Either may have come first; neither is lost.
    const [written, closed] = await Promise.allSettled([writing, closing]);
    expect(closed.status).toBe('fulfilled');
    if (written.status === 'rejected') expect(written.reason).toMatchObject({ kind: 'closed' });
    await expect(native.read(0n, 512)).rejects.toMatchObject({ kind: 'closed' });
    await expect(native.close()).resolves.toBeUndefined();
  });
});

describe.each(['devices', 'connections'])('a thousand %s', (kind) => {
  it('leave no descriptors, no mappings and no memory behind', async () => {
    await using dir = await createTempDir();
    await using child = startScript('addon-loops.ts', [kind, dir.path]);

    const end = await child.waitForEnd();

    expect(end).toMatchObject({ code: 0, signal: null });
    const { before, after } = JSON.parse(end.stdout) as Record<
      'before' | 'after',
      { readonly fds: number; readonly maps: number; readonly rssBytes: number }
    >;
    expect(after.fds).toBeLessThanOrEqual(before.fds);
    // V8 may map a page or two more; a leak would be a thousand.
    expect(after.maps - before.maps).toBeLessThan(30);
    // A kilobyte each would be a megabyte; the rest is V8's own.
    expect(after.rssBytes - before.rssBytes).toBeLessThan(24 * 1024 * 1024);
  });
});
