// SPDX-License-Identifier: Apache-2.0

// Log lines about what peers do wrong, bounded: a flood of refusals fills no disk.

import type { Logger } from '../../base/log.ts';

/** Lines in one second; what is beyond is counted. */
export const refusalsPerSecondMax = 20;

export class RefusalLog {
  readonly #log: Logger;
  #lineCount = 0;
  #leftOutCount = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `fields` hold nothing that a peer has written, but for what an error's message has. */
  refused(message: string, fields: Readonly<Record<string, string | number>>): void {
    if (this.#lineCount >= refusalsPerSecondMax) {
      this.#leftOutCount += 1;
      return;
    }
    this.#lineCount += 1;
    this.#log.warn(fields, message);
  }

  /** A new second. */
  tick(): void {
    if (this.#leftOutCount > 0) {
      this.#log.warn({ count: this.#leftOutCount }, 'more refusals than are logged');
    }
    this.#lineCount = 0;
    this.#leftOutCount = 0;
  }
}
