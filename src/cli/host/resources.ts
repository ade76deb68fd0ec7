// SPDX-License-Identifier: Apache-2.0

// The resources of a host: how they are listed, found by what a user calls them, and shown.

import type { FlowLog } from '../../api/generated/argon/v1/flow-logs.ts';
import type { Instance } from '../../api/generated/argon/v1/instances.ts';
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
import type { Volume } from '../../api/generated/argon/v1/volumes.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { closestWord } from '../../base/suggest.ts';
import { collectPages, type HostClient } from './host-client.ts';

/** What `argon network …` is about. */
export type NetworkPart =
  | 'vpc'
  | 'subnet'
  | 'route-table'
  | 'security-group'
  | 'network-acl'
  | 'prefix-list'
  | 'dhcp-options'
  | 'private-zone';
export type ResourceKind = 'volume' | 'instance' | 'interface' | 'flow-log' | NetworkPart;

/** Fields of networks and interfaces that name another resource, and of which kind it is. */
export const referenceKinds: ReadonlyMap<string, ResourceKind> = new Map<string, ResourceKind>([
  ['vpc', 'vpc'],
  ['vpcs', 'vpc'],
  ['dhcp_options', 'dhcp-options'],
  ['prefix_list', 'prefix-list'],
  ['subnet', 'subnet'],
  ['route_table', 'route-table'],
  ['network_acl', 'network-acl'],
  ['security_group', 'security-group'],
  ['security_groups', 'security-group'],
  ['interface', 'interface'],
]);

interface NamedResource {
  readonly name: string;
  readonly displayName: string;
}

interface Naming {
  /** What stands before the id in a name. */
  readonly collection: string;
  readonly id: RegExp;
  /** The command that it is a part of. */
  readonly command: string;
  list(client: HostClient, scope: Cancellable): Promise<readonly NamedResource[]>;
}

const namings: Readonly<Record<ResourceKind, Naming>> = {
  volume: {
    collection: 'volumes/',
    id: /^vol[0-9a-f]{17}$/,
    command: 'volume',
    list: listVolumes,
  },
  instance: {
    collection: 'instances/',
    id: /^i-[0-9a-f]{17}$/,
    command: 'instance',
    list: listInstances,
  },
  interface: {
    collection: 'interfaces/',
    id: /^eni-[0-9a-f]{17}$/,
    command: 'interface',
    list: listInterfaces,
  },
  vpc: { collection: 'vpcs/', id: /^vpc-[0-9a-f]{17}$/, command: 'network vpc', list: listVpcs },
  subnet: {
    collection: 'subnets/',
    id: /^subnet-[0-9a-f]{17}$/,
    command: 'network subnet',
    list: listSubnets,
  },
  'route-table': {
    collection: 'routeTables/',
    id: /^rtb-[0-9a-f]{17}$/,
    command: 'network route-table',
    list: listRouteTables,
  },
  'security-group': {
    collection: 'securityGroups/',
    id: /^sg-[0-9a-f]{17}$/,
    command: 'network security-group',
    list: listSecurityGroups,
  },
  'network-acl': {
    collection: 'networkAcls/',
    id: /^acl-[0-9a-f]{17}$/,
    command: 'network network-acl',
    list: listNetworkAcls,
  },
  'prefix-list': {
    collection: 'prefixLists/',
    id: /^pl-[0-9a-f]{17}$/,
    command: 'network prefix-list',
    list: listPrefixLists,
  },
  'dhcp-options': {
    collection: 'dhcpOptions/',
    id: /^dopt-[0-9a-f]{17}$/,
    command: 'network dhcp-options',
    list: listDhcpOptions,
  },
  'private-zone': {
    collection: 'privateZones/',
    id: /^zone-[0-9a-f]{17}$/,
    command: 'network private-zone',
    list: listPrivateZones,
  },
  'flow-log': {
    collection: 'flowLogs/',
    id: /^fl-[0-9a-f]{17}$/,
    command: 'flow-log',
    list: listFlowLogs,
  },
};

/** All of a kind. */
export async function listResources(
  client: HostClient,
  kind: ResourceKind,
  scope: Cancellable,
): Promise<readonly NamedResource[]> {
  return namings[kind].list(client, scope);
}

