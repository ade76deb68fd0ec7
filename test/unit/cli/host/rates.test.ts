// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  type QueueMetrics,
  type VolumeMetrics,
  volumeMetricsType,
} from '../../../../src/api/generated/argon/v1/metrics.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { ratesBetween } from '../../../../src/cli/host/rates.ts';

function metrics(
  queues: readonly Init<QueueMetrics>[],
  rest: Init<VolumeMetrics> = {},
): VolumeMetrics {
  const name = 'volumes/vol00000000000000001';
  return createMessage<VolumeMetrics>(volumeMetricsType, { name, queues, ...rest });
}

const latency = (upperEnds: readonly bigint[], counts: readonly bigint[]): Init<QueueMetrics> => ({
  readLatencyNs: { upperEnds, counts },
});

describe('ratesBetween()', () => {
  it('counts all queues over the time between the reads', () => {
    const before = metrics([{ reads: 10n, readBytes: 100n }, { writes: 5n }]);
    const after = metrics([
      { reads: 30n, readBytes: 4196n, inFlight: 2n, oldestNs: 5n },
      { writes: 6n, writtenBytes: 512n, inFlight: 1n, oldestNs: 9n, failures: 4n },
    ]);

    expect(ratesBetween(before, after, 500)).toMatchObject({
      read_iops: 40,
      write_iops: 2,
      read_bytes_per_s: 8192,
      write_bytes_per_s: 1024,
      queue_depth: 3,
      oldest_ns: 9,
      failures: 4,
    });
  });

  it('takes latencies from what ended between the reads, of reads and writes together', () => {
    const before = metrics([latency([10n, 1000n], [100n, 7n])]);
    const after = metrics([
      {
        ...latency([10n, 20n, 1000n], [100n, 98n, 8n]),
        writeLatencyNs: { upperEnds: [500n], counts: [1n] },
      },
    ]);

    expect(ratesBetween(before, after, 1000)).toMatchObject({
      latency_p50_ns: 20,
      latency_p99_ns: 500,
    });
  });

  it('has no latency where nothing ended', () => {
    const same = metrics([latency([10n], [5n])]);

    expect(ratesBetween(same, same, 1000)).not.toHaveProperty('latency_p50_ns');
  });

  it('counts from zero what was not there before, and after a card took over', () => {
    const after = metrics([{ reads: 8n }], { cardRestarts: 1, stalledNs: 7n });

    expect(ratesBetween(undefined, after, 2000).read_iops).toBe(4);
    expect(ratesBetween(metrics([{ reads: 100n }]), after, 2000)).toMatchObject({
      read_iops: 4,
      card_restarts: 1,
      stalled_ns: 7,
    });
  });

  it('never shows a rate below zero, or one of no time', () => {
    const [before, after] = [metrics([{ reads: 100n }]), metrics([{ reads: 1n }])];

    expect(ratesBetween(before, after, 1000).read_iops).toBe(0);
    expect(ratesBetween(after, before, 0).read_iops).toBe(0);
  });
});
