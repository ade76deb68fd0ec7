// SPDX-License-Identifier: Apache-2.0

// A card's metrics as they go over its bus, and as native code gives them.

import type {
  Histogram,
  Metrics,
  QueueMetrics as QueueMessage,
  WorkerMetrics as WorkerMessage,
} from '../../api/generated/argon/card/v1/card-bus.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import type {
  DeviceMetrics,
  HistogramValues,
  QueueMetrics,
  WorkerMetrics,
} from '../../native/addons.ts';
import { present } from './controls.ts';

export function metricsToWire({ queues, workers }: DeviceMetrics): Init<Metrics> {
  return { queues: queues.map(queueToWire), workers };
}

/** @throws ArgonError invalid-argument. */
export function metricsFromWire({ queues, workers }: Metrics): DeviceMetrics {
  return { queues: queues.map(queueFromWire), workers: workers.map(workerFromWire) };
}

function queueToWire(queue: QueueMetrics): Init<QueueMessage> {
  const { inFlight, oldestNs, chainsPerRound, answersPerPublish, ...rest } = queue;
  const { latencyNs, stageNs, ...counters } = rest;
  return {
    counters,
    inFlight,
    oldestNs,
    chainsPerRound: histogramToWire(chainsPerRound),
    answersPerPublish: histogramToWire(answersPerPublish),
    latencyNs: {
      read: histogramToWire(latencyNs.read),
      write: histogramToWire(latencyNs.write),
      flush: histogramToWire(latencyNs.flush),
      discard: histogramToWire(latencyNs.discard),
      writeZeroes: histogramToWire(latencyNs.writeZeroes),
    },
    stageNs: {
      wait: histogramToWire(stageNs.wait),
      crypto: histogramToWire(stageNs.crypto),
      device: histogramToWire(stageNs.device),
      complete: histogramToWire(stageNs.complete),
    },
  };
}

function queueFromWire(message: QueueMessage): QueueMetrics {
  const latencies = present(message.latencyNs, 'latency_ns');
  const stages = present(message.stageNs, 'stage_ns');
  return {
    ...present(message.counters, 'counters'),
    inFlight: message.inFlight,
    oldestNs: message.oldestNs,
    chainsPerRound: histogramFromWire(message.chainsPerRound),
    answersPerPublish: histogramFromWire(message.answersPerPublish),
    latencyNs: {
      read: histogramFromWire(latencies.read),
      write: histogramFromWire(latencies.write),
      flush: histogramFromWire(latencies.flush),
      discard: histogramFromWire(latencies.discard),
      writeZeroes: histogramFromWire(latencies.writeZeroes),
    },
    stageNs: {
      wait: histogramFromWire(stages.wait),
      crypto: histogramFromWire(stages.crypto),
      device: histogramFromWire(stages.device),
      complete: histogramFromWire(stages.complete),
    },
  };
}

function workerFromWire({ stageTicks, ...worker }: WorkerMessage): WorkerMetrics {
  return { ...worker, stageTicks: present(stageTicks, 'stage_ticks') };
}

const countMax = 2n ** 64n - 1n;

// A sum may be beyond what a number holds exactly, and is near enough then.
function countOf(value: number): bigint {
  const count = BigInt(Math.round(value));
  return count > countMax ? countMax : count;
}

function histogramToWire({ count, sum, max, buckets }: HistogramValues): Init<Histogram> {
  return {
    count: countOf(count),
    sum: countOf(sum),
    max: countOf(max),
    upperEnds: buckets.map(([upperEnd]) => countOf(upperEnd)),
    counts: buckets.map(([, bucketCount]) => countOf(bucketCount)),
  };
}

function histogramFromWire(message: Histogram | undefined): HistogramValues {
  const { count, sum, max, upperEnds, counts } = present(message, 'a histogram');
  if (upperEnds.length !== counts.length) {
    throw new ArgonError('invalid-argument', 'a histogram has a bucket without its count');
  }
  return {
    count: Number(count),
    sum: Number(sum),
    max: Number(max),
    buckets: upperEnds.map((end, index) => [Number(end), Number(counts[index])] as const),
  };
}
