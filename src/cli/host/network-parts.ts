// SPDX-License-Identifier: Apache-2.0

// Kinds of resources that networks are made of, each with the same methods: what commands and lab
// files do with one kind they do with all.

import { resourceFlags } from '../../api/generated/argon/v1/flags.ts';
import type { FlowLog } from '../../api/generated/argon/v1/flow-logs.ts';
import type { Interface } from '../../api/generated/argon/v1/interfaces.ts';
import type {
  NetworkAcl,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '../../api/generated/argon/v1/network-resources.ts';
import type { DhcpOptions, PrivateZone } from '../../api/generated/argon/v1/network-services.ts';
import type { PrefixList } from '../../api/generated/argon/v1/prefix-lists.ts';
import type { Init, ResourceFlags } from '../../api/schema.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { HostClient } from './host-client.ts';
import {
  entryReaders,
  listReaders,
  loggedReaders,
  type Readers,
  recordReaders,
  referenceReaders,
  ruleReaders,
  vpcReaders,
} from './network-readers.ts';
import {
  listDhcpOptions,
  listFlowLogs,
  listInterfaces,
  listNetworkAcls,
  listPrefixLists,
  listPrivateZones,
  listRouteTables,
  listSecurityGroups,
  listSubnets,
  listVpcs,
  type NetworkPart,
} from './resources.ts';
import {
  dhcpOptionsView,
  flowLogView,
  interfaceView,
  networkAclView,
  prefixListView,
  privateZoneView,
  routeTableView,
  securityGroupView,
  subnetView,
  type View,
  vpcView,
} from './show.ts';

/** A resource, and what it is about besides: an update's mask, a request's id. */
export interface PartRequest<Resource> {
  readonly resource: Init<Resource>;
  readonly updateMask: readonly string[];
  readonly requestId: string;
}

/** A kind of resources that are made and not changed: its methods, by the verbs of commands. */
export interface FixedPart<Resource> {
  readonly kind: NetworkPart | 'interface' | 'flow-log';
  readonly description: string;
  readonly flags: ResourceFlags<Resource>;
  readonly view: View<Resource>;
  readonly required: readonly string[];
  readonly readers: (client: HostClient, scope: Cancellable) => Readers;
  readonly list: (client: HostClient, scope: Cancellable) => Promise<readonly Resource[]>;
  readonly get: (client: HostClient, name: string, scope: Cancellable) => Promise<Resource>;
  readonly create: (
    client: HostClient,
    request: PartRequest<Resource>,
    scope: Cancellable,
  ) => Promise<Resource>;
  readonly delete: (
    client: HostClient,
    request: { readonly name: string; readonly requestId: string },
    scope: Cancellable,
  ) => Promise<object>;
}

/** A kind of resources. */
export interface Part<Resource> extends FixedPart<Resource> {
  readonly update: (
    client: HostClient,
    request: PartRequest<Resource>,
    scope: Cancellable,
  ) => Promise<Resource>;
}

export const vpcPart: Part<Vpc> = {
  kind: 'vpc',
  description: 'networks of their own',
  flags: resourceFlags.Vpc,
  view: vpcView,
  required: [],
  readers: (client, scope) => ({ ...referenceReaders(client, scope), ...vpcReaders }),
  list: listVpcs,
  get: async (client, name, scope) => client.call('Networks.GetVpc', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateVpc', { vpc: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateVpc', { vpc: resource, ...options }, scope),
  delete: async (client, request, scope) => client.call('Networks.DeleteVpc', request, scope),
};

export const subnetPart: Part<Subnet> = {
  kind: 'subnet',
  description: 'parts of a VPC that interfaces are in',
  flags: resourceFlags.Subnet,
  view: subnetView,
  required: ['vpc'],
  readers: referenceReaders,
  list: listSubnets,
  get: async (client, name, scope) => client.call('Networks.GetSubnet', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateSubnet', { subnet: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateSubnet', { subnet: resource, ...options }, scope),
  delete: async (client, request, scope) => client.call('Networks.DeleteSubnet', request, scope),
};

export const routeTablePart: Part<RouteTable> = {
  kind: 'route-table',
  description: 'where packets go that leave a subnet',
  flags: resourceFlags.RouteTable,
  view: routeTableView,
  required: ['vpc'],
  readers: referenceReaders,
  list: listRouteTables,
  get: async (client, name, scope) => client.call('Networks.GetRouteTable', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateRouteTable', { routeTable: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateRouteTable', { routeTable: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteRouteTable', request, scope),
};

export const securityGroupPart: Part<SecurityGroup> = {
  kind: 'security-group',
  description: 'what may come to interfaces and leave them',
  flags: resourceFlags.SecurityGroup,
  view: securityGroupView,
  required: ['vpc'],
  readers: (client, scope) => ({
    ...referenceReaders(client, scope),
    ...ruleReaders(client, scope),
  }),
  list: listSecurityGroups,
  get: async (client, name, scope) => client.call('Networks.GetSecurityGroup', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateSecurityGroup', { securityGroup: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateSecurityGroup', { securityGroup: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteSecurityGroup', request, scope),
};

export const networkAclPart: Part<NetworkAcl> = {
  kind: 'network-acl',
  description: 'what may enter and leave subnets',
  flags: resourceFlags.NetworkAcl,
  view: networkAclView,
  required: ['vpc'],
  readers: (client, scope) => ({ ...referenceReaders(client, scope), ...entryReaders }),
  list: listNetworkAcls,
  get: async (client, name, scope) => client.call('Networks.GetNetworkAcl', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Networks.CreateNetworkAcl', { networkAcl: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Networks.UpdateNetworkAcl', { networkAcl: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Networks.DeleteNetworkAcl', request, scope),
};

export const prefixListPart: Part<PrefixList> = {
  kind: 'prefix-list',
  description: 'blocks of addresses that rules and routes name together',
  flags: resourceFlags.PrefixList,
  view: prefixListView,
  required: ['max_entries'],
  readers: () => listReaders,
  list: listPrefixLists,
  get: async (client, name, scope) => client.call('PrefixLists.GetPrefixList', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('PrefixLists.CreatePrefixList', { prefixList: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('PrefixLists.UpdatePrefixList', { prefixList: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('PrefixLists.DeletePrefixList', request, scope),
};

export const dhcpOptionsPart: Part<DhcpOptions> = {
  kind: 'dhcp-options',
  description: 'what DHCP tells the guests of VPCs',
  flags: resourceFlags.DhcpOptions,
  view: dhcpOptionsView,
  required: [],
  readers: () => ({}),
  list: listDhcpOptions,
  get: async (client, name, scope) =>
    client.call('NetworkServices.GetDhcpOptions', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('NetworkServices.CreateDhcpOptions', { dhcpOptions: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('NetworkServices.UpdateDhcpOptions', { dhcpOptions: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('NetworkServices.DeleteDhcpOptions', request, scope),
};

export const privateZonePart: Part<PrivateZone> = {
  kind: 'private-zone',
  description: 'names that guests of VPCs resolve',
  flags: resourceFlags.PrivateZone,
  view: privateZoneView,
  required: ['domain_name'],
  readers: (client, scope) => ({ ...referenceReaders(client, scope), ...recordReaders }),
  list: listPrivateZones,
  get: async (client, name, scope) =>
    client.call('NetworkServices.GetPrivateZone', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('NetworkServices.CreatePrivateZone', { privateZone: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('NetworkServices.UpdatePrivateZone', { privateZone: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('NetworkServices.DeletePrivateZone', request, scope),
};

export const interfacePart: Part<Interface> = {
  kind: 'interface',
  description: 'network interfaces of a running host',
  flags: resourceFlags.Interface,
  view: interfaceView,
  required: ['subnet', 'security_groups'],
  readers: referenceReaders,
  list: listInterfaces,
  get: async (client, name, scope) => client.call('Interfaces.GetInterface', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('Interfaces.CreateInterface', { interface: resource, requestId }, scope),
  update: async (client, { resource, ...options }, scope) =>
    client.call('Interfaces.UpdateInterface', { interface: resource, ...options }, scope),
  delete: async (client, request, scope) =>
    client.call('Interfaces.DeleteInterface', request, scope),
};

export const flowLogPart: FixedPart<FlowLog> = {
  kind: 'flow-log',
  description: 'what interfaces of a running host sent and got, in files of the host',
  flags: resourceFlags.FlowLog,
  view: flowLogView,
  required: ['resource'],
  readers: loggedReaders,
  list: listFlowLogs,
  get: async (client, name, scope) => client.call('FlowLogs.GetFlowLog', { name }, scope),
  create: async (client, { resource, requestId }, scope) =>
    client.call('FlowLogs.CreateFlowLog', { flowLog: resource, requestId }, scope),
  delete: async (client, request, scope) => client.call('FlowLogs.DeleteFlowLog', request, scope),
};
