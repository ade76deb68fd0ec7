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

export interface ConntrackAllowance {
  /** Now: connections that may still be tracked for the instance. */
  readonly available: number;
}

export const conntrackAllowanceType: MessageType<ConntrackAllowance> = messageType('argon.v1.ConntrackAllowance', [
  { name: 'available', property: 'available', number: 1, kind: 'uint32' },
]);

export interface ReasonCount {
  readonly reason: string;
  readonly count: bigint;
}

export const reasonCountType: MessageType<ReasonCount> = messageType('argon.v1.ReasonCount', [
  { name: 'reason', property: 'reason', number: 1, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'count', property: 'count', number: 2, kind: 'uint64' },
]);

/**
 * As the guest sees it: it transmits and receives. From zero with each attachment and each
 * card.
 */
export interface InterfaceMetrics {
  /** The interface. */
  readonly name: string;
  readonly instance: string;
  readonly readTime?: Date | undefined;
  readonly txFrames: bigint;
  readonly txBytes: bigint;
  /** Sent, and of no meaning: chains that break the rules of virtio, or headers that lie. */
  readonly txMalformed: bigint;
  /** Sent to where nobody is. */
  readonly txUnreachable: bigint;
  readonly rxFrames: bigint;
  readonly rxBytes: bigint;
  /** Lost because the guest had no buffers for them. */
  readonly rxOverruns: bigint;
  /** Lost because they fit no buffer of the guest's, or nothing that it agreed to. */
  readonly rxUnfit: bigint;
  readonly brokenRings: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
  /** Answered by the router, handed to services, and lost because a service had no room. */
  readonly answers: bigint;
  readonly punts: bigint;
  readonly puntsLost: bigint;
  /** As ENA has them: packets that were queued or dropped because an allowance was used up. */
  readonly bwInAllowanceExceeded: bigint;
  readonly bwOutAllowanceExceeded: bigint;
  readonly ppsAllowanceExceeded: bigint;
  readonly conntrackAllowanceExceeded: bigint;
  readonly linklocalAllowanceExceeded: bigint;
  /** None while the card has no policy with the interface. */
  readonly conntrackAllowance?: ConntrackAllowance | undefined;
  /**
   * Packets that were dropped, by the reason (docs/network-semantics.md); those that are 0 left
   * out.
   */
  readonly drops: readonly ReasonCount[];
  /** What was wrong with those that are malformed. */
  readonly faults: readonly ReasonCount[];
  /** How often its card was replaced under it, and for how long at most it was without one. */
  readonly cardRestarts: number;
  readonly stalledNs: bigint;
}

export const interfaceMetricsType: MessageType<InterfaceMetrics> = messageType('argon.v1.InterfaceMetrics', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'instance', property: 'instance', number: 2, kind: 'string', rules: { pattern: /^(instances\/i-[0-9a-f]{17})?$/u } },
  { name: 'read_time', property: 'readTime', number: 3, kind: 'timestamp', hasPresence: true },
  { name: 'tx_frames', property: 'txFrames', number: 4, kind: 'uint64' },
  { name: 'tx_bytes', property: 'txBytes', number: 5, kind: 'uint64', unit: 'bytes' },
  { name: 'tx_malformed', property: 'txMalformed', number: 6, kind: 'uint64' },
  { name: 'tx_unreachable', property: 'txUnreachable', number: 7, kind: 'uint64' },
  { name: 'rx_frames', property: 'rxFrames', number: 8, kind: 'uint64' },
  { name: 'rx_bytes', property: 'rxBytes', number: 9, kind: 'uint64', unit: 'bytes' },
  { name: 'rx_overruns', property: 'rxOverruns', number: 10, kind: 'uint64' },
  { name: 'rx_unfit', property: 'rxUnfit', number: 11, kind: 'uint64' },
  { name: 'broken_rings', property: 'brokenRings', number: 12, kind: 'uint64' },
  { name: 'kicks', property: 'kicks', number: 13, kind: 'uint64' },
  { name: 'calls', property: 'calls', number: 14, kind: 'uint64' },
  { name: 'answers', property: 'answers', number: 15, kind: 'uint64' },
  { name: 'punts', property: 'punts', number: 16, kind: 'uint64' },
  { name: 'punts_lost', property: 'puntsLost', number: 17, kind: 'uint64' },
  { name: 'bw_in_allowance_exceeded', property: 'bwInAllowanceExceeded', number: 18, kind: 'uint64' },
  { name: 'bw_out_allowance_exceeded', property: 'bwOutAllowanceExceeded', number: 19, kind: 'uint64' },
  { name: 'pps_allowance_exceeded', property: 'ppsAllowanceExceeded', number: 20, kind: 'uint64' },
  { name: 'conntrack_allowance_exceeded', property: 'conntrackAllowanceExceeded', number: 21, kind: 'uint64' },
  { name: 'linklocal_allowance_exceeded', property: 'linklocalAllowanceExceeded', number: 22, kind: 'uint64' },
  { name: 'conntrack_allowance', property: 'conntrackAllowance', number: 23, kind: 'message', type: conntrackAllowanceType, hasPresence: true },
  { name: 'drops', property: 'drops', number: 24, kind: 'message', type: reasonCountType, isRepeated: true, maxItems: 64 },
  { name: 'faults', property: 'faults', number: 25, kind: 'message', type: reasonCountType, isRepeated: true, maxItems: 64 },
  { name: 'card_restarts', property: 'cardRestarts', number: 26, kind: 'uint32' },
  { name: 'stalled_ns', property: 'stalledNs', number: 27, kind: 'uint64', unit: 'ns' },
]);

