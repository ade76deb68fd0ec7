// Written from argon/v1/interfaces.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { conditionType, type Condition } from './common.ts';
import { networkAclEntryType, securityGroupRuleType, type NetworkAclEntry, type SecurityGroupRule } from './network-resources.ts';

export type SourceDestCheck =
  | 'SOURCE_DEST_CHECK_UNSPECIFIED'
  | 'SOURCE_DEST_CHECK_ENABLED'
  | 'SOURCE_DEST_CHECK_DISABLED';

export const sourceDestCheckType: EnumType<SourceDestCheck> = enumType('argon.v1.SourceDestCheck', [
  ['SOURCE_DEST_CHECK_UNSPECIFIED', 0],
  ['SOURCE_DEST_CHECK_ENABLED', 1],
  /** For what forwards: a router, a firewall. */
  ['SOURCE_DEST_CHECK_DISABLED', 2],
]);

export type FlowOutcome =
  | 'FLOW_OUTCOME_UNSPECIFIED'
  | 'FLOW_OUTCOME_DELIVER'
  | 'FLOW_OUTCOME_DROP'
  | 'FLOW_OUTCOME_ANSWER'
  | 'FLOW_OUTCOME_SERVICE';

export const flowOutcomeType: EnumType<FlowOutcome> = enumType('argon.v1.FlowOutcome', [
  ['FLOW_OUTCOME_UNSPECIFIED', 0],
  ['FLOW_OUTCOME_DELIVER', 1],
  ['FLOW_OUTCOME_DROP', 2],
  /** The router answers. */
  ['FLOW_OUTCOME_ANSWER', 3],
  /** A service of the card gets it. */
  ['FLOW_OUTCOME_SERVICE', 4],
]);

export type FlowStage =
  | 'FLOW_STAGE_UNSPECIFIED'
  | 'FLOW_STAGE_CONNECTION'
  | 'FLOW_STAGE_SECURITY_GROUPS'
  | 'FLOW_STAGE_NETWORK_ACL'
  | 'FLOW_STAGE_ROUTE';

export const flowStageType: EnumType<FlowStage> = enumType('argon.v1.FlowStage', [
  ['FLOW_STAGE_UNSPECIFIED', 0],
  /** It belongs to a connection that was let through, whatever the rules say now. */
  ['FLOW_STAGE_CONNECTION', 1],
  ['FLOW_STAGE_SECURITY_GROUPS', 2],
  ['FLOW_STAGE_NETWORK_ACL', 3],
  ['FLOW_STAGE_ROUTE', 4],
]);

export type FlowDirection =
  | 'FLOW_DIRECTION_UNSPECIFIED'
  | 'FLOW_DIRECTION_IN'
  | 'FLOW_DIRECTION_OUT';

export const flowDirectionType: EnumType<FlowDirection> = enumType('argon.v1.FlowDirection', [
  ['FLOW_DIRECTION_UNSPECIFIED', 0],
  /** Into the guest of the step's interface. */
  ['FLOW_DIRECTION_IN', 1],
  ['FLOW_DIRECTION_OUT', 2],
]);

export type FlowTarget =
  | 'FLOW_TARGET_UNSPECIFIED'
  | 'FLOW_TARGET_LOCAL'
  | 'FLOW_TARGET_INTERFACE'
  | 'FLOW_TARGET_BLACKHOLE'
  | 'FLOW_TARGET_UPLINK';

export const flowTargetType: EnumType<FlowTarget> = enumType('argon.v1.FlowTarget', [
  ['FLOW_TARGET_UNSPECIFIED', 0],
  /** Another interface of the VPC. */
  ['FLOW_TARGET_LOCAL', 1],
  ['FLOW_TARGET_INTERFACE', 2],
  /** Also what leads nowhere now: an uplink, or an interface, that no card serves. */
  ['FLOW_TARGET_BLACKHOLE', 3],
  ['FLOW_TARGET_UPLINK', 4],
]);

