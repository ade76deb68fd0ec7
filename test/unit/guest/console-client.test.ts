// SPDX-License-Identifier: Apache-2.0

import { type Duplex, duplexPair, PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { type AttachEnd, attachConsole } from '../../../src/guest/console-client.ts';

/** A keyboard with raw mode, whose changes it keeps. */
class FakeKeyboard extends PassThrough {
  readonly isTTY = true;
  isRaw = false;
  readonly modes: boolean[] = [];

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
    this.modes.push(isRaw);
  }
}

class FakeScreen extends PassThrough {
  readonly isTTY = true;
  get shown(): string {
    return String(this.read() ?? '');
  }
}

function open(signal = AbortSignal.timeout(300_000)): {
  server: Duplex;
  stream: Duplex;
  keyboard: FakeKeyboard;
  screen: FakeScreen;
  attached: Promise<AttachEnd>;
} {
  const [stream, server] = duplexPair();
  const keyboard = new FakeKeyboard();
  const screen = new FakeScreen();
  const attached = attachConsole(stream, { signal, input: keyboard, output: screen });
  return { server, stream, keyboard, screen, attached };
}

const restored = '\u001b[0m\u001b[?25h\u001b[?7h\r\n';

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Reads until this much has come. */
async function readAll(stream: Duplex, wanted: string): Promise<string> {
  let all = '';
  while (!all.includes(wanted)) {
    all += String(stream.read() ?? '');
    await turn();
  }
  return all;
}

describe('attachConsole', () => {
  it('joins keyboard and screen to the console, and leaves with Ctrl-]', async () => {
    const { server, stream, keyboard, screen, attached } = open();
    server.write('argon-console att');
    server.write('ached\r\nlogin: ');
    await turn();
    server.write('more');
    keyboard.write('root\r');

    expect(await readAll(server, 'root\r')).toBe('root\r');
    keyboard.write('ls\u001dnot this');
    expect(await attached).toBe('left');
    expect(await readAll(server, 'ls')).toBe('ls');
    expect(screen.shown).toBe(`login: more${restored}`);
    expect(keyboard.modes).toEqual([true, false]);
    expect(keyboard.isPaused()).toBe(true);
    expect(stream.destroyed).toBe(true);
    expect(process.listeners('exit')).not.toContainEqual(
      expect.objectContaining({ name: 'restore' }),
    );
  });

  it('ends with the guest', async () => {
    const { server, keyboard, screen, attached } = open();
    server.end('argon-console attached\r\npower down');

    expect(await attached).toBe('closed');
    expect(screen.shown).toBe(`power down${restored}`);
    expect(keyboard.modes).toEqual([true, false]);
  });

  it('ends with its input', async () => {
    const { server, keyboard, attached } = open();
    server.write('argon-console attached\r\n');
    keyboard.end('last\n');

    expect(await attached).toBe('input-ended');
  });

  it('gives the terminal back when its signal ends', async () => {
    const giveUp = new AbortController();
    const { server, keyboard, attached } = open(giveUp.signal);
    server.write('argon-console attached\r\n');
    await turn();
    await turn();
    giveUp.abort();

    await expect(attached).rejects.toMatchObject({ code: 'cancelled' });
    expect(keyboard.modes).toEqual([true, false]);
  });

  it('keeps a terminal raw that was so before', async () => {
    const { server, keyboard, attached } = open();
    keyboard.isRaw = true;
    server.end('argon-console attached\r\n');
    await attached;

    expect(keyboard.modes).toEqual([true, true]);
  });

  it('touches no terminal when another session has the console', async () => {
    const { server, keyboard, screen, attached } = open();
    server.end('argon-console busy: another session has it\r\n');

    await expect(attached).rejects.toMatchObject({ code: 'failed-precondition' });
    expect(keyboard.modes).toEqual([]);
    expect(screen.shown).toBe('');
  });

  it.each(['SSH-2.0-OpenSSH\r\n', '', 'x'.repeat(1_000)])(
    'refuses what begins with %j',
    async (bytes) => {
      const { server, attached } = open();
      server.end(bytes);

      await expect(attached).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  it('gives up a server that says nothing', async () => {
    const { attached } = open(AbortSignal.timeout(1));

    await expect(attached).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it('works with a pipe, which has no raw mode', async () => {
    const [stream, server] = duplexPair();
    const input = new PassThrough();
    const output = new PassThrough();
    server.end('argon-console attached\r\nhello');

    const signal = AbortSignal.timeout(300_000);
    expect(await attachConsole(stream, { signal, input, output })).toBe('closed');
    expect(String(output.read())).toBe('hello');
  });
});
