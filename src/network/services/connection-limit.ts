// SPDX-License-Identifier: Apache-2.0

// How many connections of one guest a server of the card has open.

import type { Socket } from 'node:net';

/** At once, of one instance or interface. Arbitrary; chosen as many as its agents could want. */
export const connectionsMax = 64;

export class ConnectionLimit {
  readonly #open = new Map<string, number>();

  /**
   * Counts a connection for as long as it is open, or ends it.
   * @param owner whose it is; undefined ends it.
   */
  admit(socket: Socket, owner: string | undefined): boolean {
    const count = owner === undefined ? 0 : (this.#open.get(owner) ?? 0);
    if (owner === undefined || count >= connectionsMax) {
      socket.destroy();
      return false;
    }
    this.#open.set(owner, count + 1);
    socket.once('close', () => {
      const left = (this.#open.get(owner) ?? 0) - 1;
      if (left > 0) this.#open.set(owner, left);
      else this.#open.delete(owner);
    });
    return true;
  }
}
