// SPDX-License-Identifier: Apache-2.0

// The words of the management API for records of networks, and back. What is wrong with a field
// names it as the request does: FieldError, which resource-methods.ts puts the resource before.

import type { Interface } from '../../api/generated/argon/v1/interfaces.ts';
import type {
  Route as ApiRoute,
  NetworkAcl,
  NetworkAclEntry,
  RouteTable,
  SecurityGroup,
  SecurityGroupRule,
  Subnet,
  Uplink,
  Vpc,
} from '../../api/generated/argon/v1/network-resources.ts';
import { type Cidr, parseCidr, parseIpAddress } from '../../network/model/address.ts';
import type {
  NetworkAclEntry as AclEntry,
  SecurityGroupRule as GroupRule,
  Match,
  NetworkKind,
  NetworkRecord,
  Route,
  Uplink as UplinkRecord,
} from '../../network/model/records.ts';
import { inField, refuse } from '../../network/model/refusal.ts';
import type { Draft, NetworkView } from '../driver/networks.ts';
import type { Condition, InterfaceAttachment } from '../model.ts';
import { describeCondition } from './words.ts';

/** What the API calls the records of a kind, and how its messages say them. */
export interface ResourceWords<Kind extends NetworkKind, Message> {
  /** The field of requests that has the resource. */
  readonly field: string;
  readonly typeName: string;
  /** What stands before an id in a name. */
  readonly collection: string;
  /** The members of a draft that a path of an update mask is about. */
  readonly paths: Readonly<Record<string, keyof Draft<Kind>>>;
  /** @throws FieldError for a value that is none. */
  readonly parse: (message: Message, verb: 'create' | 'update') => Draft<Kind>;
  readonly describe: (view: NetworkView<Kind>) => Message;
}

export const vpcNames = 'vpcs/';
export const subnetNames = 'subnets/';
export const dhcpOptionsNames = 'dhcpOptions/';
export const prefixListNames = 'prefixLists/';
const tableNames = 'routeTables/';
export const groupNames = 'securityGroups/';
export const aclNames = 'networkAcls/';
export const interfaceNames = 'interfaces/';
const instanceNames = 'instances/';

export const vpcWords: ResourceWords<'vpc', Vpc> = {
  field: 'vpc',
  typeName: 'argon.v1.Vpc',
  collection: vpcNames,
  paths: {
    display_name: 'displayName',
    ipv4_cidrs: 'ipv4Cidrs',
    ipv6_cidrs: 'ipv6Cidrs',
    uplink: 'uplink',
    dhcp_options: 'dhcpOptions',
  },
  parse: ({ displayName, ipv4Cidrs, ipv6Cidrs, uplink, dhcpOptions }) => ({
    displayName,
    ipv4Cidrs: parseList('ipv4_cidrs', ipv4Cidrs, parseCidr),
    ipv6Cidrs: parseList('ipv6_cidrs', ipv6Cidrs, parseCidr),
    uplink: uplink && {
      tap: uplink.tap,
      namespace: uplink.namespace || undefined,
      ipv4Cidr: inField('uplink.ipv4_cidr', () => parseCidr(uplink.ipv4Cidr)),
      ipv6Cidr: optionalCidr('uplink.ipv6_cidr', uplink.ipv6Cidr),
    },
    dhcpOptions: idOf(dhcpOptions) || undefined,
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(vpcNames, record),
    ipv4Cidrs: record.ipv4Cidrs,
    ipv6Cidrs: record.ipv6Cidrs,
    uplink: record.uplink && describeUplink(record.uplink),
    dhcpOptions: nameOf(dhcpOptionsNames, record.dhcpOptions),
    conditions: [],
    etag,
  }),
};

export const subnetWords: ResourceWords<'subnet', Subnet> = {
  field: 'subnet',
  typeName: 'argon.v1.Subnet',
  collection: subnetNames,
  paths: { display_name: 'displayName', route_table: 'routeTable', network_acl: 'networkAcl' },
  parse: ({ displayName, vpc, ipv4Cidr, ipv6Cidr, routeTable, networkAcl }) => ({
    displayName,
    vpc: idOf(vpc),
    ipv4Cidr: optionalCidr('ipv4_cidr', ipv4Cidr),
    ipv6Cidr: optionalCidr('ipv6_cidr', ipv6Cidr),
    routeTable: idOf(routeTable) || undefined,
    networkAcl: idOf(networkAcl) || undefined,
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(subnetNames, record),
    vpc: nameOf(vpcNames, record.vpc),
    ipv4Cidr: record.ipv4Cidr ?? '',
    ipv6Cidr: record.ipv6Cidr ?? '',
    routeTable: nameOf(tableNames, record.routeTable),
    networkAcl: nameOf(aclNames, record.networkAcl),
    etag,
  }),
};

