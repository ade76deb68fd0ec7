// SPDX-License-Identifier: Apache-2.0

// Offers a guest's console on a unix socket, for the tenant. It only listens. One session at a time
// (D13): a second one is told so and closed. The first line that the server sends says which; after
// it the stream is the console, raw, both ways.

import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';

import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import type { GuestConsole } from './console.ts';

/** The first words of the server's first line. */
export const consoleHello = {
  attached: 'argon-console attached',
  busy: 'argon-console busy',
} as const;

export interface ConsoleServerOptions extends Cancellable {
  /** In a folder of its own, which is made with mode 0700 or must have it. */
  readonly socketPath: string;
  /** Lines of the past that a new session sees first. */
  readonly replayLines?: number;
}

export interface ConsoleServer extends AsyncDisposable {
  readonly socketPath: string;
}

const defaultReplayLines = 40; // What a failure shows too; about a screen and a half.
// A session that does not read is closed when this much waits for it. The guest must not wait, and
// neither must our memory grow.
const backlogMaxBytes = 1024 * 1024;

/**
 * Starts to listen.
 * @throws ArgonError permission-denied if others may enter the folder.
 */
export async function serveConsole(
  guestConsole: GuestConsole,
  options: ConsoleServerOptions,
): Promise<ConsoleServer> {
  await preparePath(options.socketPath);
  const listener = new ConsoleListener(guestConsole, options);
  await listener.listen(options);
  return listener;
}

async function preparePath(socketPath: string): Promise<void> {
  const folder = dirname(socketPath);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = await stat(folder);
  const isOurs = uid === process.getuid?.();
  if (!isOurs || (mode & 0o077) !== 0) {
    throw new ArgonError('permission-denied', `others may enter ${folder}`, {
      hint: 'a console socket must be in a folder of our own with mode 0700',
    });
  }
  await rm(socketPath, { force: true }); // Left by a process that was killed.
}

class ConsoleListener implements ConsoleServer {
  readonly socketPath: string;
  readonly #guestConsole: GuestConsole;
  readonly #replayLines: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #session: Socket | undefined;
  #closing: Promise<void> | undefined;

  constructor(guestConsole: GuestConsole, options: ConsoleServerOptions) {
    this.#guestConsole = guestConsole;
    this.#replayLines = options.replayLines ?? defaultReplayLines;
    this.socketPath = options.socketPath;
    this.#server = createServer((socket) => {
      this.#handleConnection(socket);
    });
  }

  async listen({ signal }: Cancellable): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.#server.once('error', listening.reject);
    this.#server.listen(this.socketPath, () => {
      listening.resolve();
    });
    try {
      await abortable(listening.promise, 'opening the console socket', { signal });
      // The folder's mode already keeps others out while this is pending.
      await chmod(this.socketPath, 0o600);
    } catch (cause) {
      await this[Symbol.asyncDispose]();
      const errno = errnoName(cause);
      if (errno === undefined) throw cause;
      const message = `the console socket ${this.socketPath} cannot be opened (${errno})`;
      throw new ArgonError(codeOfErrno(errno), message, { cause });
    }
    // What goes wrong with one connection is that connection's.
    this.#server.on('error', () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => {
      closed.resolve(); // Also when it never listened.
    });
    await closed.promise;
  }

  #handleConnection(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}); // Its close event follows.
    socket.on('close', () => {
      this.#sockets.delete(socket);
    });
    if (this.#session !== undefined) {
      socket.end(`${consoleHello.busy}: another session has it; end that one first\r\n`);
      return;
    }
    this.#session = socket;
    const past = this.#guestConsole.lastLines(this.#replayLines);
    const last = past.at(-1) ?? '';
    socket.write(
      `${consoleHello.attached}\r\n${past
        .slice(0, -1)
        .map((l) => `${l}\r\n`)
        .join('')}${last}`,
    );
    this.#join(socket);
  }

  #join(socket: Socket): void {
    const toTenant = this.#guestConsole.onBytes((bytes) => {
      socket.write(bytes);
      if (socket.writableLength > backlogMaxBytes) socket.destroy();
    });
    socket.on('data', (input: Buffer) => {
      // untrusted: what the tenant types; it goes to the guest as it is.
      if (this.#guestConsole.write(input)) return;
      socket.pause();
      this.#guestConsole.onceDrained(() => socket.resume());
    });
    socket.on('close', () => {
      toTenant[Symbol.dispose]();
      this.#session = undefined;
    });
    this.#closeAtEnd(socket).catch(() => {}); // `ended` never rejects.
  }

  async #closeAtEnd(socket: Socket): Promise<void> {
    await this.#guestConsole.ended;
    socket.end();
  }
}
