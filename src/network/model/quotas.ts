// SPDX-License-Identifier: Apache-2.0

/**
 * How much there may be: the published quotas of Amazon VPC, where a quota can be raised the
 * default, but for VPCs, of which a new account may have 5 and a host of ours 100.
 */
export const quotas = {
  vpcs: 100,
  cidrsOfVpc: 5, // Of each family.
  subnetsOfVpc: 200,
  routeTablesOfVpc: 200,
  routesOfTable: 50, // RT-7; of each family.
  networkAclsOfVpc: 200,
  entriesOfAcl: 20, // NA-6; of each direction.
  securityGroups: 2_500,
  rulesOfGroup: 60, // SG-5; of each direction and family.
  groupsOfInterface: 5, // SG-5; with the rules of a group this is below the product of 1,000.
  interfaces: 5_000,
  flowLogs: 1_000, // Of a host: ours, arbitrary.
  flowLogsOfResource: 2, // Of a VPC, a subnet or an interface.
  prefixLists: 100, // Of a host.
  entriesOfPrefixList: 1_000,
  dhcpOptions: 100, // Of a host: ours, one for each VPC.
  serversOfOptions: 4, // Of a kind; of NTP, of each family.
  privateZones: 500, // Of Route 53, as the next two; of a host.
  recordsOfZones: 10_000, // Of Route 53 in each zone; here in all, which cards are sent as a whole.
  valuesOfRecord: 400,
  addressesOfInterface: 50, // Of each family, as on the largest instances.
} as const;
