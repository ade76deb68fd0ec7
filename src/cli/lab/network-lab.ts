// SPDX-License-Identifier: Apache-2.0

// The sections of a lab file that make VPCs: resources of which the file sets every field.

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
import { type PrefixList, prefixListType } from '../../api/generated/argon/v1/prefix-lists.ts';
import type { Init, MessageType } from '../../api/schema.ts';
import { entryOf, expectText } from '../document/parse.ts';
import type { SourceMap } from '../document/source.ts';
import { itemsOf, type LabEntry, labeled, readFields, refuseTwice } from './fields.ts';

/** A resource with references as the file has them. */
export interface LabResource<Resource> extends LabEntry {
  readonly fields: Init<Resource>;
}

export interface LabNetworks {
  readonly prefixLists: readonly LabResource<PrefixList>[];
  readonly dhcpOptions: readonly LabResource<DhcpOptions>[];
  readonly vpcs: readonly LabResource<Vpc>[];
  readonly securityGroups: readonly LabResource<SecurityGroup>[];
  readonly networkAcls: readonly LabResource<NetworkAcl>[];
  readonly routeTables: readonly LabResource<RouteTable>[];
  readonly subnets: readonly LabResource<Subnet>[];
  readonly privateZones: readonly LabResource<PrivateZone>[];
}

export const networkSections = [
  'prefix_lists',
  'dhcp_options',
  'vpcs',
  'security_groups',
  'network_acls',
  'route_tables',
  'subnets',
  'private_zones',
] as const;

/** @throws ArgonError invalid-argument with the place. */
export function readNetworks(root: SourceMap): LabNetworks {
  return {
    prefixLists: readSection(root, 'prefix_lists', prefixListType),
    dhcpOptions: readSection(root, 'dhcp_options', dhcpOptionsType),
    vpcs: readSection(root, 'vpcs', vpcType),
    securityGroups: readSection(root, 'security_groups', securityGroupType),
    networkAcls: readSection(root, 'network_acls', networkAclType),
    routeTables: readSection(root, 'route_tables', routeTableType),
    subnets: readSection(root, 'subnets', subnetType),
    privateZones: readSection(root, 'private_zones', privateZoneType),
  };
}

function readSection<Resource>(
  root: SourceMap,
  section: (typeof networkSections)[number],
  type: MessageType<Resource>,
): readonly LabResource<Resource>[] {
  const entries = itemsOf(root, section).map((map) => {
    const fields = readFields(map, type);
    const displayName = entryOf(map, 'display_name');
    const label = displayName === undefined ? '' : expectText(displayName, 'display_name');
    return { ...labeled(map, label), fields };
  });
  refuseTwice(entries);
  return entries;
}
