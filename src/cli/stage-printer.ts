// SPDX-License-Identifier: Apache-2.0

// Stage lines on stderr: `[  3.2s] kernel … ok`. A stage is shown when it ends; on a terminal also
// while it runs, with the time. Work inside a stage that takes long shows how far it is every two
// seconds.

import { setInterval } from 'node:timers/promises';

import type { Progress } from '../base/progress.ts';

export interface StagePrinter extends Progress {
  /** Ends the current stage well; `note` is added to its line. */
  ok(note?: string): void;
  /** Ends the current stage badly. */
  failed(note?: string): void;
  /** A line between stages. */
  note(text: string): void;
}

const advanceIntervalMs = 2000;
const tickIntervalMs = 1000;

export interface StageOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A line that a stage printer wrote, without its time. */
export function withoutStamp(line: string): string {
  return line.replace(/^\[ *\d+\.\ds\] /, '');
}

/** Calls `onTick` now and then until it is disposed. */
export type Ticker = (onTick: () => void) => Disposable;

/** Every second, for as long as something else keeps the process alive. */
export function everySecond(onTick: () => void): Disposable {
  const ended = new AbortController();
  tickUntil(ended.signal, onTick).catch(() => {}); // The signal's own error.
  return {
    [Symbol.dispose]: () => {
      ended.abort();
    },
  };
}

async function tickUntil(signal: AbortSignal, onTick: () => void): Promise<void> {
  for await (const _ of setInterval(tickIntervalMs, undefined, { signal, ref: false })) onTick();
}

/**
 * `now`: milliseconds of a clock that only goes forward. `ticker`: when the time of a stage that is
 * open on a terminal is shown anew; by default never.
 */
export function createStagePrinter(
  output: StageOutput,
  now: () => number,
  ticker: Ticker = () => ({ [Symbol.dispose]() {} }),
): StagePrinter {
  const startMs = now();
  let stage: string | undefined;
  let shownMs = 0;
  let isLineOpen = false;
  let ticking: Disposable | undefined;

  const stamp = (): string => `[${((now() - startMs) / 1000).toFixed(1).padStart(6)}s]`;
  const closeLine = (): void => {
    ticking?.[Symbol.dispose]();
    ticking = undefined;
    if (isLineOpen) output.write('\r\u001b[K');
    isLineOpen = false;
  };
  const showOpen = (text: string): void => {
    if (output.isTTY !== true) return;
    closeLine();
    output.write(`${stamp()} ${text}`);
    isLineOpen = true;
    ticking = ticker(() => {
      output.write(`\r\u001b[K${stamp()} ${text}`);
    });
  };
  const end = (word: string, note: string | undefined): void => {
    if (stage === undefined) return;
    closeLine();
    output.write(`${stamp()} ${stage} … ${word}${note === undefined ? '' : ` (${note})`}\n`);
    stage = undefined;
  };

  return {
    step(text) {
      end('ok', undefined);
      stage = text;
      shownMs = now();
      showOpen(`${text} …`);
    },
    advance(done, total) {
      if (stage === undefined || now() - shownMs < advanceIntervalMs) return;
      shownMs = now();
      const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
      if (output.isTTY === true) showOpen(`${stage} … ${percent} %`);
      else output.write(`${stamp()} ${stage} … ${percent} %\n`);
    },
    ok(note) {
      end('ok', note);
    },
    failed(note) {
      end('FAILED', note);
    },
    note(text) {
      closeLine();
      output.write(`${stamp()} ${text}\n`);
    },
  };
}
