// SPDX-License-Identifier: Apache-2.0

// What a row came to: our figure, the other's, and whether the goal is reached.

import type { SpeedRow } from './speed-rows.ts';
import type { BenchSample, Measure } from './workload.ts';

/** The runs of one contender in one row, and the run that stands for them. */
export interface Runs {
  /** Whose figures these are: `argon`, `fio, CPU 0`. */
  readonly name: string;
  readonly samples: readonly BenchSample[];
  /** The sample whose figure is the median of the row's measure. */
  readonly median: BenchSample;
}

export type ResultUnit = 'iops' | 'bytes_per_s' | 'ns' | 'bytes' | 'cores';

/** One line of the result. */
export interface BenchResult {
  readonly row: string;
  readonly work: string;
  readonly unit: ResultUnit;
  readonly ours: number;
  /** Who the other figure is of, where there is one. */
  readonly other_name?: string;
  readonly other?: number;
  /** How many times better than the other. */
  readonly ratio?: number;
  /** `ratio`: at least this many times better. `limit`: our figure is below this. */
  readonly goal?: { readonly kind: 'ratio' | 'limit'; readonly value: number };
  readonly reached?: boolean;
  /** All that was measured for the row, ours first; nothing for rows without load. */
  readonly runs: readonly Runs[];
}

const units: Readonly<Record<Measure, ResultUnit>> = {
  iops: 'iops',
  bytes_per_s: 'bytes_per_s',
  p50_ns: 'ns',
};

/** Of an even number of samples the lower of the two in the middle, so that it is a real one. */
export function runsOf(name: string, measure: Measure, samples: readonly BenchSample[]): Runs {
  const sorted = samples.toSorted((left, right) => left[measure] - right[measure]);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (median === undefined) throw new RangeError('a row without a sample');
  return { name, samples, median };
}

/** Judges a row. The other's figure is the best of its variants' medians. */
export function judge(row: SpeedRow, ours: Runs, others: readonly Runs[]): BenchResult {
  const isLessBetter = row.measure === 'p50_ns';
  const figure = (runs: Runs): number => runs.median[row.measure];
  const best = others.toSorted((left, right) =>
    isLessBetter ? figure(left) - figure(right) : figure(right) - figure(left),
  )[0];
  const base = {
    row: row.name,
    work: row.work,
    unit: units[row.measure],
    ours: figure(ours),
    runs: [ours, ...others],
  };
  if (best === undefined) return base;
  const ratio = isLessBetter ? figure(best) / figure(ours) : figure(ours) / figure(best);
  return {
    ...base,
    other_name: best.name,
    other: figure(best),
    ratio: Number(ratio.toFixed(3)),
    ...(row.goal === undefined
      ? {}
      : { goal: { kind: 'ratio' as const, value: row.goal }, reached: ratio >= row.goal }),
  };
}

/** A row whose own figure must be below a limit. */
export function judgeLimit(
  row: Pick<BenchResult, 'row' | 'work' | 'unit'>,
  figure: number,
  limit: number,
): BenchResult {
  return {
    ...row,
    ours: figure,
    goal: { kind: 'limit', value: limit },
    reached: figure < limit,
    runs: [],
  };
}
