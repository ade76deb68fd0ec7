// SPDX-License-Identifier: Apache-2.0

// Offers the port of a guest's agent on a unix socket, for the tenant. It only listens. The port is
// one conversation, so sessions have it one after another: the first line that the server sends
// says that it is the caller's turn, and after it the stream is the port, raw, both ways. Each
// session finds the stream's place by itself, as GuestAgent does.

import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { type Duplex, finished } from 'node:stream';

import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';

/** The first words of the server's first line. */
export const agentHello = { attached: 'argon-agent attached', busy: 'argon-agent busy' } as const;

export interface AgentServerOptions extends Cancellable {
  /** In a folder of our own that nobody else may enter. */
  readonly socketPath: string;
  /** Sessions that may wait for their turn. */
  readonly waitingMax?: number;
}

const defaultWaitingMax = 64; // Arbitrary; a test that runs many commands at once has fewer.
// The port waits for a session that does not read; a guest's answer is bounded by its agent.
const backlogMaxBytes = 1024 * 1024;

/** Starts to listen; disposing it ends every session and takes the socket away. */
export async function serveAgent(
  port: Duplex,
  options: AgentServerOptions,
): Promise<AsyncDisposable> {
  await rm(options.socketPath, { force: true }); // Left by a process that was killed.
  const listener = new AgentListener(port, options);
  await listener.listen(options);
  return listener;
}

class AgentListener implements AsyncDisposable {
  readonly #port: Duplex;
  readonly #waitingMax: number;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  readonly #onPortData = (bytes: Buffer): void => {
    this.#toTenant(bytes);
  };
  #session: Socket | undefined;
  #closing: Promise<void> | undefined;

  constructor(port: Duplex, { waitingMax = defaultWaitingMax }: AgentServerOptions) {
    this.#port = port;
    this.#waitingMax = waitingMax;
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
    // What comes when nobody has the port is the rest of a session that left.
    port.on('data', this.#onPortData);
    port.on('error', () => {}); // Its end follows.
    finished(port, { writable: false }, () => {
      for (const socket of [this.#session, ...this.#waiting]) socket?.end();
    });
  }

  async listen({ signal, socketPath }: AgentServerOptions): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.#server.once('error', listening.reject);
    this.#server.listen(socketPath, () => {
      listening.resolve();
    });
    try {
      await abortable(listening.promise, 'opening the agent socket', { signal });
      // The folder's mode already keeps others out while this is pending.
      await chmod(socketPath, 0o600);
    } catch (cause) {
      await this[Symbol.asyncDispose]();
      const errno = errnoName(cause);
      if (errno === undefined) throw cause;
      const message = `the agent socket ${socketPath} cannot be opened (${errno})`;
      throw new ArgonError(codeOfErrno(errno), message, { cause });
    }
    this.#server.on('error', () => {}); // What goes wrong with one connection is its own.
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#port.off('data', this.#onPortData);
    const waiting = this.#waiting.splice(0);
    for (const socket of [this.#session, ...waiting]) socket?.destroy();
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => {
      closed.resolve(); // Also when it never listened.
    });
    await closed.promise;
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {}); // Its close event follows.
    if (this.#port.destroyed || this.#waiting.length >= this.#waitingMax) {
      socket.end(`${agentHello.busy}: too many wait for the guest's agent\r\n`);
      return;
    }
    socket.on('close', () => {
      this.#leave(socket);
    });
    this.#waiting.push(socket);
    this.#next();
  }

  #leave(socket: Socket): void {
    const index = this.#waiting.indexOf(socket);
    if (index !== -1) this.#waiting.splice(index, 1);
    if (this.#session !== socket) return;
    this.#session = undefined;
    this.#port.resume(); // Whoever left may have been slow.
    this.#next();
  }

  #next(): void {
    if (this.#session !== undefined || this.#closing !== undefined) return;
    const [socket] = this.#waiting.splice(0, 1);
    if (socket === undefined) return;
    this.#session = socket;
    socket.write(`${agentHello.attached}\r\n`);
    socket.on('data', (bytes: Buffer) => {
      // untrusted: what the tenant sends; it goes to the guest as it is.
      if (this.#port.destroyed || this.#port.write(bytes)) return;
      socket.pause();
      this.#port.once('drain', () => socket.resume());
    });
    // A session that has said all has heard all it wants.
    socket.on('end', () => socket.destroy());
  }

  #toTenant(bytes: Buffer): void {
    const session = this.#session;
    if (session === undefined) return;
    session.write(bytes);
    if (session.writableLength <= backlogMaxBytes) return;
    this.#port.pause();
    session.once('drain', () => this.#port.resume());
  }
}
