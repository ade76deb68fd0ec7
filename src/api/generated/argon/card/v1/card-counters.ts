// Written from argon/card/v1/card_counters.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../../schema.ts';

export interface ConntrackAllowance {
  readonly available: number;
}

export const conntrackAllowanceType: MessageType<ConntrackAllowance> = messageType('argon.card.v1.ConntrackAllowance', [
  { name: 'available', property: 'available', number: 1, kind: 'uint32' },
]);

export interface ReasonCount {
  readonly reason: string;
  readonly count: bigint;
}

export const reasonCountType: MessageType<ReasonCount> = messageType('argon.card.v1.ReasonCount', [
  { name: 'reason', property: 'reason', number: 1, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'count', property: 'count', number: 2, kind: 'uint64' },
]);

/** As native/network/counters.h has them. */
export interface InterfaceCounters {
  readonly txFrames: bigint;
  readonly txBytes: bigint;
  readonly txMalformed: bigint;
  readonly txUnreachable: bigint;
  readonly rxFrames: bigint;
  readonly rxBytes: bigint;
  readonly rxOverruns: bigint;
  readonly rxUnfit: bigint;
  readonly brokenRings: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
  readonly puntsLost: bigint;
  /** What policies did, from here on: src/native/network-addon.ts has more of it. */
  readonly answers: bigint;
  readonly punts: bigint;
  readonly bwInAllowanceExceeded: bigint;
  readonly bwOutAllowanceExceeded: bigint;
  readonly ppsAllowanceExceeded: bigint;
  readonly conntrackAllowanceExceeded: bigint;
  readonly linklocalAllowanceExceeded: bigint;
  /** None of an interface that is in no policy. */
  readonly conntrackAllowance?: ConntrackAllowance | undefined;
  readonly drops: readonly ReasonCount[];
  /** Of drops that are `malformed`. */
  readonly faults: readonly ReasonCount[];
}

export const interfaceCountersType: MessageType<InterfaceCounters> = messageType('argon.card.v1.InterfaceCounters', [
  { name: 'tx_frames', property: 'txFrames', number: 1, kind: 'uint64' },
  { name: 'tx_bytes', property: 'txBytes', number: 2, kind: 'uint64', unit: 'bytes' },
  { name: 'tx_malformed', property: 'txMalformed', number: 3, kind: 'uint64' },
  { name: 'tx_unreachable', property: 'txUnreachable', number: 4, kind: 'uint64' },
  { name: 'rx_frames', property: 'rxFrames', number: 5, kind: 'uint64' },
  { name: 'rx_bytes', property: 'rxBytes', number: 6, kind: 'uint64', unit: 'bytes' },
  { name: 'rx_overruns', property: 'rxOverruns', number: 7, kind: 'uint64' },
  { name: 'rx_unfit', property: 'rxUnfit', number: 8, kind: 'uint64' },
  { name: 'broken_rings', property: 'brokenRings', number: 9, kind: 'uint64' },
  { name: 'kicks', property: 'kicks', number: 10, kind: 'uint64' },
  { name: 'calls', property: 'calls', number: 11, kind: 'uint64' },
  { name: 'punts_lost', property: 'puntsLost', number: 12, kind: 'uint64' },
  { name: 'answers', property: 'answers', number: 13, kind: 'uint64' },
  { name: 'punts', property: 'punts', number: 14, kind: 'uint64' },
  { name: 'bw_in_allowance_exceeded', property: 'bwInAllowanceExceeded', number: 15, kind: 'uint64' },
  { name: 'bw_out_allowance_exceeded', property: 'bwOutAllowanceExceeded', number: 16, kind: 'uint64' },
  { name: 'pps_allowance_exceeded', property: 'ppsAllowanceExceeded', number: 17, kind: 'uint64' },
  { name: 'conntrack_allowance_exceeded', property: 'conntrackAllowanceExceeded', number: 18, kind: 'uint64' },
  { name: 'linklocal_allowance_exceeded', property: 'linklocalAllowanceExceeded', number: 19, kind: 'uint64' },
  { name: 'conntrack_allowance', property: 'conntrackAllowance', number: 20, kind: 'message', type: conntrackAllowanceType, hasPresence: true },
  { name: 'drops', property: 'drops', number: 21, kind: 'message', type: reasonCountType, isRepeated: true, maxItems: 64 },
  { name: 'faults', property: 'faults', number: 22, kind: 'message', type: reasonCountType, isRepeated: true, maxItems: 64 },
]);

export interface ServiceCount {
  readonly asked: bigint;
  readonly answered: bigint;
  readonly noted: bigint;
  readonly dropped: bigint;
}

