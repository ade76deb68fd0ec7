// SPDX-License-Identifier: Apache-2.0

// A card's metrics as they come over its bus: 64-bit counters as decimal text, histograms in
// numbers.

import { ArgonError } from '../../base/errors.ts';
import { type JsonObject, parseArray, parseObject } from '../../base/parse.ts';
import type {
  CpuStage,
  DeviceMetrics,
  HistogramValues,
  QueueMetrics,
  RequestKind,
  WaitStage,
  WorkerMetrics,
} from '../../native/addons.ts';
import { parseQueueCounters } from './messages.ts';
import { parseBigint } from './numbers.ts';

/** @throws ArgonError invalid-argument. */
export function parseMetrics(object: JsonObject): DeviceMetrics {
  return {
    queues: parseArray(object['queues'], 'queues').map(parseQueue),
    workers: parseArray(object['workers'], 'workers').map(parseWorker),
  };
}

function parseQueue(value: unknown): QueueMetrics {
  const queue = parseObject(value, 'metrics of a queue');
  const count = (name: string): bigint => parseBigint(queue[name], name);
  const latencies = parseObject(queue['latencyNs'], 'latencyNs');
  const latency = (kind: RequestKind): HistogramValues => parseHistogram(latencies[kind], kind);
  const stages = parseObject(queue['stageNs'], 'stageNs');
  const stage = (name: WaitStage): HistogramValues => parseHistogram(stages[name], name);
  return {
    ...parseQueueCounters(queue),
    inFlight: count('inFlight'),
    oldestNs: count('oldestNs'),
    chainsPerRound: parseHistogram(queue['chainsPerRound'], 'chainsPerRound'),
    answersPerPublish: parseHistogram(queue['answersPerPublish'], 'answersPerPublish'),
    latencyNs: {
      read: latency('read'),
      write: latency('write'),
      flush: latency('flush'),
      discard: latency('discard'),
      writeZeroes: latency('writeZeroes'),
    },
    stageNs: {
      wait: stage('wait'),
      crypto: stage('crypto'),
      device: stage('device'),
      complete: stage('complete'),
    },
  };
}

function parseWorker(value: unknown): WorkerMetrics {
  const worker = parseObject(value, 'metrics of a worker');
  const count = (name: string): bigint => parseBigint(worker[name], name);
  const stages = parseObject(worker['stageTicks'], 'stageTicks');
  const stage = (name: CpuStage): bigint => parseBigint(stages[name], name);
  return {
    busyRounds: count('busyRounds'),
    pollHits: count('pollHits'),
    pollMisses: count('pollMisses'),
    sleeps: count('sleeps'),
    measuredRequests: count('measuredRequests'),
    stageTicks: {
      ring: stage('ring'),
      store: stage('store'),
      crypto: stage('crypto'),
      complete: stage('complete'),
    },
    ticksPerSecond: count('ticksPerSecond'),
  };
}

function parseHistogram(value: unknown, what: string): HistogramValues {
  const histogram = parseObject(value, what);
  return {
    count: parseCount(histogram['count'], what),
    sum: parseCount(histogram['sum'], what),
    max: parseCount(histogram['max'], what),
    buckets: parseArray(histogram['buckets'], what).map((bucket) => {
      const [upperEnd, count] = parseArray(bucket, what);
      return [parseCount(upperEnd, what), parseCount(count, what)] as const;
    }),
  };
}

// Sums may be beyond what a number holds exactly, and are near enough then.
function parseCount(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new ArgonError('invalid-argument', `${what} has something that is no count`);
}
