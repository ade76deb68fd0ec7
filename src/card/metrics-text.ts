// SPDX-License-Identifier: Apache-2.0

// A device's metrics in the text format that Prometheus scrapes (version 0.0.4). Where a published
// name exists (claim G18: VolumeReadOps, VolumeQueueLength …) its words are kept, in the format's
// spelling.

import {
  cpuStages,
  type DeviceMetrics,
  type QueueMetrics,
  requestKinds,
  waitStages,
} from '../native/addons.ts';
import { ExpositionPage } from './exposition.ts';

/** What every way of reading a queue tells. */
export type QueueNumbers = Omit<
  QueueMetrics,
  'chainsPerRound' | 'answersPerPublish' | 'latencyNs' | 'stageNs'
>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly of: (queue: QueueNumbers) => bigint;
}

/** Families of single numbers, one sample a queue. */
export const queueFamilies: readonly Metric[] = [
  counter('volume_read_ops', 'Reads that succeeded', (queue) => queue.reads),
  counter('volume_read_bytes', 'Bytes read', (queue) => queue.readBytes),
  counter('volume_write_ops', 'Writes that succeeded', (queue) => queue.writes),
  counter('volume_write_bytes', 'Bytes written', (queue) => queue.writtenBytes),
  counter('volume_flush_ops', 'Flushes that succeeded', (queue) => queue.flushes),
  counter('volume_discard_ops', 'Discards that succeeded', (queue) => queue.discards),
  counter('volume_discard_bytes', 'Bytes discarded', (queue) => queue.discardedBytes),
  counter('volume_zero_ops', 'Zero writes that succeeded', (queue) => queue.writeZeroes),
  counter('volume_zero_bytes', 'Bytes written as zeros', (queue) => queue.zeroedBytes),
  counter('volume_failed_ops', 'Requests that failed', (queue) => queue.failures),
  counter(
    'queue_malformed_chains',
    'Chains that broke the rules',
    (queue) => queue.malformedChains,
  ),
  counter('queue_kicks', 'Kicks of the driver', (queue) => queue.kicks),
  counter('queue_calls', 'Calls to the driver', (queue) => queue.calls),
  {
    name: 'argon_volume_queue_length',
    help: 'Requests under way now',
    type: 'gauge',
    of: (queue) => queue.inFlight,
  },
  {
    name: 'argon_volume_oldest_request_nanoseconds',
    help: 'How long the oldest request under way has been',
    type: 'gauge',
    of: (queue) => queue.oldestNs,
  },
];

function counter(name: string, help: string, of: Metric['of']): Metric {
  return { name: `argon_${name}_total`, help, type: 'counter', of };
}

/** The family of latencies; its labels are those of a queue and the operation. */
export const latencyFamily = {
  name: 'argon_volume_latency_nanoseconds',
  help: 'From taken to answered',
} as const;

/** The page for one volume. */
export function formatMetrics(volumeId: string, { queues, workers }: DeviceMetrics): string {
  const page = new ExpositionPage();
  const labelsOf = (queue: number) => ({ volume: volumeId, queue });
  for (const { name, help, type, of } of queueFamilies) {
    const samples = queues.map((queue, index) => ({ labels: labelsOf(index), value: of(queue) }));
    page.add(name, type, help, samples);
  }
  page.addHistograms(
    latencyFamily.name,
    latencyFamily.help,
    queues.flatMap(({ latencyNs }, index) =>
      requestKinds.map((operation) => ({
        labels: { ...labelsOf(index), operation },
        ...latencyNs[operation],
      })),
    ),
  );
  page.addHistograms(
    'argon_volume_stage_nanoseconds',
    'Parts of that, of one request of many',
    queues.flatMap(({ stageNs }, index) =>
      waitStages.map((stage) => ({ labels: { ...labelsOf(index), stage }, ...stageNs[stage] })),
    ),
  );
  page.add(
    'argon_worker_stage_ticks_total',
    'counter',
    'CPU ticks by stage, in measured rounds',
    workers.flatMap(({ stageTicks }, worker) =>
      cpuStages.map((stage) => ({ labels: { worker, stage }, value: stageTicks[stage] })),
    ),
  );
  page.add(
    'argon_worker_polls_total',
    'counter',
    'Times a worker looked on before it slept',
    workers.flatMap(({ pollHits, pollMisses }, worker) => [
      { labels: { worker, found: 'work' }, value: pollHits },
      { labels: { worker, found: 'none' }, value: pollMisses },
    ]),
  );
  return page.toString();
}
