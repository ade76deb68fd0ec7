// SPDX-License-Identifier: Apache-2.0

// What makes a VPC, in plain values that are JSON. References are ids; checks/ says what holds
// between records. Rule ids (SG-1, RT-3, …) are explained in docs/networks.md.

import { randomBytes } from 'node:crypto';

import type { AddressFamily, Cidr, IpAddress } from './address.ts';
import type { FlowLogField } from './flow-log-fields.ts';

/** The owner of all there is: a host has no accounts. */
export const hostAccount = '000000000000';

export type NetworkKind =
  | 'vpc'
  | 'subnet'
  | 'route-table'
  | 'security-group'
  | 'network-acl'
  | 'interface'
  | 'flow-log'
  | 'dhcp-options'
  | 'private-zone'
  | 'prefix-list';

/** What stands before the 17 hex digits of an id. */
export const idPrefixes: Readonly<Record<NetworkKind, string>> = {
  vpc: 'vpc-',
  subnet: 'subnet-',
  'route-table': 'rtb-',
  'security-group': 'sg-',
  'network-acl': 'acl-',
  interface: 'eni-',
  'flow-log': 'fl-',
  'dhcp-options': 'dopt-',
  'private-zone': 'zone-',
  'prefix-list': 'pl-',
};

/** A new id; 68 random bits. */
export function createNetworkId(kind: NetworkKind): string {
  return `${idPrefixes[kind]}${randomBytes(9).toString('hex').slice(0, 17)}`;
}

/** What every record has. */
export interface NetworkRecord {
  readonly id: string;
  /** Empty, or unique among the records of its kind. */
  readonly displayName: string;
  readonly createTimeMs: number;
  /** Raised by every change; the etag is made of it. */
  readonly revision: number;
}

/** A TAP device of the host that leads into a VPC. */
export interface Uplink {
  /** The device's name: at most 15 small letters, digits and dashes, a letter first. */
  readonly tap: string;
  /** A network namespace of the host: its name or its path. Undefined: the host's own. */
  readonly namespace: string | undefined;
  /** Of the link: the first address is the VPC's router, the second the host's. */
  readonly ipv4Cidr: Cidr;
  /** Of IPv6: the second address is the host's. Undefined: what is routed there is dropped. */
  readonly ipv6Cidr?: Cidr | undefined;
}

export interface Vpc extends NetworkRecord {
  /** The first is the primary one. */
  readonly ipv4Cidrs: readonly Cidr[];
  readonly ipv6Cidrs: readonly Cidr[];
  /** Undefined: what is routed there is dropped. */
  readonly uplink?: Uplink | undefined;
  /** Undefined: the VPC's own domain and resolver, and nothing else. */
  readonly dhcpOptions?: string | undefined;
}

export interface Subnet extends NetworkRecord {
  readonly vpc: string;
  readonly ipv4Cidr: Cidr | undefined;
  readonly ipv6Cidr: Cidr | undefined;
  /** Undefined: the main one of the VPC, or the local routes alone (RT-5). */
  readonly routeTable: string | undefined;
  /** Undefined: everything passes (NA-5). */
  readonly networkAcl: string | undefined;
}

/**
 * `uplink`: out of the VPC, by its own. `blackhole`: dropped; what a route to an interface becomes
 * when the interface is deleted (RT-6).
 */
export type RouteTarget =
  | { readonly kind: 'interface'; readonly interface: string }
  | { readonly kind: 'uplink' }
  | { readonly kind: 'blackhole' };

export interface Route {
  /** Undefined: the blocks of the prefix list. */
  readonly destination: Cidr | undefined;
  readonly prefixList?: string | undefined;
  readonly target: RouteTarget;
}

export interface RouteTable extends NetworkRecord {
  readonly vpc: string;
  /** For subnets that have no table of their own; one of a VPC (RT-5). */
  readonly isMain: boolean;
  /** Besides the local routes, which every table has (RT-2). */
  readonly routes: readonly Route[];
}

/** Which packets a rule is about. */
export interface Match {
  /** `all`, `tcp`, `udp`, `icmp`, `icmpv6`, or the number of another protocol. */
  readonly protocol: string;
  /** Both ends included; of TCP and UDP alone, else 0. */
  readonly fromPort: number;
  readonly toPort: number;
  /** -1: any. Of ICMP alone, else 0. */
  readonly icmpType: number;
  readonly icmpCode: number;
}

/** Allows what matches and has its other end in the block, in the group or in the list. */
export interface SecurityGroupRule extends Match {
  readonly peer:
    | { readonly kind: 'cidr'; readonly cidr: Cidr }
    | { readonly kind: 'group'; readonly group: string }
    | { readonly kind: 'prefix-list'; readonly prefixList: string };
  readonly description: string;
}

