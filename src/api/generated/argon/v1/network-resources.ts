// Written from argon/v1/network_resources.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { conditionType, type Condition } from './common.ts';

export type RouteTarget =
  | 'ROUTE_TARGET_UNSPECIFIED'
  | 'ROUTE_TARGET_INTERFACE'
  | 'ROUTE_TARGET_UPLINK'
  | 'ROUTE_TARGET_BLACKHOLE';

export const routeTargetType: EnumType<RouteTarget> = enumType('argon.v1.RouteTarget', [
  ['ROUTE_TARGET_UNSPECIFIED', 0],
  ['ROUTE_TARGET_INTERFACE', 1],
  /** Out of the VPC, by its uplink. */
  ['ROUTE_TARGET_UPLINK', 2],
  /** What goes there is dropped. A route to an interface that is deleted becomes one. */
  ['ROUTE_TARGET_BLACKHOLE', 3],
]);

export type AclAction =
  | 'ACL_ACTION_UNSPECIFIED'
  | 'ACL_ACTION_ALLOW'
  | 'ACL_ACTION_DENY';

export const aclActionType: EnumType<AclAction> = enumType('argon.v1.AclAction', [
  ['ACL_ACTION_UNSPECIFIED', 0],
  ['ACL_ACTION_ALLOW', 1],
  ['ACL_ACTION_DENY', 2],
]);

/**
 * The way out of a VPC: a TAP device, by which the host, or a network namespace of it, and the
 * VPC reach each other where routes lead to it and security groups and network ACLs let them.
 * Nobody forwards packets behind it.
 */
export interface Uplink {
  /**
   * The device's name, which no other device there has: at most 15 lower-case letters, digits
   * and dashes.
   */
  readonly tap: string;
  /**
   * The network namespace that it is in: a name in /run/netns, or the path of one. Where
   * nothing is said it is the host's own.
   */
  readonly namespace: string;
  /**
   * A block of IPv4 addresses of the link, /16 to /30, none of it the VPC's. Its first address
   * is the VPC's router, its second the host's.
   */
  readonly ipv4Cidr: string;
  /**
   * A block of IPv6 addresses of the link, /64 to /126, none of it the VPC's. Its second
   * address is the host's, and all that guests reach there; the router is fe80:ec2::1. Where
   * nothing is said no IPv6 passes.
   */
  readonly ipv6Cidr: string;
}

export const uplinkType: MessageType<Uplink> = messageType('argon.v1.Uplink', [
  { name: 'tap', property: 'tap', number: 1, kind: 'string', rules: { pattern: /^[a-z][a-z0-9-]{0,14}$/u } },
  { name: 'namespace', property: 'namespace', number: 2, kind: 'string', rules: { pattern: /^([A-Za-z0-9][A-Za-z0-9._-]{0,63}|\/[!-~]{1,255})?$/u } },
  { name: 'ipv4_cidr', property: 'ipv4Cidr', number: 3, kind: 'string', rules: { pattern: /^[0-9.]{7,15}\/[0-9]{1,2}$/u } },
  { name: 'ipv6_cidr', property: 'ipv6Cidr', number: 4, kind: 'string', rules: { pattern: /^([0-9a-f:.]{2,45}\/[0-9]{1,3})?$/u } },
]);

/** A network of its own: nothing of it reaches another but over the uplink. */
export interface Vpc {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** Blocks of IPv4 addresses, /16 to /28. The first is the primary one, and stays. */
  readonly ipv4Cidrs: readonly string[];
  /** Blocks of IPv6 addresses, /44 to /60 in steps of 4. */
  readonly ipv6Cidrs: readonly string[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
  /**
   * Where nothing is said there is none, and what is routed to it is dropped. Only of a host
   * that was started with --allow-uplink.
   */
  readonly uplink?: Uplink | undefined;
  /**
   * What DHCP tells its guests. Where nothing is said they are told the resolver and the domain
   * of the VPC.
   */
  readonly dhcpOptions: string;
  /**
   * UplinkDown, with the reason, while it has an uplink whose device is not there. (Set by the
   * host alone.)
   */
  readonly conditions: readonly Condition[];
}

export const vpcType: MessageType<Vpc> = messageType('argon.v1.Vpc', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(vpcs\/vpc-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'ipv4_cidrs', property: 'ipv4Cidrs', number: 3, kind: 'string', isRepeated: true, maxItems: 5, hasUniqueItems: true, rules: { pattern: /^[0-9.]{7,15}\/[0-9]{1,2}$/u } },
  { name: 'ipv6_cidrs', property: 'ipv6Cidrs', number: 4, kind: 'string', isRepeated: true, maxItems: 5, hasUniqueItems: true, rules: { pattern: /^[0-9a-f:.]{2,45}\/[0-9]{1,3}$/u } },
  { name: 'create_time', property: 'createTime', number: 5, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 6, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'uplink', property: 'uplink', number: 7, kind: 'message', type: uplinkType, hasPresence: true },
  { name: 'dhcp_options', property: 'dhcpOptions', number: 8, kind: 'string', rules: { pattern: /^(dhcpOptions\/dopt-[0-9a-f]{17})?$/u } },
  { name: 'conditions', property: 'conditions', number: 9, kind: 'message', type: conditionType, isRepeated: true, behavior: 'output-only', maxItems: 16 },
]);

