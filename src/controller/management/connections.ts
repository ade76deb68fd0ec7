// SPDX-License-Identifier: Apache-2.0

// Who is connected to the management server, and what of it is idle. Owned by the server; single
// thread.

import type { Duplex } from 'node:stream';

import type { ManagementLimits } from './limits.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Who made a connection, as the kernel or its certificate says. */
export type Peer =
  | { readonly kind: 'unix'; readonly uid: number; readonly pid: number }
  | { readonly kind: 'tls'; readonly name: string; readonly fingerprint: string };

/** The peer in a log line. */
export function describePeer(peer: Peer): string {
  return peer.kind === 'unix' ? `uid ${peer.uid} pid ${peer.pid}` : `certificate "${peer.name}"`;
}

export interface Connection {
  readonly id: string;
  readonly peer: Peer;
  readonly socket: Duplex;
  openCalls: number;
  /** Whether it has called anything yet. */
  hasCalled: boolean;
  /** Since when it has no call under way, by `performance.now()`. */
  idleSinceMs: number;
  /** Calls that were taken back lately. */
  resets: number;
}

export class Connections {
  readonly #limits: ManagementLimits;
  readonly #refusals: RefusalLog;
  readonly #byId = new Map<string, Connection>();
  #nextNumber = 1;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(limits: ManagementLimits, refusals: RefusalLog) {
    this.#limits = limits;
    this.#refusals = refusals;
  }

  get count(): number {
    return this.#byId.size;
  }

  find(id: string | undefined): Connection | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /**
   * Takes the connection in. With as many as may be, the one that has been idle for the longest
   * time is closed for it; undefined if none is idle, and the socket is closed then.
   */
  add(socket: Duplex, peer: Peer): Connection | undefined {
    if (this.#byId.size >= this.#limits.connectionsMax && !this.#closeIdlest()) {
      socket.destroy();
      return undefined;
    }
    const connection: Connection = {
      id: `connection-${this.#nextNumber}`,
      peer,
      socket,
      openCalls: 0,
      hasCalled: false,
      idleSinceMs: performance.now(),
      resets: 0,
    };
    this.#nextNumber += 1;
    this.#byId.set(connection.id, connection);
    socket.on('error', () => {}); // 'close' follows.
    socket.once('close', () => {
      this.#remove(connection);
    });
    return connection;
  }

  beginCall(connection: Connection): void {
    connection.openCalls += 1;
    connection.hasCalled = true;
  }

  endCall(connection: Connection): void {
    connection.openCalls -= 1;
    connection.idleSinceMs = performance.now();
  }

  /** Closes what has been idle for too long, and lets old resets be forgotten. */
  sweep(elapsedMs: number): void {
    const { firstCallTimeoutMs, idleTimeoutMs, resetsPerSecond } = this.#limits;
    const nowMs = performance.now();
    for (const connection of this.#byId.values()) {
      const forgotten = (resetsPerSecond * elapsedMs) / 1000;
      connection.resets = Math.max(0, connection.resets - forgotten);
      const timeoutMs = connection.hasCalled ? idleTimeoutMs : firstCallTimeoutMs;
      if (connection.openCalls > 0 || nowMs - connection.idleSinceMs < timeoutMs) continue;
      this.#log(connection, 'closed a connection that was idle');
      connection.socket.destroy();
    }
  }

  closeAll(): void {
    for (const { socket } of this.#byId.values()) socket.destroy();
  }

  /** Settles when nobody is connected. */
  async emptied(): Promise<void> {
    if (this.#byId.size === 0) return;
    this.#emptied ??= Promise.withResolvers();
    await this.#emptied.promise;
  }

  #closeIdlest(): boolean {
    let idlest: Connection | undefined;
    for (const connection of this.#byId.values()) {
      if (connection.openCalls > 0) continue;
      if (idlest === undefined || connection.idleSinceMs < idlest.idleSinceMs) idlest = connection;
    }
    if (idlest === undefined) return false;
    this.#log(idlest, 'closed the connection that was idle for the longest time for a new one');
    this.#remove(idlest); // Its 'close' comes later, and its place is free now.
    idlest.socket.destroy();
    return true;
  }

  #log({ id, peer }: Connection, message: string): void {
    this.#refusals.refused(message, { connection: id, peer: describePeer(peer) });
  }

  #remove({ id }: Connection): void {
    this.#byId.delete(id);
    if (this.#byId.size === 0) this.#emptied?.resolve();
  }
}
