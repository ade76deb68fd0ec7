// Written from argon/v1/metrics.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../schema.ts';

/**
 * A log-linear histogram: pairs of a bucket's upper end and its count, of buckets that were
 * hit.
 */
export interface Histogram {
  readonly count: bigint;
  readonly sum: bigint;
  readonly max: bigint;
  readonly upperEnds: readonly bigint[];
  readonly counts: readonly bigint[];
}

export const histogramType: MessageType<Histogram> = messageType('argon.v1.Histogram', [
  { name: 'count', property: 'count', number: 1, kind: 'uint64' },
  { name: 'sum', property: 'sum', number: 2, kind: 'uint64' },
  { name: 'max', property: 'max', number: 3, kind: 'uint64' },
  { name: 'upper_ends', property: 'upperEnds', number: 4, kind: 'uint64', isRepeated: true, maxItems: 4096 },
  { name: 'counts', property: 'counts', number: 5, kind: 'uint64', isRepeated: true, maxItems: 4096 },
]);

export interface QueueMetrics {
  readonly reads: bigint;
  readonly readBytes: bigint;
  readonly writes: bigint;
  readonly writtenBytes: bigint;
  readonly flushes: bigint;
  readonly discards: bigint;
  readonly discardedBytes: bigint;
  readonly writeZeroes: bigint;
  readonly zeroedBytes: bigint;
  readonly failures: bigint;
  readonly malformedChains: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
  /** Now: requests that were taken and are not answered. */
  readonly inFlight: bigint;
  /** Now: for how long the oldest of them has been under way; 0 if there is none. */
  readonly oldestNs: bigint;
  readonly readLatencyNs?: Histogram | undefined;
  readonly writeLatencyNs?: Histogram | undefined;
  readonly flushLatencyNs?: Histogram | undefined;
}

export const queueMetricsType: MessageType<QueueMetrics> = messageType('argon.v1.QueueMetrics', [
  { name: 'reads', property: 'reads', number: 1, kind: 'uint64' },
  { name: 'read_bytes', property: 'readBytes', number: 2, kind: 'uint64', unit: 'bytes' },
  { name: 'writes', property: 'writes', number: 3, kind: 'uint64' },
  { name: 'written_bytes', property: 'writtenBytes', number: 4, kind: 'uint64', unit: 'bytes' },
  { name: 'flushes', property: 'flushes', number: 5, kind: 'uint64' },
  { name: 'discards', property: 'discards', number: 6, kind: 'uint64' },
  { name: 'discarded_bytes', property: 'discardedBytes', number: 7, kind: 'uint64', unit: 'bytes' },
  { name: 'write_zeroes', property: 'writeZeroes', number: 8, kind: 'uint64' },
  { name: 'zeroed_bytes', property: 'zeroedBytes', number: 9, kind: 'uint64', unit: 'bytes' },
  { name: 'failures', property: 'failures', number: 10, kind: 'uint64' },
  { name: 'malformed_chains', property: 'malformedChains', number: 11, kind: 'uint64' },
  { name: 'kicks', property: 'kicks', number: 12, kind: 'uint64' },
  { name: 'calls', property: 'calls', number: 13, kind: 'uint64' },
  { name: 'in_flight', property: 'inFlight', number: 14, kind: 'uint64' },
  { name: 'oldest_ns', property: 'oldestNs', number: 15, kind: 'uint64', unit: 'ns' },
  { name: 'read_latency_ns', property: 'readLatencyNs', number: 16, kind: 'message', type: histogramType, hasPresence: true },
  { name: 'write_latency_ns', property: 'writeLatencyNs', number: 17, kind: 'message', type: histogramType, hasPresence: true },
  { name: 'flush_latency_ns', property: 'flushLatencyNs', number: 18, kind: 'message', type: histogramType, hasPresence: true },
]);

export interface VolumeMetrics {
  /** The volume. */
  readonly name: string;
  readonly instance: string;
  readonly readTime?: Date | undefined;
  readonly queues: readonly QueueMetrics[];
  /** How often its card was replaced under it, and how long its requests waited for that. */
  readonly cardRestarts: number;
  readonly stalledNs: bigint;
}

export const volumeMetricsType: MessageType<VolumeMetrics> = messageType('argon.v1.VolumeMetrics', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'instance', property: 'instance', number: 2, kind: 'string', rules: { pattern: /^(instances\/i-[0-9a-f]{17})?$/u } },
  { name: 'read_time', property: 'readTime', number: 3, kind: 'timestamp', hasPresence: true },
  { name: 'queues', property: 'queues', number: 4, kind: 'message', type: queueMetricsType, isRepeated: true, maxItems: 256 },
  { name: 'card_restarts', property: 'cardRestarts', number: 5, kind: 'uint32' },
  { name: 'stalled_ns', property: 'stalledNs', number: 6, kind: 'uint64', unit: 'ns' },
]);

export interface GetVolumeMetricsRequest {
  readonly name: string;
}

export const getVolumeMetricsRequestType: MessageType<GetVolumeMetricsRequest> = messageType('argon.v1.GetVolumeMetricsRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
]);

export interface ListVolumeMetricsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listVolumeMetricsRequestType: MessageType<ListVolumeMetricsRequest> = messageType('argon.v1.ListVolumeMetricsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListVolumeMetricsResponse {
  readonly volumes: readonly VolumeMetrics[];
  readonly nextPageToken: string;
}

export const listVolumeMetricsResponseType: MessageType<ListVolumeMetricsResponse> = messageType('argon.v1.ListVolumeMetricsResponse', [
  { name: 'volumes', property: 'volumes', number: 1, kind: 'message', type: volumeMetricsType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);
