// SPDX-License-Identifier: Apache-2.0

// Measures block back ends with our own front end, without a guest: the front end polls on one CPU,
// the back end runs on another. A row is measured several times, and in each run ours and the
// others take turns, so that what is compared was measured within the same seconds.

import type { Progress } from '../base/progress.ts';
import { type BenchResult, judge, type Runs, runsOf } from './bench-result.ts';
import { type ContenderOptions, Contenders, type Entrant } from './contenders.ts';
import type { SpeedRow } from './speed-rows.ts';
import type { BenchSample } from './workload.ts';

export interface BenchOptions extends ContenderOptions {
  readonly rows: readonly SpeedRow[];
  /** Whether rows are measured beside what they are compared with. */
  readonly withOthers: boolean;
  /** How often each row is measured. */
  readonly runCount: number;
  /** How long each run of a contender is measured. */
  readonly durationMs: number;
  readonly progress: Progress;
}

/** Rejects soon after the signal ends; then nothing is left behind. */
export async function benchBlock(options: BenchOptions): Promise<readonly BenchResult[]> {
  await using contenders = new Contenders(options);
  const results: BenchResult[] = [];
  for (const row of options.rows) {
    options.progress.step(row.name);
    results.push(await benchRow(options, contenders, row));
  }
  return results;
}

async function benchRow(
  options: BenchOptions,
  contenders: Contenders,
  row: SpeedRow,
): Promise<BenchResult> {
  const entrants = [...(await contenders.enter(row.ours))];
  if (options.withOthers && row.other !== undefined) {
    entrants.push(...(await contenders.enter(row.other)));
  }
  const samples = entrants.map((): BenchSample[] => []);
  for (let run = 0; run < options.runCount; ++run) {
    for (const [index, entrant] of entrants.entries()) {
      options.signal.throwIfAborted();
      samples[index]?.push(await entrant.measure(options.durationMs));
    }
    options.progress.advance(run + 1, options.runCount);
  }
  const [ours, ...others] = entrants.map(
    (entrant: Entrant, index): Runs => runsOf(entrant.name, row.measure, samples[index] ?? []),
  );
  if (ours === undefined) throw new RangeError('a row without a contender');
  return judge(row, ours, others);
}
