// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { formatMetrics } from '../../../src/card/metrics-text.ts';
import type { QueueMetrics } from '../../../src/native/addons.ts';
import { idleWorker, noMetrics } from './fake-block-addon.ts';

const queue: QueueMetrics = {
  ...noMetrics,
  reads: 2n ** 64n - 1n,
  inFlight: 5n,
  latencyNs: {
    ...noMetrics.latencyNs,
    read: {
      count: 3,
      sum: 16,
      max: 7,
      buckets: [
        [2, 1],
        [7, 2],
      ],
    },
  },
};

describe('formatMetrics', () => {
  const text = formatMetrics('vol1', { queues: [noMetrics, queue], workers: [idleWorker] });
  const lines = text.split('\n');

  it('has each counter of each queue, with its help and type once', () => {
    expect(lines).toContain('# TYPE argon_volume_read_ops_total counter');
    expect(lines).toContain('argon_volume_read_ops_total{volume="vol1",queue="0"} 0');
    expect(lines).toContain(
      'argon_volume_read_ops_total{volume="vol1",queue="1"} 18446744073709551615',
    );
    expect(lines).toContain('# TYPE argon_volume_queue_length gauge');
    expect(lines).toContain('argon_volume_queue_length{volume="vol1",queue="1"} 5');
    const types = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(types).size).toBe(types.length);
  });

  it('adds up the buckets of a histogram', () => {
    const of = 'volume="vol1",queue="1",operation="read"';
    expect(lines.filter((line) => line.includes(of))).toEqual([
      `argon_volume_latency_nanoseconds_bucket{${of},le="2"} 1`,
      `argon_volume_latency_nanoseconds_bucket{${of},le="7"} 3`,
      `argon_volume_latency_nanoseconds_bucket{${of},le="+Inf"} 3`,
      `argon_volume_latency_nanoseconds_sum{${of}} 16`,
      `argon_volume_latency_nanoseconds_count{${of}} 3`,
    ]);
  });

  it('has only lines that a scraper reads', () => {
    const line = /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+\{(?:[a-z]+="[^"\n]*",?)+\} \d+)$/;

    expect(text.endsWith('\n')).toBe(true);
    expect(lines.slice(0, -1).filter((each) => !line.test(each))).toEqual([]);
  });

  it('escapes what a label may not hold', () => {
    expect(formatMetrics('a"\\\nb', { queues: [noMetrics], workers: [] })).toContain(
      String.raw`volume="a\"\\\nb"`,
    );
  });
});
