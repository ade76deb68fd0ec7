// SPDX-License-Identifier: Apache-2.0

// Stage lines on stderr: `[  3.2s] kernel … ok`. A stage is shown when it ends; on a terminal also
// while it runs. Work inside a stage that takes long shows how far it is every two seconds.

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

export interface StageOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** `now`: milliseconds of a clock that only goes forward. */
export function createStagePrinter(output: StageOutput, now: () => number): StagePrinter {
  const startMs = now();
  let stage: string | undefined;
  let shownMs = 0;
  let isLineOpen = false;

  const stamp = (): string => `[${((now() - startMs) / 1000).toFixed(1).padStart(6)}s]`;
  const closeLine = (): void => {
    if (isLineOpen) output.write('\r\u001b[K');
    isLineOpen = false;
  };
  const showOpen = (text: string): void => {
    if (output.isTTY !== true) return;
    closeLine();
    output.write(`${stamp()} ${text}`);
    isLineOpen = true;
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
