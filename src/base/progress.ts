// SPDX-License-Identifier: Apache-2.0

/** Told about work that may take longer than two seconds. Synchronous; never throws. */
export interface Progress {
  /** A step began; `text` is a short phrase: `building image debian`. */
  step(text: string): void;
  /** How far the step is, for steps that can tell. */
  advance(done: number, total: number): void;
}

/** Says nothing. */
export const silentProgress: Progress = { step() {}, advance() {} };
