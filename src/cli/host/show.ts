// SPDX-License-Identifier: Apache-2.0

// Resources as commands print them: a table, one resource in full, or names.

import {
  type FlowLog,
  flowLogType,
  flowTrafficTypeType,
} from '../../api/generated/argon/v1/flow-logs.ts';
import {
  type HostInfo,
  hostEnvironmentType,
  type Part,
  partKindType,
  partStateType,
} from '../../api/generated/argon/v1/host.ts';
import {
  bootImageType,
  type Instance,
  instanceStateType,
  instanceType,
} from '../../api/generated/argon/v1/instances.ts';
import { type Interface, interfaceType } from '../../api/generated/argon/v1/interfaces.ts';
import {
  type NetworkAcl,
  networkAclType,
  type RouteTable,
  routeTableType,
  type SecurityGroup,
  type Subnet,
  securityGroupType,
  subnetType,
  type Vpc,
  vpcType,
} from '../../api/generated/argon/v1/network-resources.ts';
import {
  type DhcpOptions,
  dhcpOptionsType,
  type PrivateZone,
  privateZoneType,
} from '../../api/generated/argon/v1/network-services.ts';
import {
  addressFamilyType,
  type PrefixList,
  prefixListType,
} from '../../api/generated/argon/v1/prefix-lists.ts';
import {
  attachmentStateType,
  type Volume,
  volumeCipherType,
  volumeStateType,
  volumeType,
} from '../../api/generated/argon/v1/volumes.ts';
import type { MessageType } from '../../api/schema.ts';
import { formatBytes } from '../../base/byte-size.ts';
import type { CommandContext } from '../context.ts';
import { documentOf, shortEnumValue } from '../document/write.ts';
import { type Column, formatTable, formatYaml } from '../output.ts';
import { idOf } from './resources.ts';

/** How resources of one kind are shown. */
export interface View<Resource> {
  readonly type: MessageType<Resource>;
  readonly columns: readonly Column<Resource>[];
  /** What is wrong with one, for people who have just made or changed it. */
  readonly troubles?: (resource: Resource) => readonly string[];
}

export const volumeView: View<Volume> = {
  type: volumeType,
  columns: [
    { title: 'VOLUME', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'SIZE', of: ({ sizeBytes }) => formatBytes(Number(sizeBytes)), align: 'right' },
    { title: 'CIPHER', of: ({ cipher }) => shortEnumValue(volumeCipherType, cipher) },
    { title: 'STATE', of: ({ state }) => shortEnumValue(volumeStateType, state) },
    { title: 'INSTANCE', of: ({ attachment }) => idOf(attachment?.instance ?? '') },
    {
      title: 'ATTACHMENT',
      of: ({ attachment }) =>
        attachment === undefined ? '' : shortEnumValue(attachmentStateType, attachment.state),
    },
  ],
};

export const instanceView: View<Instance> = {
  type: instanceType,
  columns: [
    { title: 'INSTANCE', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'STATE', of: ({ state }) => shortEnumValue(instanceStateType, state) },
    { title: 'BOOTS', of: bootOf },
    { title: 'CPUS', of: ({ cpuCount }) => String(cpuCount), align: 'right' },
    { title: 'MEMORY', of: ({ memoryBytes }) => formatBytes(Number(memoryBytes)), align: 'right' },
    { title: 'VOLUMES', of: ({ volumes }) => String(volumes.length), align: 'right' },
    { title: 'ACCEL', of: ({ accelerator }) => accelerator },
  ],
};

export const interfaceView: View<Interface> = {
  type: interfaceType,
  columns: [
    { title: 'INTERFACE', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'MAC', of: ({ macAddress }) => macAddress },
    { title: 'SUBNET', of: ({ subnet }) => idOf(subnet) },
    { title: 'IPV4', of: ({ ipv4Addresses }) => ipv4Addresses.join(' ') },
    { title: 'IPV6', of: ({ ipv6Addresses }) => ipv6Addresses.join(' ') },
    { title: 'INSTANCE', of: ({ instance }) => idOf(instance) },
  ],
};

export const flowLogView: View<FlowLog> = {
  type: flowLogType,
  columns: [
    { title: 'FLOW LOG', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'RESOURCE', of: ({ resource }) => idOf(resource) },
    {
      title: 'TRAFFIC',
      of: ({ trafficType }) => shortEnumValue(flowTrafficTypeType, trafficType),
    },
    { title: 'FILE', of: ({ file }) => file },
    { title: 'RECORDS', align: 'right', of: ({ recordsWritten }) => String(recordsWritten) },
    { title: 'LOST', align: 'right', of: ({ recordsLost }) => String(recordsLost) },
  ],
};

export const vpcView: View<Vpc> = {
  type: vpcType,
  columns: [
    { title: 'VPC', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'IPV4', of: ({ ipv4Cidrs }) => ipv4Cidrs.join(' ') },
    { title: 'IPV6', of: ({ ipv6Cidrs }) => ipv6Cidrs.join(' ') },
    {
      title: 'UPLINK',
      of: ({ uplink, conditions }) =>
        `${uplink?.tap ?? ''}${conditions.length > 0 ? ' (down)' : ''}`,
    },
  ],
  troubles: ({ uplink, conditions }) =>
    conditions.map(({ message }) => `uplink ${uplink?.tap ?? ''} is down: ${message}`),
};