export interface Interface {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /**
   * Six pairs of hex digits. Where nothing is said the host chooses a local one. (Never
   * changed.)
   */
  readonly macAddress: string;
  /** Where it is attached, if it is. (Set by the host alone.) */
  readonly instance: string;
  /** (Set by the host alone.) */
  readonly conditions: readonly Condition[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** The subnet that it is in. (Never changed.) */
  readonly subnet: string;
  /**
   * Addresses of the subnet. The first is the primary one, and stays. Where nothing is said the
   * host gives it one, if the subnet has IPv4.
   */
  readonly ipv4Addresses: readonly string[];
  /** As for IPv4. */
  readonly ipv6Addresses: readonly string[];
  /** One to five groups of its VPC: what any of them allows is allowed. */
  readonly securityGroups: readonly string[];
  /**
   * Whether it sends and gets only what is from and to itself: ENABLED where nothing is said.
   */
  readonly sourceDestCheck: SourceDestCheck;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const interfaceType: MessageType<Interface> = messageType('argon.v1.Interface', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(interfaces\/eni-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'mac_address', property: 'macAddress', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^([0-9a-f]{2}(:[0-9a-f]{2}){5})?$/u } },
  { name: 'instance', property: 'instance', number: 4, kind: 'string', behavior: 'output-only', rules: { pattern: /^(instances\/i-[0-9a-f]{17})?$/u } },
  { name: 'conditions', property: 'conditions', number: 5, kind: 'message', type: conditionType, isRepeated: true, behavior: 'output-only', maxItems: 16 },
  { name: 'create_time', property: 'createTime', number: 6, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'subnet', property: 'subnet', number: 7, kind: 'string', behavior: 'immutable', rules: { pattern: /^(subnets\/subnet-[0-9a-f]{17})?$/u } },
  { name: 'ipv4_addresses', property: 'ipv4Addresses', number: 8, kind: 'string', isRepeated: true, maxItems: 50, hasUniqueItems: true, rules: { pattern: /^[0-9.]{7,15}$/u } },
  { name: 'ipv6_addresses', property: 'ipv6Addresses', number: 9, kind: 'string', isRepeated: true, maxItems: 50, hasUniqueItems: true, rules: { pattern: /^[0-9a-f:.]{2,45}$/u } },
  { name: 'security_groups', property: 'securityGroups', number: 10, kind: 'string', isRepeated: true, maxItems: 5, hasUniqueItems: true, rules: { pattern: /^securityGroups\/sg-[0-9a-f]{17}$/u } },
  { name: 'source_dest_check', property: 'sourceDestCheck', number: 11, kind: 'enum', type: sourceDestCheckType },
  { name: 'etag', property: 'etag', number: 12, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface CreateInterfaceRequest {
  readonly interface?: Interface | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createInterfaceRequestType: MessageType<CreateInterfaceRequest> = messageType('argon.v1.CreateInterfaceRequest', [
  { name: 'interface', property: 'interface', number: 1, kind: 'message', type: interfaceType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetInterfaceRequest {
  readonly name: string;
}

export const getInterfaceRequestType: MessageType<GetInterfaceRequest> = messageType('argon.v1.GetInterfaceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
]);

export interface ListInterfacesRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listInterfacesRequestType: MessageType<ListInterfacesRequest> = messageType('argon.v1.ListInterfacesRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListInterfacesResponse {
  readonly interfaces: readonly Interface[];
  readonly nextPageToken: string;
}

export const listInterfacesResponseType: MessageType<ListInterfacesResponse> = messageType('argon.v1.ListInterfacesResponse', [
  { name: 'interfaces', property: 'interfaces', number: 1, kind: 'message', type: interfaceType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateInterfaceRequest {
  readonly interface?: Interface | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateInterfaceRequestType: MessageType<UpdateInterfaceRequest> = messageType('argon.v1.UpdateInterfaceRequest', [
  { name: 'interface', property: 'interface', number: 1, kind: 'message', type: interfaceType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'ipv4_addresses', 'ipv6_addresses', 'security_groups', 'source_dest_check'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteInterfaceRequest {
  readonly name: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
  readonly etag: string;
}

export const deleteInterfaceRequestType: MessageType<DeleteInterfaceRequest> = messageType('argon.v1.DeleteInterfaceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 4, kind: 'bool' },
  { name: 'etag', property: 'etag', number: 5, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export type DeleteInterfaceResponse = Readonly<Record<string, never>>;

export const deleteInterfaceResponseType: MessageType<DeleteInterfaceResponse> = messageType('argon.v1.DeleteInterfaceResponse', []);

export interface AttachInterfaceRequest {
  readonly name: string;
  readonly instance: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const attachInterfaceRequestType: MessageType<AttachInterfaceRequest> = messageType('argon.v1.AttachInterfaceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'instance', property: 'instance', number: 2, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DetachInterfaceRequest {
  readonly name: string;
  readonly force: boolean;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const detachInterfaceRequestType: MessageType<DetachInterfaceRequest> = messageType('argon.v1.DetachInterfaceRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'force', property: 'force', number: 2, kind: 'bool' },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface TraceFlowRequest {
  /** Whose guest sends. */
  readonly name: string;
  /** Where nothing is said the interface's first address of the destination's family. */
  readonly source: string;
  readonly destination: string;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, or the number of another protocol. */
  readonly protocol: string;
  /** Of TCP and UDP; of ICMP, which is traced as a request to echo, its identifier. */
  readonly sourcePort: number;
  /** Of TCP and UDP. */
  readonly destinationPort: number;
  /** The control bits of TCP: 2, which is SYN, where nothing is said. */
  readonly tcpFlags: number;
}

export const traceFlowRequestType: MessageType<TraceFlowRequest> = messageType('argon.v1.TraceFlowRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'source', property: 'source', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f:.]{2,45})?$/u } },
  { name: 'destination', property: 'destination', number: 3, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}$/u } },
  { name: 'protocol', property: 'protocol', number: 4, kind: 'string', rules: { pattern: /^(tcp|udp|icmp|icmpv6|[0-9]{1,3})$/u } },
  { name: 'source_port', property: 'sourcePort', number: 5, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'destination_port', property: 'destinationPort', number: 6, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'tcp_flags', property: 'tcpFlags', number: 7, kind: 'uint32', rules: { lte: 255 } },
]);

export interface FlowRoute {
  readonly destination: string;
  readonly target: FlowTarget;
}

export const flowRouteType: MessageType<FlowRoute> = messageType('argon.v1.FlowRoute', [
  { name: 'destination', property: 'destination', number: 1, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}\/[0-9]{1,3}$/u } },
  { name: 'target', property: 'target', number: 2, kind: 'enum', type: flowTargetType },
]);

export interface FlowStep {
  readonly stage: FlowStage;
  /** Whose groups, or whose subnet's entries or routes. */
  readonly interface: string;
  readonly direction: FlowDirection;
  readonly isAllowed: boolean;
  /** Of SECURITY_GROUPS: that answers pass by themselves. */
  readonly isTracked: boolean;
  /**
   * Of SECURITY_GROUPS: the one whose rule allows it, and that rule. None does where it is
   * denied.
   */
  readonly securityGroup: string;
  readonly rule?: SecurityGroupRule | undefined;
  /**
   * Of NETWORK_ACL: the subnet's, and the entry that decides. Where none does everything is
   * denied.
   */
  readonly networkAcl: string;
  readonly entry?: NetworkAclEntry | undefined;
  /** Of ROUTE: the one that it takes, if there is one. */
  readonly route?: FlowRoute | undefined;
}

export const flowStepType: MessageType<FlowStep> = messageType('argon.v1.FlowStep', [
  { name: 'stage', property: 'stage', number: 1, kind: 'enum', type: flowStageType },
  { name: 'interface', property: 'interface', number: 2, kind: 'string', rules: { pattern: /^(interfaces\/eni-[0-9a-f]{17})?$/u } },
  { name: 'direction', property: 'direction', number: 3, kind: 'enum', type: flowDirectionType },
  { name: 'is_allowed', property: 'isAllowed', number: 4, kind: 'bool' },
  { name: 'is_tracked', property: 'isTracked', number: 5, kind: 'bool' },
  { name: 'security_group', property: 'securityGroup', number: 6, kind: 'string', rules: { pattern: /^(securityGroups\/sg-[0-9a-f]{17})?$/u } },
  { name: 'rule', property: 'rule', number: 7, kind: 'message', type: securityGroupRuleType, hasPresence: true },
  { name: 'network_acl', property: 'networkAcl', number: 8, kind: 'string', rules: { pattern: /^(networkAcls\/acl-[0-9a-f]{17})?$/u } },
  { name: 'entry', property: 'entry', number: 9, kind: 'message', type: networkAclEntryType, hasPresence: true },
  { name: 'route', property: 'route', number: 10, kind: 'message', type: flowRouteType, hasPresence: true },
]);

export interface TraceFlowResponse {
  /** What decided, in the order of the packet's way. */
  readonly steps: readonly FlowStep[];
  readonly outcome: FlowOutcome;
  /** Why it is dropped, as docs/network-semantics.md names it: `security-group-in`. */
  readonly dropReason: string;
  /** Which service of the card gets it: `dns`. */
  readonly service: string;
  /**
   * The interface that it gets to, or at which it is dropped; of an uplink the VPC whose it is.
   */
  readonly interface: string;
}

export const traceFlowResponseType: MessageType<TraceFlowResponse> = messageType('argon.v1.TraceFlowResponse', [
  { name: 'steps', property: 'steps', number: 1, kind: 'message', type: flowStepType, isRepeated: true, maxItems: 64 },
  { name: 'outcome', property: 'outcome', number: 2, kind: 'enum', type: flowOutcomeType },
  { name: 'drop_reason', property: 'dropReason', number: 3, kind: 'string', rules: { pattern: /^([a-z0-9-]{1,64})?$/u } },
  { name: 'service', property: 'service', number: 4, kind: 'string', rules: { pattern: /^([a-z0-9-]{1,64})?$/u } },
  { name: 'interface', property: 'interface', number: 5, kind: 'string', rules: { pattern: /^((interfaces\/eni|vpcs\/vpc)-[0-9a-f]{17})?$/u } },
]);