export const serviceCountType: MessageType<ServiceCount> = messageType('argon.card.v1.ServiceCount', [
  { name: 'asked', property: 'asked', number: 1, kind: 'uint64' },
  { name: 'answered', property: 'answered', number: 2, kind: 'uint64' },
  { name: 'noted', property: 'noted', number: 3, kind: 'uint64' },
  { name: 'dropped', property: 'dropped', number: 4, kind: 'uint64' },
]);

export interface ServiceTraffic {
  readonly questions: bigint;
  readonly questionsOverShare: bigint;
  readonly questionsTooLong: bigint;
  readonly answers: bigint;
  readonly answersOverShare: bigint;
  readonly answersTooLong: bigint;
}

export const serviceTrafficType: MessageType<ServiceTraffic> = messageType('argon.card.v1.ServiceTraffic', [
  { name: 'questions', property: 'questions', number: 1, kind: 'uint64' },
  { name: 'questions_over_share', property: 'questionsOverShare', number: 2, kind: 'uint64' },
  { name: 'questions_too_long', property: 'questionsTooLong', number: 3, kind: 'uint64' },
  { name: 'answers', property: 'answers', number: 4, kind: 'uint64' },
  { name: 'answers_over_share', property: 'answersOverShare', number: 5, kind: 'uint64' },
  { name: 'answers_too_long', property: 'answersTooLong', number: 6, kind: 'uint64' },
]);

/** Of a card, since it was started. */
export interface ServiceCounters {
  readonly dhcp4?: ServiceCount | undefined;
  readonly dhcp6?: ServiceCount | undefined;
  readonly dns?: ServiceCount | undefined;
  readonly ntp?: ServiceCount | undefined;
  /** Over UDP, and over TCP. */
  readonly datagrams?: ServiceTraffic | undefined;
  readonly streams?: ServiceTraffic | undefined;
}

export const serviceCountersType: MessageType<ServiceCounters> = messageType('argon.card.v1.ServiceCounters', [
  { name: 'dhcp4', property: 'dhcp4', number: 1, kind: 'message', type: serviceCountType, hasPresence: true, isRequired: true },
  { name: 'dhcp6', property: 'dhcp6', number: 2, kind: 'message', type: serviceCountType, hasPresence: true, isRequired: true },
  { name: 'dns', property: 'dns', number: 3, kind: 'message', type: serviceCountType, hasPresence: true, isRequired: true },
  { name: 'ntp', property: 'ntp', number: 4, kind: 'message', type: serviceCountType, hasPresence: true, isRequired: true },
  { name: 'datagrams', property: 'datagrams', number: 5, kind: 'message', type: serviceTrafficType, hasPresence: true, isRequired: true },
  { name: 'streams', property: 'streams', number: 6, kind: 'message', type: serviceTrafficType, hasPresence: true, isRequired: true },
]);

export interface FlowLogState {
  readonly flowLog: string;
  readonly written: bigint;
  readonly lost: bigint;
  /** Why what is lost is lost; empty while nothing is. */
  readonly trouble: string;
}

export const flowLogStateType: MessageType<FlowLogState> = messageType('argon.card.v1.FlowLogState', [
  { name: 'flow_log', property: 'flowLog', number: 1, kind: 'string', rules: { pattern: /^fl-[0-9a-f]{17}$/u } },
  { name: 'written', property: 'written', number: 2, kind: 'uint64' },
  { name: 'lost', property: 'lost', number: 3, kind: 'uint64' },
  { name: 'trouble', property: 'trouble', number: 4, kind: 'string', rules: { maxLength: 1024 } },
]);

/** Of all flow logs that the card knows. */
export interface FlowLogStates {
  readonly flowLogs: readonly FlowLogState[];
}

export const flowLogStatesType: MessageType<FlowLogStates> = messageType('argon.card.v1.FlowLogStates', [
  { name: 'flow_logs', property: 'flowLogs', number: 1, kind: 'message', type: flowLogStateType, isRepeated: true, maxItems: 1000 },
]);

export interface UplinkState {
  readonly vpc: string;
  /** Why its device is not there; empty if it is. */
  readonly trouble: string;
  readonly sinceMs: bigint;
}

export const uplinkStateType: MessageType<UplinkState> = messageType('argon.card.v1.UplinkState', [
  { name: 'vpc', property: 'vpc', number: 1, kind: 'string', rules: { pattern: /^vpc-[0-9a-f]{17}$/u } },
  { name: 'trouble', property: 'trouble', number: 2, kind: 'string', rules: { maxLength: 1024 } },
  { name: 'since_ms', property: 'sinceMs', number: 3, kind: 'uint64', unit: 'ms' },
]);

export interface UplinkStates {
  readonly uplinks: readonly UplinkState[];
}

export const uplinkStatesType: MessageType<UplinkStates> = messageType('argon.card.v1.UplinkStates', [
  { name: 'uplinks', property: 'uplinks', number: 1, kind: 'message', type: uplinkStateType, isRepeated: true, maxItems: 100 },
]);
