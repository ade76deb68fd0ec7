// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type ConsoleLine, type ConsoleOptions, GuestConsole } from '../../../src/guest/console.ts';

function soon(): { readonly signal: AbortSignal } {
  return { signal: AbortSignal.timeout(300_000) };
}

/** A console, and the guest's end of it. */
function open(options: ConsoleOptions = {}): { guestConsole: GuestConsole; guest: Duplex } {
  const [ours, guest] = duplexPair();
  return { guestConsole: new GuestConsole(ours, options), guest };
}

describe('expect', () => {
  it('finds what was printed before it was called', async () => {
    const { guestConsole, guest } = open();
    guest.write('ready\n');
    await guestConsole.expect('ready', soon());
    guest.write('login: ');

    expect((await guestConsole.expect(/log\w+: $/, soon())).text).toBe('login: ');
  });

  it('finds what arrives in pieces, and loses nothing between two calls', async () => {
    const { guestConsole, guest } = open();
    const first = guestConsole.expect('one', soon());
    for (const piece of ['on', 'e two', ' thr', 'ee']) guest.write(piece);

    expect((await first).before).toBe('');
    expect((await guestConsole.expect('three', soon())).before).toBe(' two ');
  });

  it('gives up with its signal, after which another may wait', async () => {
    const { guestConsole, guest } = open();

    await expect(
      guestConsole.expect('never', { signal: AbortSignal.timeout(1) }),
    ).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: "timed out while waiting for never on the guest's console",
    });
    guest.write('now');
    await expect(guestConsole.expect('now', soon())).resolves.toBeDefined();
  });

  it('refuses a second reader', async () => {
    const { guestConsole, guest } = open();
    const first = guestConsole.expect('one', soon());

    await expect(guestConsole.expect('two', soon())).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    guest.write('one');
    await first;
  });

  it('rejects when the guest ends, but finds what it printed last', async () => {
    const { guestConsole, guest } = open();
    const waiting = guestConsole.expect('never', soon());
    guest.end('last words');

    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    expect((await guestConsole.expect('words', soon())).text).toBe('words');
    await guestConsole.ended;
  });
});

describe('listeners', () => {
  it('hear lines without colors, and the unfinished one as it grows', async () => {
    const { guestConsole, guest } = open();
    const lines: ConsoleLine[] = [];
    const bytes: string[] = [];
    guestConsole.onLine((line) => lines.push(line));
    guestConsole.onBytes((chunk) => bytes.push(Buffer.from(chunk).toString('utf8')));
    guest.write('\u001b[1mone\r\ntw');
    guest.write('o\r\n');
    guest.end();
    await guestConsole.ended;

    expect(lines).toEqual([
      { text: 'one', isComplete: true },
      { text: 'tw', isComplete: false },
      { text: 'two', isComplete: true },
    ]);
    expect(bytes.join('')).toBe('\u001b[1mone\r\ntwo\r\n');
  });

  it('get a line without an end in pieces', async () => {
    const { guestConsole, guest } = open();
    const complete: number[] = [];
    guestConsole.onLine(({ text, isComplete }) => {
      if (isComplete) complete.push(text.length);
    });
    guest.end('x'.repeat(10_000));
    await guestConsole.ended;

    expect(complete).toEqual([4096, 4096]);
  });
});

describe('write', () => {
  it('types into the guest, until it is gone', async () => {
    const { guestConsole, guest } = open();
    const typed = Promise.withResolvers<string>();
    guest.once('data', (chunk: Buffer) => {
      typed.resolve(chunk.toString('utf8'));
    });

    expect(guestConsole.write('ls\n')).toBe(true);
    expect(await typed.promise).toBe('ls\n');
    guest.destroy();
    await guestConsole.ended;
    expect(guestConsole.write('ls\n')).toBe(false);
  });
});

describe('the log file', () => {
  let folder: string;
  let logFile: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-console-'));
    logFile = join(folder, 'console.log');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('has every byte as it came, for its owner alone', async () => {
    const { guestConsole, guest } = open({ logFile });
    guest.end(Buffer.from([0x1b, 0x5b, 0x31, 0x6d, 0xff, 0x00, 0x0d, 0x0a]));
    await guestConsole.ended;
    await guestConsole[Symbol.asyncDispose]();

    expect([...(await readFile(logFile))]).toEqual([
      0x1b, 0x5b, 0x31, 0x6d, 0xff, 0x00, 0x0d, 0x0a,
    ]);
    expect((await stat(logFile)).mode & 0o777).toBe(0o600);
    expect(guestConsole.logError).toBeUndefined();
  });

  it('has an end, and says so', async () => {
    const { guestConsole, guest } = open({ logFile, logMaxBytes: 1_000 });
    const block = 'y'.repeat(600);
    guest.write(block);
    await guestConsole.expect(block, soon());
    guest.write(block);
    await guestConsole.expect(block, soon());
    await guestConsole[Symbol.asyncDispose]();

    const text = await readFile(logFile, 'utf8');
    expect(text).toBe(`${block}\n[argon: the log ends here, at 1000 bytes]\n`);
    expect(guestConsole.logError).toMatchObject({ code: 'resource-exhausted' });
  });

  it('holds up a guest that prints faster than it can be written, and loses nothing', async () => {
    const { guestConsole, guest } = open({ logFile });
    const size = 4 * 1024 * 1024;
    guest.end(Buffer.alloc(size, 'z'));
    await guestConsole.ended;
    await guestConsole[Symbol.asyncDispose]();

    expect((await stat(logFile)).size).toBe(size);
  });

  it('does not disturb the guest when it cannot be written', async () => {
    const { guestConsole, guest } = open({ logFile: join(folder, 'none', 'console.log') });
    guest.write('x'.repeat(100_000));
    guest.write('done');

    await expect(guestConsole.expect('done', soon())).resolves.toBeDefined();
    await guestConsole[Symbol.asyncDispose]();
    expect(guestConsole.logError).toMatchObject({ code: 'data-loss' });
  });

  it('is closed on dispose while the guest prints on, which is then dropped', async () => {
    const { guestConsole, guest } = open({ logFile });
    guest.write('kept');
    await guestConsole.expect('kept', soon());
    await guestConsole[Symbol.asyncDispose]();
    await guestConsole[Symbol.asyncDispose]();
    guest.end('dropped');
    await guestConsole.ended;

    expect(await readFile(logFile, 'utf8')).toBe('kept');
    expect(guestConsole.lastLines(1)).toEqual(['kept']);
  });
});