export const tableWords: ResourceWords<'route-table', RouteTable> = {
  field: 'route_table',
  typeName: 'argon.v1.RouteTable',
  collection: tableNames,
  paths: { display_name: 'displayName', is_main: 'isMain', routes: 'routes' },
  parse: ({ displayName, vpc, isMain, routes }) => ({
    displayName,
    vpc: idOf(vpc),
    isMain,
    routes: parseList('routes', routes, parseRoute),
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(tableNames, record),
    vpc: nameOf(vpcNames, record.vpc),
    isMain: record.isMain,
    routes: record.routes.map(describeRoute),
    etag,
  }),
};

export const groupWords: ResourceWords<'security-group', SecurityGroup> = {
  field: 'security_group',
  typeName: 'argon.v1.SecurityGroup',
  collection: groupNames,
  paths: { display_name: 'displayName', ingress: 'ingress', egress: 'egress' },
  parse: (message, verb) => ({
    displayName: message.displayName,
    vpc: idOf(message.vpc),
    ingress: parseList('ingress', message.ingress, parseRule),
    egress: parseEgress(message, verb),
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(groupNames, record),
    vpc: nameOf(vpcNames, record.vpc),
    ingress: record.ingress.map(describeRule),
    egress: record.egress.map(describeRule),
    isEgressClosed: record.egress.length === 0,
    etag,
  }),
};

export const aclWords: ResourceWords<'network-acl', NetworkAcl> = {
  field: 'network_acl',
  typeName: 'argon.v1.NetworkAcl',
  collection: aclNames,
  paths: { display_name: 'displayName', ingress: 'ingress', egress: 'egress' },
  parse: ({ displayName, vpc, ingress, egress }) => ({
    displayName,
    vpc: idOf(vpc),
    ingress: parseList('ingress', ingress, parseEntry),
    egress: parseList('egress', egress, parseEntry),
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(aclNames, record),
    vpc: nameOf(vpcNames, record.vpc),
    ingress: record.ingress.map(describeEntry),
    egress: record.egress.map(describeEntry),
    etag,
  }),
};

export const interfaceWords: ResourceWords<'interface', Interface> = {
  field: 'interface',
  typeName: 'argon.v1.Interface',
  collection: interfaceNames,
  paths: {
    display_name: 'displayName',
    ipv4_addresses: 'ipv4Addresses',
    ipv6_addresses: 'ipv6Addresses',
    security_groups: 'securityGroups',
    source_dest_check: 'hasSourceDestCheck',
  },
  parse: (message) => ({
    displayName: message.displayName,
    subnet: idOf(message.subnet),
    macAddress: message.macAddress,
    ipv4Addresses: parseList('ipv4_addresses', message.ipv4Addresses, parseIpAddress),
    ipv6Addresses: parseList('ipv6_addresses', message.ipv6Addresses, parseIpAddress),
    securityGroups: message.securityGroups.map(idOf),
    hasSourceDestCheck: message.sourceDestCheck !== 'SOURCE_DEST_CHECK_DISABLED',
  }),
  describe: ({ record, attachment, conditions, etag }) => ({
    ...describeBase(interfaceNames, record),
    subnet: nameOf(subnetNames, record.subnet),
    macAddress: record.macAddress,
    ipv4Addresses: record.ipv4Addresses,
    ipv6Addresses: record.ipv6Addresses,
    securityGroups: record.securityGroups.map((id) => nameOf(groupNames, id)),
    sourceDestCheck: record.hasSourceDestCheck
      ? 'SOURCE_DEST_CHECK_ENABLED'
      : 'SOURCE_DEST_CHECK_DISABLED',
    instance: nameOf(instanceNames, attachment?.instance),
    conditions: [...conditionsOf(attachment), ...conditions].map(describeCondition),
    etag,
  }),
};

// What is true of an interface beside being attached.
function conditionsOf(attachment: InterfaceAttachment | undefined): readonly Condition[] {
  if (attachment === undefined) return [];
  const { phase, hasDriver, attachTimeMs: changeTimeMs } = attachment;
  if (phase === 'busy' || phase === 'releasing') {
    const message = 'The guest has been asked to let go of it, and has not.';
    return [{ type: 'Detaching', reason: 'GuestHoldsDevice', message, changeTimeMs }];
  }
  if (hasDriver) return [];
  const message = 'No driver uses it: not yet, or the instance does not run.';
  return [{ type: 'NotInUse', reason: 'DriverNotReady', message, changeTimeMs }];
}

/** The id in a name: `vpc-…` of `vpcs/vpc-…`. */
export function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

export function nameOf(collection: string, id: string | undefined): string {
  return id === undefined ? '' : `${collection}${id}`;
}

export function describeBase(
  collection: string,
  { id, displayName, createTimeMs }: NetworkRecord,
): { readonly name: string; readonly displayName: string; readonly createTime: Date } {
  return { name: `${collection}${id}`, displayName, createTime: new Date(createTimeMs) };
}

export function parseList<Given, Item>(
  field: string,
  given: readonly Given[],
  parse: (item: Given, field: string) => Item,
): readonly Item[] {
  return given.map((item, index) => {
    const here = `${field}[${index}]`;
    return typeof item === 'string' ? inField(here, () => parse(item, here)) : parse(item, here);
  });
}