/** A part of a VPC, whose interfaces reach each other without a router. */
export interface Subnet {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** The VPC that it is of. (Never changed.) */
  readonly vpc: string;
  /** A block of its VPC, /16 to /28. (Never changed.) */
  readonly ipv4Cidr: string;
  /** A /64 of its VPC. (Never changed.) */
  readonly ipv6Cidr: string;
  /**
   * Where nothing is said it goes by the main table of the VPC, or by the local routes alone.
   */
  readonly routeTable: string;
  /** Where nothing is said everything passes. */
  readonly networkAcl: string;
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const subnetType: MessageType<Subnet> = messageType('argon.v1.Subnet', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(subnets\/subnet-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'vpc', property: 'vpc', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^(vpcs\/vpc-[0-9a-f]{17})?$/u } },
  { name: 'ipv4_cidr', property: 'ipv4Cidr', number: 4, kind: 'string', behavior: 'immutable', rules: { pattern: /^([0-9.]{7,15}\/[0-9]{1,2})?$/u } },
  { name: 'ipv6_cidr', property: 'ipv6Cidr', number: 5, kind: 'string', behavior: 'immutable', rules: { pattern: /^([0-9a-f:.]{2,45}\/[0-9]{1,3})?$/u } },
  { name: 'route_table', property: 'routeTable', number: 6, kind: 'string', rules: { pattern: /^(routeTables\/rtb-[0-9a-f]{17})?$/u } },
  { name: 'network_acl', property: 'networkAcl', number: 7, kind: 'string', rules: { pattern: /^(networkAcls\/acl-[0-9a-f]{17})?$/u } },
  { name: 'create_time', property: 'createTime', number: 8, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 9, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface Route {
  /** A block of either family; the longest prefix decides. Or a prefix list. */
  readonly destination: string;
  readonly target: RouteTarget;
  /** The target INTERFACE's. */
  readonly interface: string;
  /** Each of its blocks; one that has a route of its own goes by that. */
  readonly prefixList: string;
}

export const routeType: MessageType<Route> = messageType('argon.v1.Route', [
  { name: 'destination', property: 'destination', number: 1, kind: 'string', rules: { pattern: /^([0-9a-f:.]{2,45}\/[0-9]{1,3})?$/u } },
  { name: 'target', property: 'target', number: 2, kind: 'enum', type: routeTargetType, rules: { notIn: ['ROUTE_TARGET_UNSPECIFIED'] } },
  { name: 'interface', property: 'interface', number: 3, kind: 'string', rules: { pattern: /^(interfaces\/eni-[0-9a-f]{17})?$/u } },
  { name: 'prefix_list', property: 'prefixList', number: 4, kind: 'string', rules: { pattern: /^(prefixLists\/pl-[0-9a-f]{17})?$/u } },
]);

/** Where packets go that leave a subnet. */
export interface RouteTable {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** The VPC that it is of. (Never changed.) */
  readonly vpc: string;
  /** For the subnets that have no table of their own; one of a VPC is the main one. */
  readonly isMain: boolean;
  /** Routes beside those to the blocks of the VPC, which are there always. */
  readonly routes: readonly Route[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const routeTableType: MessageType<RouteTable> = messageType('argon.v1.RouteTable', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(routeTables\/rtb-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'vpc', property: 'vpc', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^(vpcs\/vpc-[0-9a-f]{17})?$/u } },
  { name: 'is_main', property: 'isMain', number: 4, kind: 'bool' },
  { name: 'routes', property: 'routes', number: 5, kind: 'message', type: routeType, isRepeated: true, maxItems: 100 },
  { name: 'create_time', property: 'createTime', number: 6, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 7, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface SecurityGroupRule {
  /** `all`, `tcp`, `udp`, `icmp`, `icmpv6`, or the number of another protocol. */
  readonly protocol: string;
  /** Of TCP and UDP, the ends included; 0 to 65535 is every port. */
  readonly fromPort: number;
  readonly toPort: number;
  /** Of ICMP; -1 is any. */
  readonly icmpType: number;
  readonly icmpCode: number;
  /**
   * The other end: a block of addresses, what has this group, or the blocks of a prefix list.
   */
  readonly cidr: string;
  readonly securityGroup: string;
  readonly description: string;
  readonly prefixList: string;
}

export const securityGroupRuleType: MessageType<SecurityGroupRule> = messageType('argon.v1.SecurityGroupRule', [
  { name: 'protocol', property: 'protocol', number: 1, kind: 'string', rules: { pattern: /^(all|tcp|udp|icmp|icmpv6|[0-9]{1,3})$/u } },
  { name: 'from_port', property: 'fromPort', number: 2, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'to_port', property: 'toPort', number: 3, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'icmp_type', property: 'icmpType', number: 4, kind: 'int32', rules: { lte: 255, gte: -1 } },
  { name: 'icmp_code', property: 'icmpCode', number: 5, kind: 'int32', rules: { lte: 255, gte: -1 } },
  { name: 'cidr', property: 'cidr', number: 6, kind: 'string', rules: { pattern: /^([0-9a-f:.]{2,45}\/[0-9]{1,3})?$/u } },
  { name: 'security_group', property: 'securityGroup', number: 7, kind: 'string', rules: { pattern: /^(securityGroups\/sg-[0-9a-f]{17})?$/u } },
  { name: 'description', property: 'description', number: 8, kind: 'string', rules: { maxLength: 255 } },
  { name: 'prefix_list', property: 'prefixList', number: 9, kind: 'string', rules: { pattern: /^(prefixLists\/pl-[0-9a-f]{17})?$/u } },
]);

/**
 * What may come to an interface and leave it. Replies to what was allowed pass by themselves.
 */
export interface SecurityGroup {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** The VPC that it is of. (Never changed.) */
  readonly vpc: string;
  /** What may come in; nothing else does. */
  readonly ingress: readonly SecurityGroupRule[];
  /** What may go out. A new group where nothing is said lets everything out. */
  readonly egress: readonly SecurityGroupRule[];
  /**
   * That a group that is made lets nothing out; an update says so by `egress` without rules.
   */
  readonly isEgressClosed: boolean;
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const securityGroupType: MessageType<SecurityGroup> = messageType('argon.v1.SecurityGroup', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(securityGroups\/sg-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'vpc', property: 'vpc', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^(vpcs\/vpc-[0-9a-f]{17})?$/u } },
  { name: 'ingress', property: 'ingress', number: 4, kind: 'message', type: securityGroupRuleType, isRepeated: true, maxItems: 120 },
  { name: 'egress', property: 'egress', number: 5, kind: 'message', type: securityGroupRuleType, isRepeated: true, maxItems: 120 },
  { name: 'is_egress_closed', property: 'isEgressClosed', number: 6, kind: 'bool' },
  { name: 'create_time', property: 'createTime', number: 7, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 8, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface NetworkAclEntry {
  /** The lowest that matches decides. */
  readonly number: number;
  /** `all`, `tcp`, `udp`, `icmp`, `icmpv6`, or the number of another protocol. */
  readonly protocol: string;
  /** Of TCP and UDP, the ends included; 0 to 65535 is every port. */
  readonly fromPort: number;
  readonly toPort: number;
  /** Of ICMP; -1 is any. */
  readonly icmpType: number;
  readonly icmpCode: number;
  readonly cidr: string;
  readonly action: AclAction;
}

export const networkAclEntryType: MessageType<NetworkAclEntry> = messageType('argon.v1.NetworkAclEntry', [
  { name: 'number', property: 'number', number: 1, kind: 'uint32', rules: { lte: 32766, gte: 1 } },
  { name: 'protocol', property: 'protocol', number: 2, kind: 'string', rules: { pattern: /^(all|tcp|udp|icmp|icmpv6|[0-9]{1,3})$/u } },
  { name: 'from_port', property: 'fromPort', number: 3, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'to_port', property: 'toPort', number: 4, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'icmp_type', property: 'icmpType', number: 5, kind: 'int32', rules: { lte: 255, gte: -1 } },
  { name: 'icmp_code', property: 'icmpCode', number: 6, kind: 'int32', rules: { lte: 255, gte: -1 } },
  { name: 'cidr', property: 'cidr', number: 7, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}\/[0-9]{1,3}$/u } },
  { name: 'action', property: 'action', number: 8, kind: 'enum', type: aclActionType, rules: { notIn: ['ACL_ACTION_UNSPECIFIED'] } },
]);

/** What may enter and leave a subnet, replies too. What no entry matches is denied. */
export interface NetworkAcl {
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** The VPC that it is of. (Never changed.) */
  readonly vpc: string;
  /** What may enter the subnet. */
  readonly ingress: readonly NetworkAclEntry[];
  /** What may leave the subnet. */
  readonly egress: readonly NetworkAclEntry[];
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const networkAclType: MessageType<NetworkAcl> = messageType('argon.v1.NetworkAcl', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(networkAcls\/acl-[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'vpc', property: 'vpc', number: 3, kind: 'string', behavior: 'immutable', rules: { pattern: /^(vpcs\/vpc-[0-9a-f]{17})?$/u } },
  { name: 'ingress', property: 'ingress', number: 4, kind: 'message', type: networkAclEntryType, isRepeated: true, maxItems: 20 },
  { name: 'egress', property: 'egress', number: 5, kind: 'message', type: networkAclEntryType, isRepeated: true, maxItems: 20 },
  { name: 'create_time', property: 'createTime', number: 6, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 7, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);
