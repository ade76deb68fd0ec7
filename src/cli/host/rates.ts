// SPDX-License-Identifier: Apache-2.0

// What a volume did between two reads of its counters.

import type { Histogram, VolumeMetrics } from '../../api/generated/argon/v1/metrics.ts';

export interface VolumeRates {
  readonly volume: string;
  readonly instance: string;
  readonly read_iops: number;
  readonly write_iops: number;
  readonly read_bytes_per_s: number;
  readonly write_bytes_per_s: number;
  /** Of reads and writes that ended between the reads; absent where none did. */
  readonly latency_p50_ns?: number;
  readonly latency_p99_ns?: number;
  /** Requests under way at the second read. */
  readonly queue_depth: number;
  /** For how long the oldest of them has been; 0 if there is none. */
  readonly oldest_ns: number;
  readonly failures: number;
  readonly card_restarts: number;
  /** How long requests waited for a card to be replaced, in all. */
  readonly stalled_ns: number;
}

/**
 * The rates between two reads `elapsedMs` apart. A volume whose counters went back, because a card
 * took over that counts from zero, or that was not there before, is counted from zero.
 */
export function ratesBetween(
  before: VolumeMetrics | undefined,
  after: VolumeMetrics,
  elapsedMs: number,
): VolumeRates {
  const hasRestarted = before !== undefined && before.cardRestarts !== after.cardRestarts;
  const base = hasRestarted ? undefined : before;
  const perSecond = (counter: Counter): number => {
    const delta = total(after, counter) - (base === undefined ? 0n : total(base, counter));
    // Counters of a queue may begin anew without a restart of the card: a guest that rebooted.
    return elapsedMs <= 0 || delta < 0n ? 0 : (Number(delta) * 1000) / elapsedMs;
  };
  const latencies = histogramBetween(base, after);
  const [p50, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return {
    volume: after.name,
    instance: after.instance,
    read_iops: perSecond('reads'),
    write_iops: perSecond('writes'),
    read_bytes_per_s: perSecond('readBytes'),
    write_bytes_per_s: perSecond('writtenBytes'),
    ...(p50 === undefined ? {} : { latency_p50_ns: p50 }),
    ...(p99 === undefined ? {} : { latency_p99_ns: p99 }),
    queue_depth: Number(total(after, 'inFlight')),
    oldest_ns: Math.max(0, ...after.queues.map(({ oldestNs }) => Number(oldestNs))),
    failures: Number(total(after, 'failures')),
    card_restarts: after.cardRestarts,
    stalled_ns: Number(after.stalledNs),
  };
}

type Counter = 'reads' | 'writes' | 'readBytes' | 'writtenBytes' | 'inFlight' | 'failures';

function total({ queues }: VolumeMetrics, counter: Counter): bigint {
  return queues.reduce((sum, queue) => sum + queue[counter], 0n);
}

type Buckets = Map<bigint, bigint>;

function histogramBetween(before: VolumeMetrics | undefined, after: VolumeMetrics): Buckets {
  const buckets: Buckets = new Map();
  const add = (histogram: Histogram | undefined, sign: bigint): void => {
    histogram?.upperEnds.forEach((end, index) => {
      const count = histogram.counts[index] ?? 0n;
      buckets.set(end, (buckets.get(end) ?? 0n) + sign * count);
    });
  };
  for (const { readLatencyNs, writeLatencyNs } of after.queues) {
    add(readLatencyNs, 1n);
    add(writeLatencyNs, 1n);
  }
  for (const { readLatencyNs, writeLatencyNs } of before?.queues ?? []) {
    add(readLatencyNs, -1n);
    add(writeLatencyNs, -1n);
  }
  return buckets;
}

// The upper end of the bucket in which that share of the requests has ended.
function percentile(buckets: Buckets, share: number): number | undefined {
  const filled = [...buckets]
    .filter(([, count]) => count > 0n)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const wanted = Number(filled.reduce((sum, [, count]) => sum + count, 0n)) * share;
  let seen = 0;
  for (const [end, count] of filled) {
    seen += Number(count);
    if (seen >= wanted) return Number(end);
  }
  return undefined;
}
