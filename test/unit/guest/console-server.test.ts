// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { GuestConsole } from '../../../src/guest/console.ts';
import { type ConsoleServer, serveConsole } from '../../../src/guest/console-server.ts';

describe('serveConsole', () => {
  let folder: string;
  let socketPath: string;
  let guest: Duplex;
  let guestConsole: GuestConsole;
  let server: ConsoleServer | undefined;
  let sockets: Socket[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'argon-serve-'));
    socketPath = join(folder, 'console', 'web-1.sock');
    let ours: Duplex;
    [ours, guest] = duplexPair();
    guestConsole = new GuestConsole(ours);
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await server?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function soon(): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(300_000) };
  }

  async function serve(replayLines = 40): Promise<ConsoleServer> {
    server = await serveConsole(guestConsole, { ...soon(), socketPath, replayLines });
    return server;
  }

  /** A session, read as a console too, so that tests can wait for what it shows. */
  function attach(): { socket: Socket; session: GuestConsole } {
    const socket = connect(socketPath);
    sockets.push(socket);
    return { socket, session: new GuestConsole(socket) };
  }

  async function print(line: string): Promise<void> {
    guest.write(line);
    await guestConsole.expect(line.trim(), soon());
  }

  it('shows the last lines first, and then what comes', async () => {
    await serve(2);
    await print('one\ntwo\nthree\nlogin: ');
    const { session } = attach();

    const { before } = await session.expect('login: ', soon());
    expect(before).toBe('argon-console attached\nthree\n');
    guest.write('\u001b[1mroot\n');
    await expect(session.expect('root', soon())).resolves.toBeDefined();
  });

  it('types into the guest, byte for byte', async () => {
    await serve();
    const typed = Promise.withResolvers<Buffer>();
    guest.once('data', typed.resolve);
    const { socket } = attach();
    socket.write(Buffer.from([0x03, 0xff, 0x0d]));

    expect([...(await typed.promise)]).toEqual([0x03, 0xff, 0x0d]);
  });

  it('tells a second session that there is one, and lets it in when that has ended', async () => {
    await serve();
    const first = attach();
    await first.session.expect('attached', soon());

    const refused = connect(socketPath);
    expect(await text(refused)).toMatch(/^argon-console busy: .*\r\n$/);

    first.socket.end();
    await first.session.ended;
    const word = await pollUntil(
      async () => {
        const { session } = attach();
        const answer = await session.expect(/attached|busy/, soon());
        return answer.text === 'attached' ? answer.text : undefined;
      },
      'attaching again',
      { ...soon(), intervalMs: 5 },
    );
    expect(word).toBe('attached');
  });

  it('closes a session that does not read, and lets the guest go on', async () => {
    await serve();
    const socket = connect(socketPath);
    sockets.push(socket);
    socket.on('error', () => {});
    const closed = Promise.withResolvers<string>();
    socket.on('close', () => {
      closed.resolve('closed');
    });
    // Node reads until its own buffer is full; what follows stays in the server.
    await new Promise((resolve) => {
      socket.once('readable', resolve);
    });
    guest.write(Buffer.alloc(8 * 1024 * 1024, 'x'));
    guest.write('\nend');
    await guestConsole.expect('end', soon());
    socket.resume();

    expect(await closed.promise).toBe('closed');
  });

  it('ends the session with the guest, after its last words', async () => {
    await serve();
    const socket = connect(socketPath);
    const all = text(socket);
    await pollUntil(() => (socket.bytesRead > 0 ? true : undefined), 'attaching', {
      ...soon(),
      intervalMs: 5,
    });
    guest.end('power down');

    expect(await all).toBe('argon-console attached\r\npower down');
  });

  it('is for its owner alone', async () => {
    await serve();

    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'console'))).mode & 0o777).toBe(0o700);
  });

  it('refuses a folder that others may enter', async () => {
    await mkdir(join(folder, 'console'));
    await chmod(join(folder, 'console'), 0o750);

    await expect(serve()).rejects.toMatchObject({ code: 'permission-denied' });
  });

  it('takes the place of a socket that was left behind', async () => {
    await mkdir(join(folder, 'console'), { mode: 0o700 });
    await writeFile(socketPath, '');

    await expect(serve()).resolves.toMatchObject({ socketPath });
  });

  it('says what is wrong with a path that no socket can have', async () => {
    socketPath = join(folder, 'console', 's'.repeat(120));

    await expect(serve()).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('EINVAL'),
    });
  });

  it('closes sessions and removes the socket on dispose, twice being fine', async () => {
    const serving = await serve();
    const { session } = attach();
    await session.expect('attached', soon());
    await serving[Symbol.asyncDispose]();
    await serving[Symbol.asyncDispose]();
    await session.ended;

    await expect(stat(socketPath)).rejects.toThrow('ENOENT');
  });
});
