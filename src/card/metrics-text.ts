// SPDX-License-Identifier: Apache-2.0

// A device's metrics in the text format that Prometheus scrapes (version 0.0.4). Where a published
// name exists (claim G18: VolumeReadOps, VolumeQueueLength …) its words are kept, in the format's
// spelling.

import {
  cpuStages,
  type DeviceMetrics,
  type HistogramValues,
  type QueueMetrics,
  requestKinds,
  waitStages,
} from '../native/addons.ts';

type Labels = Readonly<Record<string, string | number>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly of: (queue: QueueMetrics) => bigint;
}

const queueMetrics: readonly Metric[] = [
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

/** The page for one volume. */
export function formatMetrics(volumeId: string, { queues, workers }: DeviceMetrics): string {
  const lines: string[] = [];
  const head = (name: string, help: string, type: string): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  };
  for (const { name, help, type, of } of queueMetrics) {
    head(name, help, type);
    for (const [index, queue] of queues.entries()) {
      lines.push(sample(name, { volume: volumeId, queue: index }, of(queue)));
    }
  }
  head('argon_volume_latency_nanoseconds', 'From taken to answered', 'histogram');
  for (const [index, queue] of queues.entries()) {
    for (const kind of requestKinds) {
      const labels = { volume: volumeId, queue: index, operation: kind };
      lines.push(...histogram('argon_volume_latency_nanoseconds', labels, queue.latencyNs[kind]));
    }
  }
  head('argon_volume_stage_nanoseconds', 'Parts of that, of one request of many', 'histogram');
  for (const [index, queue] of queues.entries()) {
    for (const stage of waitStages) {
      const labels = { volume: volumeId, queue: index, stage };
      lines.push(...histogram('argon_volume_stage_nanoseconds', labels, queue.stageNs[stage]));
    }
  }
  head('argon_worker_stage_ticks_total', 'CPU ticks by stage, in measured rounds', 'counter');
  for (const [index, worker] of workers.entries()) {
    for (const stage of cpuStages) {
      const labels = { worker: index, stage };
      lines.push(sample('argon_worker_stage_ticks_total', labels, worker.stageTicks[stage]));
    }
  }
  head('argon_worker_polls_total', 'Times a worker looked on before it slept', 'counter');
  for (const [index, { pollHits, pollMisses }] of workers.entries()) {
    lines.push(sample('argon_worker_polls_total', { worker: index, found: 'work' }, pollHits));
    lines.push(sample('argon_worker_polls_total', { worker: index, found: 'none' }, pollMisses));
  }
  return `${lines.join('\n')}\n`;
}

// Buckets that were never hit are left out; a scraper adds up what there is.
function histogram(name: string, labels: Labels, values: HistogramValues): readonly string[] {
  let seen = 0;
  const buckets = values.buckets.map(([upperEnd, count]) => {
    seen += count;
    return sample(`${name}_bucket`, { ...labels, le: upperEnd }, seen);
  });
  return [
    ...buckets,
    sample(`${name}_bucket`, { ...labels, le: '+Inf' }, values.count),
    sample(`${name}_sum`, labels, values.sum),
    sample(`${name}_count`, labels, values.count),
  ];
}

function sample(name: string, labels: Labels, value: bigint | number): string {
  const text = Object.entries(labels)
    .map(([label, content]) => `${label}="${escapeLabel(String(content))}"`)
    .join(',');
  return `${name}{${text}} ${value}`;
}

function escapeLabel(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