export interface GetInterfaceMetricsRequest {
  readonly name: string;
}

export const getInterfaceMetricsRequestType: MessageType<GetInterfaceMetricsRequest> = messageType('argon.v1.GetInterfaceMetricsRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
]);

export interface ListInterfaceMetricsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listInterfaceMetricsRequestType: MessageType<ListInterfaceMetricsRequest> = messageType('argon.v1.ListInterfaceMetricsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListInterfaceMetricsResponse {
  readonly interfaces: readonly InterfaceMetrics[];
  readonly nextPageToken: string;
}

export const listInterfaceMetricsResponseType: MessageType<ListInterfaceMetricsResponse> = messageType('argon.v1.ListInterfaceMetricsResponse', [
  { name: 'interfaces', property: 'interfaces', number: 1, kind: 'message', type: interfaceMetricsType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export type GetServiceMetricsRequest = Readonly<Record<string, never>>;

export const getServiceMetricsRequestType: MessageType<GetServiceMetricsRequest> = messageType('argon.v1.GetServiceMetricsRequest', []);

/** Of one service over UDP. What was asked is the sum of the others. */
export interface ServiceCount {
  /** `dhcp4`, `dhcp6`, `dns` or `ntp`. */
  readonly service: string;
  readonly asked: bigint;
  readonly answered: bigint;
  /** Understood, and nothing to say. */
  readonly noted: bigint;
  /** Malformed, or not for this service. */
  readonly dropped: bigint;
}

export const serviceCountType: MessageType<ServiceCount> = messageType('argon.v1.ServiceCount', [
  { name: 'service', property: 'service', number: 1, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'asked', property: 'asked', number: 2, kind: 'uint64' },
  { name: 'answered', property: 'answered', number: 3, kind: 'uint64' },
  { name: 'noted', property: 'noted', number: 4, kind: 'uint64' },
  { name: 'dropped', property: 'dropped', number: 5, kind: 'uint64' },
]);

/** Frames on the way from guests to services and back. */
export interface ServiceTraffic {
  /** `datagrams` over UDP, `streams` over TCP. */
  readonly lane: string;
  readonly questions: bigint;
  /** Lost: the interface had its share of what waits. */
  readonly questionsOverShare: bigint;
  readonly questionsTooLong: bigint;
  readonly answers: bigint;
  readonly answersOverShare: bigint;
  readonly answersTooLong: bigint;
}

export const serviceTrafficType: MessageType<ServiceTraffic> = messageType('argon.v1.ServiceTraffic', [
  { name: 'lane', property: 'lane', number: 1, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'questions', property: 'questions', number: 2, kind: 'uint64' },
  { name: 'questions_over_share', property: 'questionsOverShare', number: 3, kind: 'uint64' },
  { name: 'questions_too_long', property: 'questionsTooLong', number: 4, kind: 'uint64' },
  { name: 'answers', property: 'answers', number: 5, kind: 'uint64' },
  { name: 'answers_over_share', property: 'answersOverShare', number: 6, kind: 'uint64' },
  { name: 'answers_too_long', property: 'answersTooLong', number: 7, kind: 'uint64' },
]);

/** Empty while no network card runs. From zero with each card. */
export interface ServiceMetrics {
  readonly readTime?: Date | undefined;
  readonly services: readonly ServiceCount[];
  readonly traffic: readonly ServiceTraffic[];
}

export const serviceMetricsType: MessageType<ServiceMetrics> = messageType('argon.v1.ServiceMetrics', [
  { name: 'read_time', property: 'readTime', number: 1, kind: 'timestamp', hasPresence: true },
  { name: 'services', property: 'services', number: 2, kind: 'message', type: serviceCountType, isRepeated: true, maxItems: 16 },
  { name: 'traffic', property: 'traffic', number: 3, kind: 'message', type: serviceTrafficType, isRepeated: true, maxItems: 16 },
]);
