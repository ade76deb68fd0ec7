// Written from argon/v1/prefix_lists.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';

export type AddressFamily =
  | 'ADDRESS_FAMILY_UNSPECIFIED'
  | 'ADDRESS_FAMILY_IPV4'
  | 'ADDRESS_FAMILY_IPV6';

export const addressFamilyType: EnumType<AddressFamily> = enumType('argon.v1.AddressFamily', [
  ['ADDRESS_FAMILY_UNSPECIFIED', 0],
  ['ADDRESS_FAMILY_IPV4', 1],
  ['ADDRESS_FAMILY_IPV6', 2],
]);

export interface PrefixListEntry {
  readonly cidr: string;
  readonly description: string;
}

export const prefixListEntryType: MessageType<PrefixListEntry> = messageType('argon.v1.PrefixListEntry', [
  { name: 'cidr', property: 'cidr', number: 1, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}\/[0-9]{1,3}$/u } },
  { name: 'description', property: 'description', number: 2, kind: 'string', rules: { maxLength: 255 } },
]);

export interface PrefixList {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** Of all its entries; IPv4 where nothing is said. (Never changed.) */
  readonly addressFamily: AddressFamily;
  /** How many entries there may be; what names the list counts as many rules or routes. */
  readonly maxEntries: number;
  readonly entries: readonly PrefixListEntry[];
  /** From 1 on, one more with each change of the entries. (Set by the host alone.) */
  readonly version: bigint;
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const prefixListType: MessageType<PrefixList> = messageType('argon.v1.PrefixList', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(prefixLists\/pl-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'address_family', property: 'addressFamily', number: 3, kind: 'enum', type: addressFamilyType, behavior: 'immutable' },
  { name: 'max_entries', property: 'maxEntries', number: 4, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'entries', property: 'entries', number: 5, kind: 'message', type: prefixListEntryType, isRepeated: true, maxItems: 1000 },
  { name: 'version', property: 'version', number: 6, kind: 'uint64', behavior: 'output-only' },
  { name: 'create_time', property: 'createTime', number: 7, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 8, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface CreatePrefixListRequest {
  readonly prefixList?: PrefixList | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createPrefixListRequestType: MessageType<CreatePrefixListRequest> = messageType('argon.v1.CreatePrefixListRequest', [
  { name: 'prefix_list', property: 'prefixList', number: 1, kind: 'message', type: prefixListType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetPrefixListRequest {
  readonly name: string;
}

export const getPrefixListRequestType: MessageType<GetPrefixListRequest> = messageType('argon.v1.GetPrefixListRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^prefixLists\/pl-[0-9a-f]{17}$/u } },
]);

export interface ListPrefixListsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listPrefixListsRequestType: MessageType<ListPrefixListsRequest> = messageType('argon.v1.ListPrefixListsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListPrefixListsResponse {
  readonly prefixLists: readonly PrefixList[];
  readonly nextPageToken: string;
}

export const listPrefixListsResponseType: MessageType<ListPrefixListsResponse> = messageType('argon.v1.ListPrefixListsResponse', [
  { name: 'prefix_lists', property: 'prefixLists', number: 1, kind: 'message', type: prefixListType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdatePrefixListRequest {
  readonly prefixList?: PrefixList | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updatePrefixListRequestType: MessageType<UpdatePrefixListRequest> = messageType('argon.v1.UpdatePrefixListRequest', [
  { name: 'prefix_list', property: 'prefixList', number: 1, kind: 'message', type: prefixListType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'max_entries', 'entries'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeletePrefixListRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deletePrefixListRequestType: MessageType<DeletePrefixListRequest> = messageType('argon.v1.DeletePrefixListRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^prefixLists\/pl-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeletePrefixListResponse = Readonly<Record<string, never>>;

export const deletePrefixListResponseType: MessageType<DeletePrefixListResponse> = messageType('argon.v1.DeletePrefixListResponse', []);
