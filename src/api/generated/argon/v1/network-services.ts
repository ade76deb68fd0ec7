// Written from argon/v1/network_services.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';

export type PrivateRecordType =
  | 'PRIVATE_RECORD_TYPE_UNSPECIFIED'
  | 'PRIVATE_RECORD_TYPE_A'
  | 'PRIVATE_RECORD_TYPE_AAAA'
  | 'PRIVATE_RECORD_TYPE_CNAME'
  | 'PRIVATE_RECORD_TYPE_TXT'
  | 'PRIVATE_RECORD_TYPE_PTR'
  | 'PRIVATE_RECORD_TYPE_MX'
  | 'PRIVATE_RECORD_TYPE_SRV';

export const privateRecordTypeType: EnumType<PrivateRecordType> = enumType('argon.v1.PrivateRecordType', [
  ['PRIVATE_RECORD_TYPE_UNSPECIFIED', 0],
  ['PRIVATE_RECORD_TYPE_A', 1],
  ['PRIVATE_RECORD_TYPE_AAAA', 2],
  ['PRIVATE_RECORD_TYPE_CNAME', 3],
  ['PRIVATE_RECORD_TYPE_TXT', 4],
  ['PRIVATE_RECORD_TYPE_PTR', 5],
  ['PRIVATE_RECORD_TYPE_MX', 6],
  ['PRIVATE_RECORD_TYPE_SRV', 7],
]);

/**
 * What DHCP tells the guests of the VPCs that have it, besides their addresses. What is not
 * said is not sent.
 */
