// SPDX-License-Identifier: Apache-2.0

// How long to wait before a part is started again: at once the first time, since its guests wait,
// then twice as long each time, up to five seconds. One that has run for a while is as good as new.

const firstMs = 100;
const maxMs = 5_000;
/** A part that ran as long as this had no trouble with its start. */
const soundAfterMs = 10_000;

export class BackOff {
  #failures = 0;

  /** The pause before the next start, for a part that has just ended. */
  next(ranForMs: number): number {
    if (ranForMs >= soundAfterMs) this.#failures = 0;
    const pauseMs = this.#failures === 0 ? 0 : Math.min(firstMs * 2 ** (this.#failures - 1), maxMs);
    this.#failures += 1;
    return pauseMs;
  }
}