export async function listVolumes(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly Volume[]> {
  return collectPages(
    async (pageToken) => client.call('Volumes.ListVolumes', { pageToken }, scope),
    ({ volumes }) => volumes,
  );
}

export async function listInstances(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly Instance[]> {
  return collectPages(
    async (pageToken) => client.call('Instances.ListInstances', { pageToken }, scope),
    ({ instances }) => instances,
  );
}

export async function listInterfaces(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly Interface[]> {
  return collectPages(
    async (pageToken) => client.call('Interfaces.ListInterfaces', { pageToken }, scope),
    ({ interfaces }) => interfaces,
  );
}

export async function listVpcs(client: HostClient, scope: Cancellable): Promise<readonly Vpc[]> {
  return collectPages(
    async (pageToken) => client.call('Networks.ListVpcs', { pageToken }, scope),
    ({ vpcs }) => vpcs,
  );
}

export async function listSubnets(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly Subnet[]> {
  return collectPages(
    async (pageToken) => client.call('Networks.ListSubnets', { pageToken }, scope),
    ({ subnets }) => subnets,
  );
}

export async function listRouteTables(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly RouteTable[]> {
  return collectPages(
    async (pageToken) => client.call('Networks.ListRouteTables', { pageToken }, scope),
    ({ routeTables }) => routeTables,
  );
}

export async function listSecurityGroups(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly SecurityGroup[]> {
  return collectPages(
    async (pageToken) => client.call('Networks.ListSecurityGroups', { pageToken }, scope),
    ({ securityGroups }) => securityGroups,
  );
}

export async function listNetworkAcls(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly NetworkAcl[]> {
  return collectPages(
    async (pageToken) => client.call('Networks.ListNetworkAcls', { pageToken }, scope),
    ({ networkAcls }) => networkAcls,
  );
}

export async function listPrefixLists(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly PrefixList[]> {
  return collectPages(
    async (pageToken) => client.call('PrefixLists.ListPrefixLists', { pageToken }, scope),
    ({ prefixLists }) => prefixLists,
  );
}

export async function listDhcpOptions(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly DhcpOptions[]> {
  return collectPages(
    async (pageToken) => client.call('NetworkServices.ListDhcpOptions', { pageToken }, scope),
    ({ dhcpOptions }) => dhcpOptions,
  );
}

// A zone may be nearly as large as a request, and an answer holds four of those.
const zonesOfPage = 3;

export async function listPrivateZones(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly PrivateZone[]> {
  const pageSize = zonesOfPage;
  return collectPages(
    async (pageToken) =>
      client.call('NetworkServices.ListPrivateZones', { pageSize, pageToken }, scope),
    ({ privateZones }) => privateZones,
  );
}

export async function listFlowLogs(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly FlowLog[]> {
  return collectPages(
    async (pageToken) => client.call('FlowLogs.ListFlowLogs', { pageToken }, scope),
    ({ flowLogs }) => flowLogs,
  );
}

/**
 * The full name for a full name, for an id that may be without its collection, or undefined for
 * what must be a display name.
 */
export function fullNameOf(kind: ResourceKind, text: string): string | undefined {
  const { collection, id } = namings[kind];
  const bare = bareId(text, collection);
  return id.test(bare) ? `${collection}${bare}` : undefined;
}

/** The id in a name: `vol…` of `volumes/vol…`. */
export function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/**
 * The full name of what a user calls by its name, its id or its display name. Asks the host only
 * about display names.
 * @throws ArgonError not-found; invalid-argument if several have the display name.
 */
export async function resolveName(
  client: HostClient,
  kind: ResourceKind,
  text: string,
  scope: Cancellable,
): Promise<string> {
  const name = fullNameOf(kind, text);
  if (name !== undefined) return name;
  const all = await listResources(client, kind, scope);
  const found = all.filter(({ displayName }) => displayName === text);
  const [first, second] = found;
  if (first === undefined) throw noSuch(kind, text, all);
  if (second === undefined) return first.name;
  throw new ArgonError('invalid-argument', `several have the display name "${text}"`, {
    hint: `name one of: ${found.map((one) => one.name).join(', ')}`,
  });
}

/** What people call it: its display name if it has one, else its id. */
export function labelOf({ name, displayName }: NamedResource): string {
  return displayName === '' ? idOf(name) : displayName;
}

function bareId(text: string, collection: string): string {
  return text.startsWith(collection) ? text.slice(collection.length) : text;
}

function noSuch(kind: ResourceKind, text: string, all: readonly NamedResource[]): ArgonError {
  const labels = all.flatMap(({ displayName, name }) => [displayName, idOf(name)]);
  const closest = closestWord(
    text,
    labels.filter((label) => label !== ''),
  );
  return new ArgonError('not-found', `there is no ${kind} "${text}"`, {
    hint:
      closest === undefined
        ? `argon ${namings[kind].command} list shows them`
        : `did you mean "${closest}"?`,
  });
}