export interface DhcpOptions {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** The domain that guests look short names up in, in lower case. */
  readonly domainName: string;
  /** At most 4 addresses; ArgonProvidedDNS is the resolver of the VPC. */
  readonly domainNameServers: readonly string[];
  /** At most 4 addresses of each family. */
  readonly ntpServers: readonly string[];
  /** At most 4 addresses of IPv4. */
  readonly netbiosNameServers: readonly string[];
  /** 1, 2, 4 or 8, as RFC 2132 has it; 0 is not sent. */
  readonly netbiosNodeType: number;
  /**
   * How long a guest has its IPv6 address before it asks again, from 140 seconds on; 0 is 140.
   */
  readonly ipv6PreferredLeaseSeconds: number;
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const dhcpOptionsType: MessageType<DhcpOptions> = messageType('argon.v1.DhcpOptions', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(dhcpOptions\/dopt-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'domain_name', property: 'domainName', number: 3, kind: 'string', rules: { maxLength: 253 } },
  { name: 'domain_name_servers', property: 'domainNameServers', number: 4, kind: 'string', isRepeated: true, maxItems: 4, hasUniqueItems: true, rules: { pattern: /^([0-9a-f:.]{2,45}|ArgonProvidedDNS)$/u } },
  { name: 'ntp_servers', property: 'ntpServers', number: 5, kind: 'string', isRepeated: true, maxItems: 8, hasUniqueItems: true, rules: { pattern: /^[0-9a-f:.]{2,45}$/u } },
  { name: 'netbios_name_servers', property: 'netbiosNameServers', number: 6, kind: 'string', isRepeated: true, maxItems: 4, hasUniqueItems: true, rules: { pattern: /^[0-9.]{7,15}$/u } },
  { name: 'netbios_node_type', property: 'netbiosNodeType', number: 7, kind: 'uint32', rules: { in: [0, 1, 2, 4, 8] } },
  { name: 'ipv6_preferred_lease_seconds', property: 'ipv6PreferredLeaseSeconds', number: 8, kind: 'uint32', rules: { lte: 2147483647 } },
  { name: 'create_time', property: 'createTime', number: 9, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 10, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

/** All records of one name and type. */
export interface PrivateRecord {
  /** The whole name, in lower case and without a dot at its end. */
  readonly name: string;
  readonly type: PrivateRecordType;
  /** How long guests may keep it; 0 is 300. */
  readonly ttlSeconds: number;
  /**
   * An address, a name or a text, and before the name of an MX its preference, of an SRV
   * priority, weight and port: `10 mail.corp.internal`.
   */
  readonly values: readonly string[];
}

export const privateRecordType: MessageType<PrivateRecord> = messageType('argon.v1.PrivateRecord', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { minLength: 1, maxLength: 253 } },
  { name: 'type', property: 'type', number: 2, kind: 'enum', type: privateRecordTypeType, rules: { notIn: ['PRIVATE_RECORD_TYPE_UNSPECIFIED'] } },
  { name: 'ttl_seconds', property: 'ttlSeconds', number: 3, kind: 'uint32', rules: { lte: 2147483647 } },
  { name: 'values', property: 'values', number: 4, kind: 'string', isRepeated: true, maxItems: 400, hasUniqueItems: true, rules: { minLength: 1, maxLength: 3900 } },
]);

/**
 * Names that guests of the VPCs of a zone resolve, and nobody else does. No other names are
 * asked of anybody.
 */
export interface PrivateZone {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** What all its names end with, in lower case. (Never changed.) */
  readonly domainName: string;
  /**
   * The VPCs that have it; a VPC has one of a domain, and the longest that fits a name answers.
   */
  readonly vpcs: readonly string[];
  readonly records: readonly PrivateRecord[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const privateZoneType: MessageType<PrivateZone> = messageType('argon.v1.PrivateZone', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(privateZones\/zone-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'domain_name', property: 'domainName', number: 3, kind: 'string', behavior: 'immutable', rules: { maxLength: 253 } },
  { name: 'vpcs', property: 'vpcs', number: 4, kind: 'string', isRepeated: true, maxItems: 100, hasUniqueItems: true, rules: { pattern: /^vpcs\/vpc-[0-9a-f]{17}$/u } },
  { name: 'records', property: 'records', number: 5, kind: 'message', type: privateRecordType, isRepeated: true, maxItems: 10000 },
  { name: 'create_time', property: 'createTime', number: 6, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 7, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface CreateDhcpOptionsRequest {
  readonly dhcpOptions?: DhcpOptions | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createDhcpOptionsRequestType: MessageType<CreateDhcpOptionsRequest> = messageType('argon.v1.CreateDhcpOptionsRequest', [
  { name: 'dhcp_options', property: 'dhcpOptions', number: 1, kind: 'message', type: dhcpOptionsType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetDhcpOptionsRequest {
  readonly name: string;
}

export const getDhcpOptionsRequestType: MessageType<GetDhcpOptionsRequest> = messageType('argon.v1.GetDhcpOptionsRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^dhcpOptions\/dopt-[0-9a-f]{17}$/u } },
]);

export interface ListDhcpOptionsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listDhcpOptionsRequestType: MessageType<ListDhcpOptionsRequest> = messageType('argon.v1.ListDhcpOptionsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListDhcpOptionsResponse {
  readonly dhcpOptions: readonly DhcpOptions[];
  readonly nextPageToken: string;
}

export const listDhcpOptionsResponseType: MessageType<ListDhcpOptionsResponse> = messageType('argon.v1.ListDhcpOptionsResponse', [
  { name: 'dhcp_options', property: 'dhcpOptions', number: 1, kind: 'message', type: dhcpOptionsType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateDhcpOptionsRequest {
  readonly dhcpOptions?: DhcpOptions | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateDhcpOptionsRequestType: MessageType<UpdateDhcpOptionsRequest> = messageType('argon.v1.UpdateDhcpOptionsRequest', [
  { name: 'dhcp_options', property: 'dhcpOptions', number: 1, kind: 'message', type: dhcpOptionsType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'domain_name', 'domain_name_servers', 'ntp_servers', 'netbios_name_servers', 'netbios_node_type', 'ipv6_preferred_lease_seconds'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteDhcpOptionsRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteDhcpOptionsRequestType: MessageType<DeleteDhcpOptionsRequest> = messageType('argon.v1.DeleteDhcpOptionsRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^dhcpOptions\/dopt-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteDhcpOptionsResponse = Readonly<Record<string, never>>;

export const deleteDhcpOptionsResponseType: MessageType<DeleteDhcpOptionsResponse> = messageType('argon.v1.DeleteDhcpOptionsResponse', []);

export interface CreatePrivateZoneRequest {
  readonly privateZone?: PrivateZone | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createPrivateZoneRequestType: MessageType<CreatePrivateZoneRequest> = messageType('argon.v1.CreatePrivateZoneRequest', [
  { name: 'private_zone', property: 'privateZone', number: 1, kind: 'message', type: privateZoneType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetPrivateZoneRequest {
  readonly name: string;
}

export const getPrivateZoneRequestType: MessageType<GetPrivateZoneRequest> = messageType('argon.v1.GetPrivateZoneRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^privateZones\/zone-[0-9a-f]{17}$/u } },
]);

export interface ListPrivateZonesRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listPrivateZonesRequestType: MessageType<ListPrivateZonesRequest> = messageType('argon.v1.ListPrivateZonesRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListPrivateZonesResponse {
  readonly privateZones: readonly PrivateZone[];
  readonly nextPageToken: string;
}

export const listPrivateZonesResponseType: MessageType<ListPrivateZonesResponse> = messageType('argon.v1.ListPrivateZonesResponse', [
  { name: 'private_zones', property: 'privateZones', number: 1, kind: 'message', type: privateZoneType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdatePrivateZoneRequest {
  readonly privateZone?: PrivateZone | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updatePrivateZoneRequestType: MessageType<UpdatePrivateZoneRequest> = messageType('argon.v1.UpdatePrivateZoneRequest', [
  { name: 'private_zone', property: 'privateZone', number: 1, kind: 'message', type: privateZoneType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'vpcs', 'records'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeletePrivateZoneRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deletePrivateZoneRequestType: MessageType<DeletePrivateZoneRequest> = messageType('argon.v1.DeletePrivateZoneRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^privateZones\/zone-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeletePrivateZoneResponse = Readonly<Record<string, never>>;

export const deletePrivateZoneResponseType: MessageType<DeletePrivateZoneResponse> = messageType('argon.v1.DeletePrivateZoneResponse', []);