export const subnetView: View<Subnet> = {
  type: subnetType,
  columns: [
    { title: 'SUBNET', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'VPC', of: ({ vpc }) => idOf(vpc) },
    { title: 'IPV4', of: ({ ipv4Cidr }) => ipv4Cidr },
    { title: 'IPV6', of: ({ ipv6Cidr }) => ipv6Cidr },
    { title: 'ROUTES', of: ({ routeTable }) => idOf(routeTable) },
    { title: 'ACL', of: ({ networkAcl }) => idOf(networkAcl) },
  ],
};

export const routeTableView: View<RouteTable> = {
  type: routeTableType,
  columns: [
    { title: 'TABLE', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'VPC', of: ({ vpc }) => idOf(vpc) },
    { title: 'MAIN', of: ({ isMain }) => (isMain ? 'yes' : '') },
    { title: 'ROUTES', of: ({ routes }) => String(routes.length), align: 'right' },
  ],
};

export const securityGroupView: View<SecurityGroup> = {
  type: securityGroupType,
  columns: [
    { title: 'GROUP', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'VPC', of: ({ vpc }) => idOf(vpc) },
    { title: 'IN', of: ({ ingress }) => String(ingress.length), align: 'right' },
    { title: 'OUT', of: ({ egress }) => String(egress.length), align: 'right' },
  ],
};

export const networkAclView: View<NetworkAcl> = {
  type: networkAclType,
  columns: [
    { title: 'ACL', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'VPC', of: ({ vpc }) => idOf(vpc) },
    { title: 'IN', of: ({ ingress }) => String(ingress.length), align: 'right' },
    { title: 'OUT', of: ({ egress }) => String(egress.length), align: 'right' },
  ],
};

export const prefixListView: View<PrefixList> = {
  type: prefixListType,
  columns: [
    { title: 'LIST', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    {
      title: 'FAMILY',
      of: ({ addressFamily }) => shortEnumValue(addressFamilyType, addressFamily),
    },
    { title: 'ENTRIES', of: ({ entries }) => String(entries.length), align: 'right' },
    { title: 'MAX', of: ({ maxEntries }) => String(maxEntries), align: 'right' },
    { title: 'VERSION', of: ({ version }) => String(version), align: 'right' },
  ],
};

export const dhcpOptionsView: View<DhcpOptions> = {
  type: dhcpOptionsType,
  columns: [
    { title: 'OPTIONS', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'DOMAIN', of: ({ domainName }) => domainName },
    { title: 'DNS', of: ({ domainNameServers }) => domainNameServers.join(' ') },
    { title: 'NTP', of: ({ ntpServers }) => ntpServers.join(' ') },
  ],
};

export const privateZoneView: View<PrivateZone> = {
  type: privateZoneType,
  columns: [
    { title: 'ZONE', of: ({ name }) => idOf(name) },
    { title: 'NAME', of: ({ displayName }) => displayName },
    { title: 'DOMAIN', of: ({ domainName }) => domainName },
    { title: 'VPCS', of: ({ vpcs }) => vpcs.map(idOf).join(' ') },
    { title: 'RECORDS', of: ({ records }) => String(records.length), align: 'right' },
  ],
};

export const hostColumns: readonly Column<HostInfo>[] = [
  { title: 'VERSION', of: ({ version }) => version },
  {
    title: 'ENVIRONMENT',
    of: ({ environment }) => shortEnumValue(hostEnvironmentType, environment),
  },
  { title: 'STARTED', of: ({ startTime }) => startTime?.toISOString() ?? '' },
];

export const partColumns: readonly Column<Part>[] = [
  { title: 'PART', of: ({ id }) => id },
  { title: 'KIND', of: ({ kind }) => shortEnumValue(partKindType, kind) },
  { title: 'STATE', of: ({ state }) => shortEnumValue(partStateType, state) },
  { title: 'PID', of: ({ pid }) => String(pid), align: 'right' },
  { title: 'RESTARTS', of: ({ restarts }) => String(restarts), align: 'right' },
];

interface Named {
  readonly name: string;
}

/** All of a kind: a table, a list, or a name a line. */
export async function printResources<Resource extends Named & object>(
  context: CommandContext,
  { type, columns }: View<Resource>,
  resources: readonly Resource[],
): Promise<void> {
  const text =
    context.format === 'name'
      ? resources.map(({ name }) => `${name}\n`).join('')
      : formatTable(columns, resources);
  await context.print(
    resources.map((resource) => documentOf(type, resource)),
    text,
  );
}

/** One with all its fields; people get it in YAML. */
export async function printResource<Resource extends Named & object>(
  context: CommandContext,
  { type }: View<Resource>,
  resource: Resource,
): Promise<void> {
  const isName = context.format === 'name';
  const text = isName
    ? `${resource.name}\n`
    : await formatYaml(documentOf(type, resource, { isBrief: true }));
  await context.print(documentOf(type, resource), text);
}

/**
 * What a command did to a resource: a sentence for people, the resource for programs. What is wrong
 * with it is noted beside.
 */
export async function printChange<Resource extends Named & object>(
  context: CommandContext,
  { type, troubles }: View<Resource>,
  resource: Resource,
  sentence: string,
): Promise<void> {
  const text = context.format === 'name' ? resource.name : sentence;
  await context.print(documentOf(type, resource), `${text}\n`);
  for (const trouble of troubles?.(resource) ?? []) context.stages.note(trouble);
}

function bootOf({ bootVolume, image }: Instance): string {
  return bootVolume === '' ? shortEnumValue(bootImageType, image) : idOf(bootVolume);
}
