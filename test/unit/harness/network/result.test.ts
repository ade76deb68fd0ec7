// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  formatNetFigure,
  formatNetGoal,
  judgeNet,
  judgeNetIdle,
  type NetResult,
  type NetRuns,
  type NetSample,
  netRunsOf,
} from '../../../../src/harness/network/result.ts';
import type { NetGoal, NetMeasure, NetRow } from '../../../../src/harness/network/rows.ts';

function sample(figures: Partial<NetSample>): NetSample {
  return { mpps: 1, gbps: 1, loss: 0, backend_cpu: 1, ...figures };
}

function runs(name: string, mpps: number, peer?: NetRuns['peer']): NetRuns {
  return netRunsOf(name, peer, 'mpps', [sample({ mpps })]);
}

function row(goals: readonly NetGoal[], measure: NetMeasure = 'mpps'): NetRow {
  return {
    name: 'row',
    work: 'work',
    measure,
    pipeline: 'groups',
    polling: 'always',
    load: { pattern: 'forward', frameBytes: 64, flowCount: 1, checksum: 'full' },
    peers: ['ovs'],
    goals,
  };
}

describe('netRunsOf', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2],
    [[7], 7],
  ])('of %j takes %d', (figures, median) => {
    const samples = figures.map((mpps) => sample({ mpps }));

    expect(netRunsOf('argon', undefined, 'mpps', samples).median.mpps).toBe(median);
  });

  it('refuses a row without samples, and samples without the figure', () => {
    expect(() => netRunsOf('argon', undefined, 'mpps', [])).toThrow(RangeError);
    expect(() => netRunsOf('a', undefined, 'p50_ns', [sample({}), sample({})])).toThrow(RangeError);
  });
});

describe('judgeNet', () => {
  it('has our figures in the row, and the best peer beside them', () => {
    const result = judgeNet(
      row([]),
      runs('argon', 3),
      [
        runs('testpmd, io', 6, 'testpmd'),
        runs('testpmd, mac', 5, 'testpmd'),
        runs('ovs', 2, 'ovs'),
      ],
      [],
    );

    expect(result).toMatchObject({
      row: 'row',
      unit: 'mpps',
      ours: 3,
      mpps: 3,
      loss: 0,
      other_name: 'testpmd, io',
      other: 6,
      ratio: 0.5,
      goals: [],
    });
    expect(result.reached).toBeUndefined();
    expect(result.runs.map(({ name }) => name)).toEqual([
      'argon',
      'testpmd, io',
      'testpmd, mac',
      'ovs',
    ]);
  });

  it.each([
    [3, 1.5, true],
    [2.99, 1, false],
    [3.5, 1.8, false],
  ])('with %d of ours and %d of the peer, has reached both goals: %s', (ours, ovs, reached) => {
    const goals: readonly NetGoal[] = [
      { kind: 'figure', value: 3 },
      { kind: 'ratio', of: 'ovs', value: 2 },
    ];

    const result = judgeNet(row(goals), runs('argon', ours), [runs('ovs', ovs, 'ovs')], []);

    expect(result.reached).toBe(reached);
  });

  it('leaves open what it cannot judge, unless another goal is missed', () => {
    const ratio = { kind: 'ratio', of: 'ovs', value: 2 } as const;

    const open = judgeNet(row([{ kind: 'figure', value: 3 }, ratio]), runs('argon', 4), [], []);
    expect(open.goals).toEqual([{ kind: 'figure', value: 3, reached: true }, ratio]);
    expect(open.reached).toBeUndefined();
    expect(open.other_name).toBeUndefined();

    const missed = judgeNet(row([{ kind: 'figure', value: 3 }, ratio]), runs('argon', 2), [], []);
    expect(missed.reached).toBe(false);
  });

  it('compares with nobody that carried nothing', () => {
    const ratio = { kind: 'ratio', of: 'ovs', value: 2 } as const;
    const idle = runs('ovs', 0, 'ovs');

    const alone = judgeNet(row([ratio]), runs('argon', 4), [idle], []);
    expect(alone.reached).toBeUndefined();
    expect(alone.ratio).toBeUndefined();
    expect(alone.runs).toContain(idle);

    const beside = judgeNet(row([ratio]), runs('argon', 4), [idle, runs('live', 1, 'ovs')], []);
    expect(beside).toMatchObject({ other_name: 'live', ratio: 4, reached: true });
  });

  it('holds a row against an earlier one', () => {
    const goal = { kind: 'share', of: 'earlier', value: 0.7 } as const;
    const earlier: NetResult = {
      ...judgeNet(row([]), runs('argon', 10), [], []),
      row: 'earlier',
    };

    expect(judgeNet(row([goal]), runs('argon', 7), [], [earlier]).reached).toBe(true);
    expect(judgeNet(row([goal]), runs('argon', 6.9), [], [earlier]).reached).toBe(false);
    expect(judgeNet(row([goal]), runs('argon', 9), [], []).reached).toBeUndefined();
  });

  it('takes less latency for better', () => {
    const latency = (name: string, p50_ns: number, peer?: NetRuns['peer']): NetRuns =>
      netRunsOf(name, peer, 'p50_ns', [sample({ p50_ns })]);

    const result = judgeNet(
      row([{ kind: 'figure', value: 5000 }], 'p50_ns'),
      latency('argon', 4000),
      [latency('slow', 8000, 'ovs'), latency('fast', 5000, 'ovs')],
      [],
    );

    expect(result).toMatchObject({ other_name: 'fast', ratio: 1.25, reached: true });
  });
});

describe('judgeNetIdle', () => {
  const idle = { name: 'idle', work: 'work', interfaceCount: 1000, limitCores: 0.01 };

  it.each([
    [0.0099, true],
    [0.01, false],
  ])('judges %d', (cores, reached) => {
    expect(judgeNetIdle(idle, cores)).toMatchObject({ ours: cores, unit: 'cores', reached });
  });
});

describe('formatNetFigure and formatNetGoal', () => {
  it.each([
    [3.456, 'mpps', '3.46 Mpps'],
    [12.34, 'gbps', '12.3 Gbit/s'],
    [3450, 'p50_ns', '3.5 µs'],
    [512_345, 'new_flows_per_s', '512 k/s'],
    [0.0042, 'cores', '0.42 %'],
  ] as const)('%d %s is %s', (value, unit, text) => {
    expect(formatNetFigure(value, unit)).toBe(text);
  });

  it.each([
    [{ kind: 'figure', value: 3 }, 'mpps', '≥ 3.00 Mpps'],
    [{ kind: 'figure', value: 5000 }, 'p50_ns', '≤ 5.0 µs'],
    [{ kind: 'below', value: 0.01 }, 'cores', '< 1.00 %'],
    [{ kind: 'ratio', of: 'ovs', value: 2 }, 'mpps', '≥ 2 × ovs'],
    [{ kind: 'share', of: 'groups-64-1000', value: 0.7 }, 'mpps', '≥ 0.7 × groups-64-1000'],
  ] as const)('%j in %s is %s', (goal, unit, text) => {
    expect(formatNetGoal(goal, unit)).toBe(text);
  });
});
