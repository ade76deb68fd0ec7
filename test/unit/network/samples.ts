// SPDX-License-Identifier: Apache-2.0

// A VPC with one of everything, and records that tests change one field of.

import { parseCidr, parseIpAddress } from '../../../src/network/model/address.ts';
import {
  type DhcpOptions,
  emptyNetworkState,
  type FlowLog,
  type NetworkAcl,
  type NetworkAclEntry,
  type NetworkInterface,
  type NetworkState,
  type PrefixList,
  type PrivateRecord,
  type PrivateZone,
  type RouteTable,
  type SecurityGroup,
  type SecurityGroupRule,
  type Subnet,
  type Vpc,
} from '../../../src/network/model/records.ts';

/** As `networkId('vpc', 1)`: the id of a record that tests number. */
export function networkId(prefix: string, number: number): string {
  return `${prefix}-${number.toString(16).padStart(17, '0')}`;
}

function base(prefix: string, number: number) {
  const id = networkId(prefix, number);
  return { id, displayName: `${prefix}-${number}`, createTimeMs: 1_000, revision: 1 };
}

export function sampleVpc(number = 1, changes: Partial<Vpc> = {}): Vpc {
  return {
    ...base('vpc', number),
    ipv4Cidrs: [parseCidr('10.0.0.0/16')],
    ipv6Cidrs: [parseCidr('fd00:1::/56')],
    ...changes,
  };
}

/** Subnet n of VPC 1 has 10.0.n.0/24. */
export function sampleSubnet(number = 1, changes: Partial<Subnet> = {}): Subnet {
  return {
    ...base('subnet', number),
    vpc: networkId('vpc', 1),
    ipv4Cidr: parseCidr(`10.0.${number}.0/24`),
    ipv6Cidr: parseCidr(`fd00:1:0:${number.toString(16)}::/64`),
    routeTable: undefined,
    networkAcl: undefined,
    ...changes,
  };
}

export function sampleTable(number = 1, changes: Partial<RouteTable> = {}): RouteTable {
  const uplink = { destination: parseCidr('0.0.0.0/0'), target: { kind: 'uplink' as const } };
  return {
    ...base('rtb', number),
    vpc: networkId('vpc', 1),
    isMain: false,
    routes: [uplink],
    ...changes,
  };
}

export function sampleRule(changes: Partial<SecurityGroupRule> = {}): SecurityGroupRule {
  return {
    protocol: 'tcp',
    fromPort: 22,
    toPort: 22,
    icmpType: 0,
    icmpCode: 0,
    peer: { kind: 'cidr', cidr: parseCidr('192.0.2.0/24') },
    description: '',
    ...changes,
  };
}

export function sampleGroup(number = 1, changes: Partial<SecurityGroup> = {}): SecurityGroup {
  const all = { protocol: 'all', fromPort: 0, toPort: 0 };
  const peer = { kind: 'cidr' as const, cidr: parseCidr('0.0.0.0/0') };
  return {
    ...base('sg', number),
    vpc: networkId('vpc', 1),
    ingress: [sampleRule()],
    egress: [sampleRule({ ...all, peer })],
    ...changes,
  };
}

export function sampleEntry(changes: Partial<NetworkAclEntry> = {}): NetworkAclEntry {
  return {
    number: 100,
    protocol: 'all',
    fromPort: 0,
    toPort: 0,
    icmpType: 0,
    icmpCode: 0,
    cidr: parseCidr('0.0.0.0/0'),
    action: 'allow',
    ...changes,
  };
}

export function sampleAcl(number = 1, changes: Partial<NetworkAcl> = {}): NetworkAcl {
  const vpc = networkId('vpc', 1);
  return {
    ...base('acl', number),
    vpc,
    ingress: [sampleEntry()],
    egress: [sampleEntry()],
    ...changes,
  };
}

/** Interface n is 10.0.1.(n + 9). */
export function sampleInterface(
  number = 1,
  changes: Partial<NetworkInterface> = {},
): NetworkInterface {
  const digits = number.toString(16).padStart(2, '0');
  return {
    ...base('eni', number),
    subnet: networkId('subnet', 1),
    macAddress: `02:00:00:00:00:${digits}`,
    ipv4Addresses: [parseIpAddress(`10.0.1.${number + 9}`)],
    ipv6Addresses: [parseIpAddress(`fd00:1:0:1::${(number + 9).toString(16)}`)],
    securityGroups: [networkId('sg', 1)],
    hasSourceDestCheck: true,
    ...changes,
  };
}

/** One of each kind; the subnet goes by its own table and ACL. */
export function sampleState(changes: Partial<NetworkState> = {}): NetworkState {
  return {
    ...emptyNetworkState,
    vpc: [sampleVpc()],
    subnet: [sampleSubnet(1, { routeTable: networkId('rtb', 1), networkAcl: networkId('acl', 1) })],
    'route-table': [sampleTable()],
    'security-group': [sampleGroup()],
    'network-acl': [sampleAcl()],
    interface: [sampleInterface()],
    ...changes,
  };
}

/** Of all traffic of VPC 1. */
export function sampleFlowLog(number = 1, changes: Partial<FlowLog> = {}): FlowLog {
  return {
    ...base('fl', number),
    resource: networkId('vpc', 1),
    trafficType: 'all',
    intervalSeconds: 600,
    fields: ['interface-id', 'action', 'log-status'],
    ...changes,
  };
}

/** A domain, the VPC's own resolver and one NTP server. */
export function sampleOptions(number = 1, changes: Partial<DhcpOptions> = {}): DhcpOptions {
  return {
    ...base('dopt', number),
    domainName: 'corp.internal',
    domainNameServers: ['ArgonProvidedDNS'],
    ntpServers: [parseIpAddress('10.0.1.123')],
    netbiosNameServers: [],
    netbiosNodeType: undefined,
    ipv6PreferredLeaseSeconds: undefined,
    ...changes,
  };
}

export function sampleRecord(changes: Partial<PrivateRecord> = {}): PrivateRecord {
  return { name: 'db.corp', type: 'A', ttlSeconds: 60, values: ['10.0.1.9'], ...changes };
}

/** corp, of VPC 1, with db.corp. */
export function sampleZone(number = 1, changes: Partial<PrivateZone> = {}): PrivateZone {
  return {
    ...base('zone', number),
    domainName: 'corp',
    vpcs: [networkId('vpc', 1)],
    records: [sampleRecord()],
    ...changes,
  };
}

/** Two blocks of IPv4, of at most ten. */
export function sampleList(number = 1, changes: Partial<PrefixList> = {}): PrefixList {
  const entries = ['192.0.2.0/24', '198.51.100.0/24'].map((cidr) => ({
    cidr: parseCidr(cidr),
    description: '',
  }));
  return { ...base('pl', number), family: 'ipv4', maxEntries: 10, entries, version: 1, ...changes };
}
