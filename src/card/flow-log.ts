// SPDX-License-Identifier: Apache-2.0

// Flow logs as their readers know them: the published format, a record a line
// (docs/network-semantics.md, FL-1 to FL-6).

import type { NativeFlowLogRecord } from '../native/network-watch.ts';
import {
  defaultFlowLogFields,
  type FlowLogField,
  flowLogVersions,
} from '../network/model/flow-log-fields.ts';

/** Whose record it is; what is not known is a dash. */
export interface FlowLogSource {
  readonly account: string;
  readonly interface: string;
  readonly subnet?: string;
  readonly vpc?: string;
  readonly instance?: string | undefined;
}

type Flow = Extract<NativeFlowLogRecord, { readonly status: 'OK' }>;
type Value = string | number | bigint;

/** The names of a line's fields: the first line of a file. */
export function flowLogHeader(fields: readonly FlowLogField[] = defaultFlowLogFields): string {
  return fields.join(' ');
}

export function flowLogLine(
  record: NativeFlowLogRecord,
  source: FlowLogSource,
  fields: readonly FlowLogField[] = defaultFlowLogFields,
): string {
  return fields.map((field) => valueOf(field, record, source, fields)).join(' ');
}

// What a record has that is of a flow.
const flowValues: Partial<Record<FlowLogField, (flow: Flow) => Value>> = {
  srcaddr: ({ source }) => source,
  dstaddr: ({ destination }) => destination,
  srcport: ({ sourcePort }) => sourcePort,
  dstport: ({ destinationPort }) => destinationPort,
  protocol: ({ protocol }) => protocol,
  packets: ({ packets }) => packets,
  bytes: ({ bytes }) => bytes,
  action: ({ action }) => action,
  'tcp-flags': ({ tcpFlags }) => tcpFlags,
  type: ({ source }) => (source.includes(':') ? 'IPv6' : 'IPv4'),
  'pkt-srcaddr': ({ packetSource }) => packetSource,
  'pkt-dstaddr': ({ packetDestination }) => packetDestination,
  'flow-direction': ({ direction }) => (direction === 'in' ? 'ingress' : 'egress'),
  // FL-6: 0 is none, and nothing is encrypted on its way within a host.
  'encryption-status': () => 0,
};

// What every record has, and what is known of its interface.
const commonValues: Partial<
  Record<FlowLogField, (record: NativeFlowLogRecord, source: FlowLogSource) => Value | undefined>
> = {
  'account-id': (_record, { account }) => account,
  'interface-id': (_record, source) => source.interface,
  'vpc-id': (_record, { vpc }) => vpc,
  'subnet-id': (_record, { subnet }) => subnet,
  'instance-id': (_record, { instance }) => instance,
  start: ({ start }) => start,
  end: ({ end }) => end,
  'log-status': ({ status }) => status,
};

function valueOf(
  field: FlowLogField,
  record: NativeFlowLogRecord,
  source: FlowLogSource,
  fields: readonly FlowLogField[],
): Value {
  if (field === 'version') return Math.max(2, ...fields.map((one) => flowLogVersions[one]));
  const ofFlow = flowValues[field];
  const value =
    record.status === 'OK' && ofFlow !== undefined
      ? ofFlow(record)
      : commonValues[field]?.(record, source);
  return value ?? '-';
}
