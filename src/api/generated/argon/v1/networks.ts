// Written from argon/v1/networks.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../schema.ts';
import { networkAclType, routeTableType, securityGroupType, subnetType, type NetworkAcl, type RouteTable, type SecurityGroup, type Subnet, type Vpc, vpcType } from './network-resources.ts';

export interface CreateVpcRequest {
  readonly vpc?: Vpc | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createVpcRequestType: MessageType<CreateVpcRequest> = messageType('argon.v1.CreateVpcRequest', [
  { name: 'vpc', property: 'vpc', number: 1, kind: 'message', type: vpcType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetVpcRequest {
  readonly name: string;
}

export const getVpcRequestType: MessageType<GetVpcRequest> = messageType('argon.v1.GetVpcRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^vpcs\/vpc-[0-9a-f]{17}$/u } },
]);

export interface ListVpcsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listVpcsRequestType: MessageType<ListVpcsRequest> = messageType('argon.v1.ListVpcsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListVpcsResponse {
  readonly vpcs: readonly Vpc[];
  readonly nextPageToken: string;
}

export const listVpcsResponseType: MessageType<ListVpcsResponse> = messageType('argon.v1.ListVpcsResponse', [
  { name: 'vpcs', property: 'vpcs', number: 1, kind: 'message', type: vpcType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateVpcRequest {
  readonly vpc?: Vpc | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateVpcRequestType: MessageType<UpdateVpcRequest> = messageType('argon.v1.UpdateVpcRequest', [
  { name: 'vpc', property: 'vpc', number: 1, kind: 'message', type: vpcType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'ipv4_cidrs', 'ipv6_cidrs', 'uplink', 'dhcp_options'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteVpcRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteVpcRequestType: MessageType<DeleteVpcRequest> = messageType('argon.v1.DeleteVpcRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^vpcs\/vpc-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteVpcResponse = Readonly<Record<string, never>>;

export const deleteVpcResponseType: MessageType<DeleteVpcResponse> = messageType('argon.v1.DeleteVpcResponse', []);

export interface CreateSubnetRequest {
  readonly subnet?: Subnet | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createSubnetRequestType: MessageType<CreateSubnetRequest> = messageType('argon.v1.CreateSubnetRequest', [
  { name: 'subnet', property: 'subnet', number: 1, kind: 'message', type: subnetType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetSubnetRequest {
  readonly name: string;
}

export const getSubnetRequestType: MessageType<GetSubnetRequest> = messageType('argon.v1.GetSubnetRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^subnets\/subnet-[0-9a-f]{17}$/u } },
]);

export interface ListSubnetsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listSubnetsRequestType: MessageType<ListSubnetsRequest> = messageType('argon.v1.ListSubnetsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListSubnetsResponse {
  readonly subnets: readonly Subnet[];
  readonly nextPageToken: string;
}

export const listSubnetsResponseType: MessageType<ListSubnetsResponse> = messageType('argon.v1.ListSubnetsResponse', [
  { name: 'subnets', property: 'subnets', number: 1, kind: 'message', type: subnetType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateSubnetRequest {
  readonly subnet?: Subnet | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateSubnetRequestType: MessageType<UpdateSubnetRequest> = messageType('argon.v1.UpdateSubnetRequest', [
  { name: 'subnet', property: 'subnet', number: 1, kind: 'message', type: subnetType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'route_table', 'network_acl'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteSubnetRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteSubnetRequestType: MessageType<DeleteSubnetRequest> = messageType('argon.v1.DeleteSubnetRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^subnets\/subnet-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteSubnetResponse = Readonly<Record<string, never>>;

export const deleteSubnetResponseType: MessageType<DeleteSubnetResponse> = messageType('argon.v1.DeleteSubnetResponse', []);

export interface CreateRouteTableRequest {
  readonly routeTable?: RouteTable | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createRouteTableRequestType: MessageType<CreateRouteTableRequest> = messageType('argon.v1.CreateRouteTableRequest', [
  { name: 'route_table', property: 'routeTable', number: 1, kind: 'message', type: routeTableType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetRouteTableRequest {
  readonly name: string;
}

export const getRouteTableRequestType: MessageType<GetRouteTableRequest> = messageType('argon.v1.GetRouteTableRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^routeTables\/rtb-[0-9a-f]{17}$/u } },
]);

export interface ListRouteTablesRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listRouteTablesRequestType: MessageType<ListRouteTablesRequest> = messageType('argon.v1.ListRouteTablesRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListRouteTablesResponse {
  readonly routeTables: readonly RouteTable[];
  readonly nextPageToken: string;
}

export const listRouteTablesResponseType: MessageType<ListRouteTablesResponse> = messageType('argon.v1.ListRouteTablesResponse', [
  { name: 'route_tables', property: 'routeTables', number: 1, kind: 'message', type: routeTableType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateRouteTableRequest {
  readonly routeTable?: RouteTable | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateRouteTableRequestType: MessageType<UpdateRouteTableRequest> = messageType('argon.v1.UpdateRouteTableRequest', [
  { name: 'route_table', property: 'routeTable', number: 1, kind: 'message', type: routeTableType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'is_main', 'routes'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteRouteTableRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteRouteTableRequestType: MessageType<DeleteRouteTableRequest> = messageType('argon.v1.DeleteRouteTableRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^routeTables\/rtb-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteRouteTableResponse = Readonly<Record<string, never>>;

export const deleteRouteTableResponseType: MessageType<DeleteRouteTableResponse> = messageType('argon.v1.DeleteRouteTableResponse', []);

export interface CreateSecurityGroupRequest {
  readonly securityGroup?: SecurityGroup | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createSecurityGroupRequestType: MessageType<CreateSecurityGroupRequest> = messageType('argon.v1.CreateSecurityGroupRequest', [
  { name: 'security_group', property: 'securityGroup', number: 1, kind: 'message', type: securityGroupType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetSecurityGroupRequest {
  readonly name: string;
}

export const getSecurityGroupRequestType: MessageType<GetSecurityGroupRequest> = messageType('argon.v1.GetSecurityGroupRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^securityGroups\/sg-[0-9a-f]{17}$/u } },
]);

export interface ListSecurityGroupsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listSecurityGroupsRequestType: MessageType<ListSecurityGroupsRequest> = messageType('argon.v1.ListSecurityGroupsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListSecurityGroupsResponse {
  readonly securityGroups: readonly SecurityGroup[];
  readonly nextPageToken: string;
}

export const listSecurityGroupsResponseType: MessageType<ListSecurityGroupsResponse> = messageType('argon.v1.ListSecurityGroupsResponse', [
  { name: 'security_groups', property: 'securityGroups', number: 1, kind: 'message', type: securityGroupType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateSecurityGroupRequest {
  readonly securityGroup?: SecurityGroup | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateSecurityGroupRequestType: MessageType<UpdateSecurityGroupRequest> = messageType('argon.v1.UpdateSecurityGroupRequest', [
  { name: 'security_group', property: 'securityGroup', number: 1, kind: 'message', type: securityGroupType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'ingress', 'egress'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteSecurityGroupRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteSecurityGroupRequestType: MessageType<DeleteSecurityGroupRequest> = messageType('argon.v1.DeleteSecurityGroupRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^securityGroups\/sg-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteSecurityGroupResponse = Readonly<Record<string, never>>;

export const deleteSecurityGroupResponseType: MessageType<DeleteSecurityGroupResponse> = messageType('argon.v1.DeleteSecurityGroupResponse', []);

export interface CreateNetworkAclRequest {
  readonly networkAcl?: NetworkAcl | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createNetworkAclRequestType: MessageType<CreateNetworkAclRequest> = messageType('argon.v1.CreateNetworkAclRequest', [
  { name: 'network_acl', property: 'networkAcl', number: 1, kind: 'message', type: networkAclType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetNetworkAclRequest {
  readonly name: string;
}

export const getNetworkAclRequestType: MessageType<GetNetworkAclRequest> = messageType('argon.v1.GetNetworkAclRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^networkAcls\/acl-[0-9a-f]{17}$/u } },
]);

export interface ListNetworkAclsRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listNetworkAclsRequestType: MessageType<ListNetworkAclsRequest> = messageType('argon.v1.ListNetworkAclsRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListNetworkAclsResponse {
  readonly networkAcls: readonly NetworkAcl[];
  readonly nextPageToken: string;
}

export const listNetworkAclsResponseType: MessageType<ListNetworkAclsResponse> = messageType('argon.v1.ListNetworkAclsResponse', [
  { name: 'network_acls', property: 'networkAcls', number: 1, kind: 'message', type: networkAclType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateNetworkAclRequest {
  readonly networkAcl?: NetworkAcl | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateNetworkAclRequestType: MessageType<UpdateNetworkAclRequest> = messageType('argon.v1.UpdateNetworkAclRequest', [
  { name: 'network_acl', property: 'networkAcl', number: 1, kind: 'message', type: networkAclType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'ingress', 'egress'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteNetworkAclRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  readonly allowMissing: boolean;
}

export const deleteNetworkAclRequestType: MessageType<DeleteNetworkAclRequest> = messageType('argon.v1.DeleteNetworkAclRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^networkAcls\/acl-[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteNetworkAclResponse = Readonly<Record<string, never>>;

export const deleteNetworkAclResponseType: MessageType<DeleteNetworkAclResponse> = messageType('argon.v1.DeleteNetworkAclResponse', []);