function optionalCidr(field: string, text: string): Cidr | undefined {
  return text === '' ? undefined : inField(field, () => parseCidr(text));
}

function parseRoute(route: ApiRoute, field: string): Route {
  const { destination, prefixList, target, interface: one } = route;
  if ((destination === '') === (prefixList === '')) {
    const both = destination === '' ? 'is missing, and' : 'is given, and';
    throw refuse(`${field}.destination`, `${both} prefix_list too`);
  }
  const isInterface = target === 'ROUTE_TARGET_INTERFACE';
  if (isInterface !== (one !== '')) {
    throw refuse(`${field}.interface`, isInterface ? 'is missing' : 'is of the target INTERFACE');
  }
  const kind = target === 'ROUTE_TARGET_UPLINK' ? 'uplink' : 'blackhole';
  return {
    ...(prefixList === ''
      ? { destination: inField(`${field}.destination`, () => parseCidr(destination)) }
      : { destination: undefined, prefixList: idOf(prefixList) }),
    target: isInterface ? { kind: 'interface', interface: idOf(one) } : { kind },
  };
}

function describeUplink({ tap, namespace, ipv4Cidr, ipv6Cidr }: UplinkRecord): Uplink {
  return { tap, namespace: namespace ?? '', ipv4Cidr, ipv6Cidr: ipv6Cidr ?? '' };
}

function describeRoute({ destination, prefixList, target }: Route): ApiRoute {
  const to = { destination: destination ?? '', prefixList: nameOf(prefixListNames, prefixList) };
  if (target.kind === 'interface') {
    const name = nameOf(interfaceNames, target.interface);
    return { ...to, target: 'ROUTE_TARGET_INTERFACE', interface: name };
  }
  const word = target.kind === 'uplink' ? 'ROUTE_TARGET_UPLINK' : 'ROUTE_TARGET_BLACKHOLE';
  return { ...to, target: word, interface: '' };
}

function matchOf({ protocol, fromPort, toPort, icmpType, icmpCode }: Match): Match {
  return { protocol, fromPort, toPort, icmpType, icmpCode };
}

function parseRule(rule: SecurityGroupRule, field: string): GroupRule {
  return { ...matchOf(rule), peer: parsePeer(rule, field), description: rule.description };
}

function parsePeer(
  { cidr, securityGroup, prefixList }: SecurityGroupRule,
  field: string,
): GroupRule['peer'] {
  const peers = { cidr, security_group: securityGroup, prefix_list: prefixList };
  const [first, second] = Object.entries(peers).filter(([, text]) => text !== '');
  if (first === undefined) {
    throw refuse(`${field}.cidr`, 'is missing, and so are security_group and prefix_list');
  }
  if (second !== undefined) {
    throw refuse(
      `${field}.${second[0]}`,
      `is given, and ${first[0]} too`,
      'a rule has one of them',
    );
  }
  if (securityGroup !== '') return { kind: 'group', group: idOf(securityGroup) };
  if (prefixList !== '') return { kind: 'prefix-list', prefixList: idOf(prefixList) };
  return { kind: 'cidr', cidr: inField(`${field}.cidr`, () => parseCidr(cidr)) };
}

export function describeRule({ peer, description, ...match }: GroupRule): SecurityGroupRule {
  return {
    ...matchOf(match),
    cidr: peer.kind === 'cidr' ? peer.cidr : '',
    securityGroup: peer.kind === 'group' ? nameOf(groupNames, peer.group) : '',
    prefixList: peer.kind === 'prefix-list' ? nameOf(prefixListNames, peer.prefixList) : '',
    description,
  };
}

// SG-1: what a new group has of which nothing is said.
const everywhere: readonly GroupRule[] = ['0.0.0.0/0', '::/0'].map((text) => ({
  protocol: 'all',
  fromPort: 0,
  toPort: 0,
  icmpType: 0,
  icmpCode: 0,
  peer: { kind: 'cidr', cidr: parseCidr(text) },
  description: '',
}));

function parseEgress(
  { egress, isEgressClosed }: SecurityGroup,
  verb: 'create' | 'update',
): readonly GroupRule[] {
  if (verb === 'update') return parseList('egress', egress, parseRule);
  if (!isEgressClosed && egress.length === 0) return everywhere;
  if (!isEgressClosed || egress.length === 0) return parseList('egress', egress, parseRule);
  throw refuse('is_egress_closed', 'is set, and egress has rules');
}

function parseEntry(entry: NetworkAclEntry, field: string): AclEntry {
  return {
    ...matchOf(entry),
    number: entry.number,
    cidr: inField(`${field}.cidr`, () => parseCidr(entry.cidr)),
    action: entry.action === 'ACL_ACTION_ALLOW' ? 'allow' : 'deny',
  };
}

export function describeEntry({ number, cidr, action, ...match }: AclEntry): NetworkAclEntry {
  const word = action === 'allow' ? 'ACL_ACTION_ALLOW' : 'ACL_ACTION_DENY';
  return { ...matchOf(match), number, cidr, action: word };
}
