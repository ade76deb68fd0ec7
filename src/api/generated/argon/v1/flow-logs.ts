// Written from argon/v1/flow_logs.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { conditionType, type Condition } from './common.ts';

export type FlowTrafficType =
  | 'FLOW_TRAFFIC_TYPE_UNSPECIFIED'
  | 'FLOW_TRAFFIC_TYPE_ALL'
  | 'FLOW_TRAFFIC_TYPE_ACCEPT'
  | 'FLOW_TRAFFIC_TYPE_REJECT';

export const flowTrafficTypeType: EnumType<FlowTrafficType> = enumType('argon.v1.FlowTrafficType', [
  ['FLOW_TRAFFIC_TYPE_UNSPECIFIED', 0],
  ['FLOW_TRAFFIC_TYPE_ALL', 1],
  ['FLOW_TRAFFIC_TYPE_ACCEPT', 2],
  ['FLOW_TRAFFIC_TYPE_REJECT', 3],
]);

export interface FlowLog {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. */
  readonly displayName: string;
  /** The VPC or the subnet whose interfaces are logged, or the one that is. (Never changed.) */
  readonly resource: string;
  /**
   * What was let through, what was denied, or all, which is meant where nothing is said. (Never
   * changed.)
   */
  readonly trafficType: FlowTrafficType;
  /**
   * The longest time that a record covers, in seconds: 60, or 600 where nothing is said. (Never
   * changed.)
   */
  readonly maxAggregationSeconds: number;
  /**
   * The published names of a line's fields, in their order; else those of version 2. (Never
   * changed.)
   */
  readonly fields: readonly string[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /**
   * Below the host's state folder. What it held before has a number behind its name. (Set by
   * the host alone.)
   */
  readonly file: string;
  /** Since the card was started; lost is what could not be written. (Set by the host alone.) */
  readonly recordsWritten: bigint;
  /** (Set by the host alone.) */
  readonly recordsLost: bigint;
  /** (Set by the host alone.) */
  readonly conditions: readonly Condition[];
  /** A deletion that gives another one is refused. */
  readonly etag: string;
}

export const flowLogType: MessageType<FlowLog> = messageType('argon.v1.FlowLog', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(flowLogs\/fl-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'resource', property: 'resource', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^((vpcs\/vpc|subnets\/subnet|interfaces\/eni)-[0-9a-f]{17})?$/u } },
  { name: 'traffic_type', property: 'trafficType', number: 4, kind: 'enum', type: flowTrafficTypeType, behavior: 'immutable' },
  { name: 'max_aggregation_seconds', property: 'maxAggregationSeconds', number: 5, kind: 'uint32', behavior: 'immutable', rules: { in: [0, 60, 600] } },
  { name: 'fields', property: 'fields', number: 6, kind: 'string', isRepeated: true, behavior: 'immutable', maxItems: 32, hasUniqueItems: true, rules: { pattern: /^[a-z-]{1,32}$/u } },
  { name: 'create_time', property: 'createTime', number: 7, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'file', property: 'file', number: 8, kind: 'string', behavior: 'output-only', rules: { maxLength: 256 } },
  { name: 'records_written', property: 'recordsWritten', number: 9, kind: 'uint64', behavior: 'output-only' },
  { name: 'records_lost', property: 'recordsLost', number: 10, kind: 'uint64', behavior: 'output-only' },
  { name: 'conditions', property: 'conditions', number: 11, kind: 'message', type: conditionType, isRepeated: true, behavior: 'output-only', maxItems: 16 },
  { name: 'etag', property: 'etag', number: 12, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface CreateFlowLogRequest {
  readonly flowLog?: FlowLog | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createFlowLogRequestType: MessageType<CreateFlowLogRequest> = messageType('argon.v1.CreateFlowLogRequest', [
  { name: 'flow_log', property: 'flowLog', number: 1, kind: 'message', type: flowLogType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetFlowLogRequest {
  readonly name: string;
}

export const getFlowLogRequestType: MessageType<GetFlowLogRequest> = messageType('argon.v1.GetFlowLogRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^flowLogs\/fl-[0-9a-f]{17}$/u } },
]);

export interface ListFlowLogsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listFlowLogsRequestType: MessageType<ListFlowLogsRequest> = messageType('argon.v1.ListFlowLogsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListFlowLogsResponse {
  readonly flowLogs: readonly FlowLog[];
  readonly nextPageToken: string;
}

export const listFlowLogsResponseType: MessageType<ListFlowLogsResponse> = messageType('argon.v1.ListFlowLogsResponse', [
  { name: 'flow_logs', property: 'flowLogs', number: 1, kind: 'message', type: flowLogType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface DeleteFlowLogRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteFlowLogRequestType: MessageType<DeleteFlowLogRequest> = messageType('argon.v1.DeleteFlowLogRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^flowLogs\/fl-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteFlowLogResponse = Readonly<Record<string, never>>;

export const deleteFlowLogResponseType: MessageType<DeleteFlowLogResponse> = messageType('argon.v1.DeleteFlowLogResponse', []);
