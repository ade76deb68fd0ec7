// SPDX-License-Identifier: Apache-2.0

// Log lines about what peers do wrong, bounded: a flood of refusals fills no disk.

import type { Logger } from '../../base/log.ts';

/** Lines with one message in one second; what is beyond is counted. */
export const refusalsPerSecondMax = 20;

export class RefusalLog {
  readonly #log: Logger;
  // How often each message came in this second. A flood of one leaves room for the others.
  readonly #counts = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * `message` is one of a few; `fields` hold nothing that a peer has written, but for what an
   * error's message has.
   */
  refused(message: string, fields: Readonly<Record<string, string | number>>): void {
    const count = (this.#counts.get(message) ?? 0) + 1;
    this.#counts.set(message, count);
    if (count <= refusalsPerSecondMax) this.#log.warn(fields, message);
  }

  /** A new second. */
  tick(): void {
    for (const [message, count] of this.#counts) {
      const leftOutCount = count - refusalsPerSecondMax;
      if (leftOutCount > 0) this.#log.warn({ count: leftOutCount }, `not logged: ${message}`);
    }
    this.#counts.clear();
  }
}
