// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { BenchEnvironment } from '../../../src/harness/bench-environment.ts';
import {
  formatFigure,
  formatGoal,
  formatReached,
  renderReport,
} from '../../../src/harness/bench-report.ts';
import { type BenchResult, judgeLimit, runsOf } from '../../../src/harness/bench-result.ts';

const environment: BenchEnvironment = {
  date: '2026-01-01T00:00:00.000Z',
  cpu: 'Some <CPU>',
  cpu_count: 2,
  memory_bytes: 2 ** 30,
  kernel: '6.1.0',
  node: '24.0.0',
  openssl: '3.5.0',
  argon: '0.1.0',
  commit: 'abcdef012345',
  peers: { fio: 'fio-3.33' },
  accelerator: 'none',
  placement: 'front end on CPU 1',
  runs: 'median of 5 runs',
};

const sample = (iops: number): Parameters<typeof runsOf>[2][number] => ({
  iops,
  bytes_per_s: 1,
  p50_ns: 1000,
  p99_ns: 2000,
  p999_ns: 3000,
});

const loaded: BenchResult = {
  row: 'null-read-32',
  work: 'reads',
  unit: 'iops',
  ours: 2_500_000,
  other_name: 'fio & friends',
  other: 1_000_000,
  ratio: 2.5,
  goal: { kind: 'ratio', value: 1.7 },
  reached: true,
  runs: [
    runsOf('argon', 'iops', [
      {
        ...sample(2_500_000),
        stage_ticks: { ring: 11, store: 12, crypto: 13, complete: 14 },
        latency_buckets: [
          [1000, 90],
          [5000, 10],
        ],
      },
      sample(2_600_000),
    ]),
    runsOf('fio & friends', 'iops', [sample(1_000_000)]),
  ],
};
const idle = judgeLimit({ row: 'idle', work: 'nothing', unit: 'bytes' }, 70_000, 65_536);

describe('formatFigure', () => {
  it.each([
    [2_500_000, 'iops', '2.50 M/s'],
    [12_340, 'iops', '12.3 k/s'],
    [3.45e9, 'bytes_per_s', '3.45 GB/s'],
    [2500, 'ns', '2.5 µs'],
    [65_536, 'bytes', '64.0 KiB'],
    [0.0012, 'cores', '0.12 %'],
  ] as const)('%d %s is %s', (value, unit, text) => {
    expect(formatFigure(value, unit)).toBe(text);
  });
});

describe('formatGoal and formatReached', () => {
  it('say what was wanted and whether it came to that', () => {
    expect([formatGoal(loaded), formatReached(loaded)]).toEqual(['≥ 1.7 ×', 'yes']);
    expect([formatGoal(idle), formatReached(idle)]).toEqual(['< 64.0 KiB', 'no']);
    const plain: BenchResult = { row: 'r', work: 'w', unit: 'iops', ours: 1, runs: [] };
    expect([formatGoal(plain), formatReached(plain)]).toEqual(['', '']);
  });
});

describe('renderReport', () => {
  const page = renderReport({ environment, results: [loaded, idle] });

  it('has the environment, every row and how many goals are reached', () => {
    for (const text of ['Some &lt;CPU&gt;', '6.1.0', 'abcdef012345', 'fio-3.33', 'OpenSSL 3.5.0']) {
      expect(page).toContain(text);
    }
    expect(page).toContain('1 of 2 goals reached, 2 rows measured.');
    expect(page).toMatch(/null-read-32.*2\.50 M\/s.*fio &amp; friends.*1\.00 M\/s.*2\.50 ×/s);
    expect(page).toMatch(/idle<\/b>.*68\.4 KiB.*&lt; 64\.0 KiB.*class="no">no/s);
  });

  it('plots each row that was loaded', () => {
    expect(page.match(/<article>/g)).toHaveLength(1);
    expect(page.match(/<rect class="ours"/g)).toHaveLength(1);
    expect(page.match(/<polyline/g)).toHaveLength(2);
    expect(page).toContain('argon: 2.50 M/s to 2.60 M/s in 2 runs');
    expect(page).toContain('11 to take and check, 12 for the store, 13 to crypt, 14 to complete');
  });

  it('needs nothing from anywhere else', () => {
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|<link|<img|@import|url\(/,
    );
  });
});