export interface SecurityGroup extends NetworkRecord {
  readonly vpc: string;
  readonly ingress: readonly SecurityGroupRule[];
  readonly egress: readonly SecurityGroupRule[];
}

export interface NetworkAclEntry extends Match {
  /** 1 to 32766; the lowest that matches decides. */
  readonly number: number;
  readonly cidr: Cidr;
  readonly action: 'allow' | 'deny';
}

export interface NetworkAcl extends NetworkRecord {
  readonly vpc: string;
  readonly ingress: readonly NetworkAclEntry[];
  readonly egress: readonly NetworkAclEntry[];
}

export interface NetworkInterface extends NetworkRecord {
  readonly subnet: string;
  /** Six pairs of hex digits. */
  readonly macAddress: string;
  /** The first is the primary one. */
  readonly ipv4Addresses: readonly IpAddress[];
  readonly ipv6Addresses: readonly IpAddress[];
  readonly securityGroups: readonly string[];
  /** AD-4: off for what forwards. */
  readonly hasSourceDestCheck: boolean;
}

/** What is logged of the interfaces of a VPC or a subnet, or of one. It is made and not changed. */
export interface FlowLog extends NetworkRecord {
  /** The id of a VPC, a subnet or an interface. */
  readonly resource: string;
  readonly trafficType: 'all' | 'accept' | 'reject';
  /** The longest time that a record covers. */
  readonly intervalSeconds: 60 | 600;
  /** Of a line, in their order. */
  readonly fields: readonly FlowLogField[];
}

export interface PrefixListEntry {
  readonly cidr: Cidr;
  readonly description: string;
}

/** Blocks of addresses that rules and routes name together. */
export interface PrefixList extends NetworkRecord {
  readonly family: AddressFamily;
  /** What each reference counts as, however many there are (SG-5, RT-7). */
  readonly maxEntries: number;
  readonly entries: readonly PrefixListEntry[];
  /** From 1 on, raised with each change of the entries. */
  readonly version: number;
}

/** What stands for the resolver of whichever VPC it is, in whatever family it has. */
export const providedDns = 'ArgonProvidedDNS';

/** What DHCP tells the guests of a VPC besides their addresses. What is not said is not sent. */
export interface DhcpOptions extends NetworkRecord {
  readonly domainName: string | undefined;
  readonly domainNameServers: readonly (IpAddress | typeof providedDns)[];
  readonly ntpServers: readonly IpAddress[];
  /** Of IPv4. */
  readonly netbiosNameServers: readonly IpAddress[];
  /** RFC 2132 section 8.7: 1, 2, 4 or 8. */
  readonly netbiosNodeType: number | undefined;
  /** How long a guest may use its IPv6 address without asking again. */
  readonly ipv6PreferredLeaseSeconds: number | undefined;
}

/** Types of records of private zones, by their names in the registry of DNS. */
export const privateRecordTypes = ['A', 'AAAA', 'CNAME', 'TXT', 'PTR', 'MX', 'SRV'] as const;

/** All records of one name and type. */
export interface PrivateRecord {
  /** Within the zone, or its own name. */
  readonly name: string;
  readonly type: (typeof privateRecordTypes)[number];
  /** Undefined: 300. */
  readonly ttlSeconds: number | undefined;
  /** As zone files have them, but for quotes: `10.0.0.5`, `10 mail.corp.internal`. */
  readonly values: readonly string[];
}

/** Names that the guests of some VPCs resolve, and nobody else does. */
export interface PrivateZone extends NetworkRecord {
  /** The name that all of its names end with. */
  readonly domainName: string;
  readonly vpcs: readonly string[];
  readonly records: readonly PrivateRecord[];
}

/** The record of each kind. */
export interface RecordOfKind {
  readonly vpc: Vpc;
  readonly subnet: Subnet;
  readonly 'route-table': RouteTable;
  readonly 'security-group': SecurityGroup;
  readonly 'network-acl': NetworkAcl;
  readonly interface: NetworkInterface;
  readonly 'flow-log': FlowLog;
  readonly 'dhcp-options': DhcpOptions;
  readonly 'private-zone': PrivateZone;
  readonly 'prefix-list': PrefixList;
}

/** All records of a host. */
export type NetworkState = {
  readonly [Kind in NetworkKind]: readonly RecordOfKind[Kind][];
};

export const emptyNetworkState: NetworkState = {
  vpc: [],
  subnet: [],
  'route-table': [],
  'security-group': [],
  'network-acl': [],
  interface: [],
  'flow-log': [],
  'dhcp-options': [],
  'private-zone': [],
  'prefix-list': [],
};
