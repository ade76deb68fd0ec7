// SPDX-License-Identifier: Apache-2.0

// What a row of the network benchmark came to: our figures, the peers', and whether its goals are
// reached.

import { assertNever } from '../../base/errors.ts';
import type { NetGoal, NetIdleRow, NetMeasure, NetPeer, NetRow } from './rows.ts';

/** One measurement. Every figure in the unit that its name ends with. */
export interface NetSample {
  /** Millions of frames that came out in a second; guests do not tell. */
  readonly mpps?: number;
  /** Of whole frames, from the Ethernet header on; between guests of what a stream carries. */
  readonly gbps: number;
  /** The share of frames that never came out; of a stream none. */
  readonly loss?: number;
  /** Of ping-pong, there and back. */
  readonly p50_ns?: number;
  readonly p99_ns?: number;
  readonly new_flows_per_s?: number;
  /** CPU seconds that the back end's process used for each second measured, if it has its own. */
  readonly backend_cpu?: number;
}

export interface NetRuns {
  readonly name: string;
  /** Whose figures these are; ours have none. */
  readonly peer?: NetPeer;
  readonly samples: readonly NetSample[];
  /** The sample whose figure is the median of the row's measure. */
  readonly median: NetSample;
}

export type NetUnit = NetMeasure | 'cores';

export type JudgedGoal = (NetGoal | { readonly kind: 'below'; readonly value: number }) & {
  /** Nothing where there is nothing to compare with. */
  readonly reached?: boolean;
};

/** One line of the result, with our median's figures in it. */
export interface NetResult extends Partial<NetSample> {
  readonly row: string;
  readonly work: string;
  readonly unit: NetUnit;
  readonly ours: number;
  /** The best of those that were measured beside it. */
  readonly other_name?: string;
  readonly other?: number;
  /** How many times better than that. */
  readonly ratio?: number;
  readonly goals: readonly JudgedGoal[];
  /** False if a goal is missed; true if all are reached. */
  readonly reached?: boolean;
  /** All that was measured for the row, ours first. */
  readonly runs: readonly NetRuns[];
}

function figureOf(sample: NetSample, measure: NetMeasure): number {
  const figure = sample[measure];
  if (figure === undefined) throw new RangeError(`a sample without ${measure}`);
  return figure;
}

/** Of an even number of samples the lower of the two in the middle, so that it is a real one. */
export function netRunsOf(
  name: string,
  peer: NetPeer | undefined,
  measure: NetMeasure,
  samples: readonly NetSample[],
): NetRuns {
  const sorted = samples.toSorted(
    (left, right) => figureOf(left, measure) - figureOf(right, measure),
  );
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  if (median === undefined) throw new RangeError('a row without a sample');
  return { name, ...(peer === undefined ? {} : { peer }), samples, median };
}

/** Judges a row; `earlier` has the rows that its goals may speak of. */
export function judgeNet(
  row: Pick<NetRow, 'name' | 'work' | 'measure' | 'goals'>,
  ours: NetRuns,
  others: readonly NetRuns[],
  earlier: readonly NetResult[],
): NetResult {
  const isLessBetter = row.measure === 'p50_ns';
  const figure = (runs: NetRuns): number => figureOf(runs.median, row.measure);
  const timesBetter = (than: number): number =>
    isLessBetter ? than / figure(ours) : figure(ours) / than;
  // Nobody is better than one that carries nothing of this work.
  const bestOf = (runs: readonly NetRuns[]): NetRuns | undefined =>
    runs
      .filter((one) => figure(one) > 0)
      .toSorted((left, right) => timesBetter(figure(left)) - timesBetter(figure(right)))[0];
  const best = bestOf(others);
  const comparedWith = (goal: Exclude<NetGoal, { kind: 'figure' }>): NetRuns | undefined => {
    if (goal.kind === 'best') return best;
    if (goal.kind === 'ratio') return bestOf(others.filter(({ peer }) => peer === goal.of));
    return earlier.find((result) => result.row === goal.of)?.runs[0];
  };
  const isReached = (goal: NetGoal): boolean | undefined => {
    if (goal.kind === 'figure') return timesBetter(goal.value) >= 1;
    const than = comparedWith(goal);
    return than === undefined ? undefined : timesBetter(figure(than)) >= goal.value;
  };
  return {
    row: row.name,
    work: row.work,
    unit: row.measure,
    ours: figure(ours),
    ...ours.median,
    ...(best === undefined
      ? {}
      : {
          other_name: best.name,
          other: figure(best),
          ratio: Number(timesBetter(figure(best)).toFixed(3)),
        }),
    ...judgedGoals(row.goals.map((goal) => ({ goal, reached: isReached(goal) }))),
    runs: [ours, ...others],
  };
}

function judgedGoals(
  judged: readonly { readonly goal: NetGoal; readonly reached: boolean | undefined }[],
): Pick<NetResult, 'goals' | 'reached'> {
  const isMissed = judged.some(({ reached }) => reached === false);
  const isOpen = judged.length === 0 || judged.some(({ reached }) => reached === undefined);
  return {
    goals: judged.map(({ goal, reached }) => (reached === undefined ? goal : { ...goal, reached })),
    ...(isMissed || !isOpen ? { reached: !isMissed } : {}),
  };
}

export function judgeNetIdle(row: NetIdleRow, cores: number): NetResult {
  const reached = cores < row.limitCores;
  return {
    row: row.name,
    work: row.work,
    unit: 'cores',
    ours: cores,
    goals: [{ kind: 'below', value: row.limitCores, reached }],
    reached,
    runs: [],
  };
}

/** A figure with its unit, as tables show it. */
export function formatNetFigure(value: number, unit: NetUnit): string {
  switch (unit) {
    case 'mpps':
      return `${value.toFixed(2)} Mpps`;
    case 'gbps':
      return `${value.toFixed(1)} Gbit/s`;
    case 'p50_ns':
      return `${(value / 1000).toFixed(1)} µs`;
    case 'new_flows_per_s':
      return `${(value / 1000).toFixed(0)} k/s`;
    case 'cores':
      return `${(value * 100).toFixed(2)} %`;
  }
  return assertNever(unit);
}

/** A goal in words: `≥ 3.00 Mpps`, `≥ 2 × ovs`. */
export function formatNetGoal(goal: JudgedGoal, unit: NetUnit): string {
  switch (goal.kind) {
    case 'figure':
      return `${unit === 'p50_ns' ? '≤' : '≥'} ${formatNetFigure(goal.value, unit)}`;
    case 'below':
      return `< ${formatNetFigure(goal.value, unit)}`;
    case 'best':
      return `≥ ${goal.value} × the best`;
    case 'ratio':
    case 'share':
      return `≥ ${goal.value} × ${goal.of}`;
  }
  return assertNever(goal);
}
