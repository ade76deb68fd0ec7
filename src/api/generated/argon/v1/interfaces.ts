// Written from argon/v1/interfaces.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { conditionType, type Condition } from './common.ts';

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
