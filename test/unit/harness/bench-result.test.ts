// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { judge, judgeLimit, runsOf } from '../../../src/harness/bench-result.ts';
import type { SpeedRow } from '../../../src/harness/speed-rows.ts';
import { type BenchSample, type Measure, random4k } from '../../../src/harness/workload.ts';

const sample = (iops: number, p50_ns = 1): BenchSample => ({ iops, bytes_per_s: 0, p50_ns });

function row(measure: Measure, goal?: number): SpeedRow {
  return {
    name: 'row',
    work: 'some work',
    measure,
    ours: {
      kind: 'argon',
      target: { store: 'null', cipher: 'none' },
      polling: 'always',
      workload: random4k('randread', 1),
    },
    ...(goal === undefined ? {} : { goal }),
  };
}

const iopsOf = (name: string, ...values: number[]): ReturnType<typeof runsOf> =>
  runsOf(
    name,
    'iops',
    values.map((value) => sample(value)),
  );

describe('runsOf', () => {
  it.each([
    [[5], 5],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2],
    [[1, 1, 100, 100, 3], 3],
  ])('takes of %j the median', (values, median) => {
    expect(iopsOf('a', ...values).median.iops).toBe(median);
  });

  it('goes by the measure of the row', () => {
    const samples = [sample(1, 30), sample(2, 10), sample(3, 20)];

    expect(runsOf('a', 'p50_ns', samples).median).toBe(samples[2]);
  });

  it('keeps the samples in the order they came', () => {
    expect(iopsOf('a', 3, 1, 2).samples.map(({ iops }) => iops)).toEqual([3, 1, 2]);
  });

  it('is nothing without a sample', () => {
    expect(() => runsOf('a', 'iops', [])).toThrow(RangeError);
  });
});

describe('judge', () => {
  it('compares with the best of the others', () => {
    const result = judge(row('iops', 2), iopsOf('ours', 300), [
      iopsOf('slow', 100),
      iopsOf('fast', 150),
    ]);

    expect(result).toMatchObject({
      row: 'row',
      unit: 'iops',
      ours: 300,
      other_name: 'fast',
      other: 150,
      ratio: 2,
      goal: { kind: 'ratio', value: 2 },
      reached: true,
    });
    expect(result.runs.map(({ name }) => name)).toEqual(['ours', 'slow', 'fast']);
  });

  it('does not round a ratio up to its goal', () => {
    const result = judge(row('iops', 2), iopsOf('ours', 199_990), [iopsOf('other', 100_000)]);

    expect(result).toMatchObject({ ratio: 2, reached: false });
  });

  it('takes the shortest of latencies, and the shorter is the better', () => {
    const p50 = (name: string, value: number): ReturnType<typeof runsOf> =>
      runsOf(name, 'p50_ns', [sample(1, value)]);

    const result = judge(row('p50_ns', 1), p50('ours', 20), [p50('a', 50), p50('b', 40)]);

    expect(result).toMatchObject({ unit: 'ns', other_name: 'b', ratio: 2, reached: true });
  });

  it('says nothing of a goal where there is nobody to compare with, or no goal', () => {
    expect(judge(row('iops', 2), iopsOf('ours', 1), [])).not.toHaveProperty('reached');
    const unjudged = judge(row('iops'), iopsOf('ours', 1), [iopsOf('other', 2)]);
    expect(unjudged).toMatchObject({ ratio: 0.5 });
    expect(unjudged).not.toHaveProperty('reached');
  });
});

describe('judgeLimit', () => {
  it.each([
    [0.0049, true],
    [0.005, false],
    [1, false],
    [Number.NaN, false],
  ])('%d below 0.005 is %j', (figure, reached) => {
    const about = { row: 'idle', work: 'none', unit: 'cores' } as const;

    expect(judgeLimit(about, figure, 0.005)).toEqual({
      ...about,
      ours: figure,
      goal: { kind: 'limit', value: 0.005 },
      reached,
      runs: [],
    });
  });
});
