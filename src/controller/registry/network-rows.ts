// SPDX-License-Identifier: Apache-2.0

// Records of networks to rows and back; lists are JSON. As in rows.ts every row is parsed.

import { assertNever } from '../../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseChoice,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../../base/parse.ts';
import { type Cidr, parseCidr, parseIpAddress } from '../../network/model/address.ts';
import { flowLogFields } from '../../network/model/flow-log-fields.ts';
import {
  type DhcpOptions,
  type Match,
  type NetworkAclEntry,
  type NetworkKind,
  type NetworkRecord,
  type PrefixListEntry,
  type PrivateRecord,
  privateRecordTypes,
  providedDns,
  type RecordOfKind,
  type Route,
  type SecurityGroupRule,
  type Uplink,
} from '../../network/model/records.ts';
import { count, parsed, type Row } from './rows.ts';

interface RowCodec<Record> {
  readonly table: string;
  readonly rowOf: (record: Record) => Row;
  readonly parse: (row: JsonObject) => Record;
}

/** How the records of each kind are rows. */
export const networkRows: { readonly [Kind in NetworkKind]: RowCodec<RecordOfKind[Kind]> } = {
  vpc: {
    table: 'vpcs',
    rowOf: ({ ipv4Cidrs, ipv6Cidrs, uplink, dhcpOptions, ...record }) => ({
      ...baseRow(record),
      ipv4_cidrs: JSON.stringify(ipv4Cidrs),
      ipv6_cidrs: JSON.stringify(ipv6Cidrs),
      uplink: uplink === undefined ? null : JSON.stringify(uplink),
      dhcp_options: dhcpOptions ?? null,
    }),
    parse: (row) => ({
      ...parseBase(row),
      ipv4Cidrs: listOf(row, 'ipv4_cidrs', parseCidr),
      ipv6Cidrs: listOf(row, 'ipv6_cidrs', parseCidr),
      uplink: row['uplink'] === null ? undefined : parseUplink(text(row, 'uplink')),
      dhcpOptions: optionalText(row, 'dhcp_options'),
    }),
  },
  subnet: {
    table: 'subnets',
    rowOf: ({ vpc, ipv4Cidr, ipv6Cidr, routeTable, networkAcl, ...record }) => ({
      ...baseRow(record),
      vpc,
      ipv4_cidr: ipv4Cidr ?? null,
      ipv6_cidr: ipv6Cidr ?? null,
      route_table: routeTable ?? null,
      network_acl: networkAcl ?? null,
    }),
    parse: (row) => ({
      ...parseBase(row),
      vpc: text(row, 'vpc'),
      ipv4Cidr: optionalCidr(row, 'ipv4_cidr'),
      ipv6Cidr: optionalCidr(row, 'ipv6_cidr'),
      routeTable: optionalText(row, 'route_table'),
      networkAcl: optionalText(row, 'network_acl'),
    }),
  },
  'route-table': {
    table: 'route_tables',
    rowOf: ({ vpc, isMain, routes, ...record }) => ({
      ...baseRow(record),
      vpc,
      is_main: Number(isMain),
      routes: JSON.stringify(routes),
    }),
    parse: (row) => ({
      ...parseBase(row),
      vpc: text(row, 'vpc'),
      isMain: count(row, 'is_main') === 1,
      routes: listOf(row, 'routes', parseRoute),
    }),
  },
  'security-group': {
    table: 'security_groups',
    rowOf: ({ vpc, ingress, egress, ...record }) => ({
      ...baseRow(record),
      vpc,
      ingress: JSON.stringify(ingress),
      egress: JSON.stringify(egress),
    }),
    parse: (row) => ({
      ...parseBase(row),
      vpc: text(row, 'vpc'),
      ingress: listOf(row, 'ingress', parseRule),
      egress: listOf(row, 'egress', parseRule),
    }),
  },
  'network-acl': {
    table: 'network_acls',
    rowOf: ({ vpc, ingress, egress, ...record }) => ({
      ...baseRow(record),
      vpc,
      ingress: JSON.stringify(ingress),
      egress: JSON.stringify(egress),
    }),
    parse: (row) => ({
      ...parseBase(row),
      vpc: text(row, 'vpc'),
      ingress: listOf(row, 'ingress', parseEntry),
      egress: listOf(row, 'egress', parseEntry),
    }),
  },
  interface: {
    table: 'interfaces',
    rowOf: (one) => ({
      ...baseRow(one),
      subnet: one.subnet,
      mac_address: one.macAddress,
      ipv4_addresses: JSON.stringify(one.ipv4Addresses),
      ipv6_addresses: JSON.stringify(one.ipv6Addresses),
      security_groups: JSON.stringify(one.securityGroups),
      has_source_dest_check: Number(one.hasSourceDestCheck),
    }),
    parse: (row) => ({
      ...parseBase(row),
      subnet: text(row, 'subnet'),
      macAddress: text(row, 'mac_address'),
      ipv4Addresses: listOf(row, 'ipv4_addresses', parseIpAddress),
      ipv6Addresses: listOf(row, 'ipv6_addresses', parseIpAddress),
      securityGroups: listOf(row, 'security_groups', (id) => parseString(id, 'a group')),
      hasSourceDestCheck: count(row, 'has_source_dest_check') === 1,
    }),
  },
  'flow-log': {
    table: 'flow_logs',
    rowOf: ({ resource, trafficType, intervalSeconds, fields, ...record }) => ({
      ...baseRow(record),
      resource,
      traffic_type: trafficType,
      interval_seconds: intervalSeconds,
      fields: JSON.stringify(fields),
    }),
    parse: (row) => ({
      ...parseBase(row),
      resource: text(row, 'resource'),
      trafficType: parseChoice(row['traffic_type'], 'traffic_type', ['all', 'accept', 'reject']),
      intervalSeconds: count(row, 'interval_seconds') === 60 ? 60 : 600,
      fields: listOf(row, 'fields', (field) => parseChoice(field, 'a field', flowLogFields)),
    }),
  },
  'dhcp-options': {
    table: 'dhcp_options',
    rowOf: (options) => ({
      ...baseRow(options),
      domain_name: options.domainName ?? null,
      domain_name_servers: JSON.stringify(options.domainNameServers),
      ntp_servers: JSON.stringify(options.ntpServers),
      netbios_name_servers: JSON.stringify(options.netbiosNameServers),
      netbios_node_type: options.netbiosNodeType ?? null,
      ipv6_preferred_lease_seconds: options.ipv6PreferredLeaseSeconds ?? null,
    }),
    parse: (row) => ({
      ...parseBase(row),
      domainName: optionalText(row, 'domain_name'),
      domainNameServers: listOf(row, 'domain_name_servers', parseDnsServer),
      ntpServers: listOf(row, 'ntp_servers', parseIpAddress),
      netbiosNameServers: listOf(row, 'netbios_name_servers', parseIpAddress),
      netbiosNodeType: optionalCount(row, 'netbios_node_type'),
      ipv6PreferredLeaseSeconds: optionalCount(row, 'ipv6_preferred_lease_seconds'),
    }),
  },
  'prefix-list': {
    table: 'prefix_lists',
    rowOf: ({ family, maxEntries, entries, version, ...record }) => ({
      ...baseRow(record),
      family,
      max_entries: maxEntries,
      entries: JSON.stringify(entries),
      version,
    }),
    parse: (row) => ({
      ...parseBase(row),
      family: parseChoice(row['family'], 'family', ['ipv4', 'ipv6']),
      maxEntries: count(row, 'max_entries'),
      entries: listOf(row, 'entries', parseListEntry),
      version: count(row, 'version'),
    }),
  },
  'private-zone': {
    table: 'private_zones',
    rowOf: ({ domainName, vpcs, records, ...record }) => ({
      ...baseRow(record),
      domain_name: domainName,
      vpcs: JSON.stringify(vpcs),
      records: JSON.stringify(records),
    }),
    parse: (row) => ({
      ...parseBase(row),
      domainName: text(row, 'domain_name'),
      vpcs: listOf(row, 'vpcs', (id) => parseString(id, 'a VPC')),
      records: listOf(row, 'records', parsePrivateRecord),
    }),
  },
};

/** Parses a row of a kind. @throws ArgonError data-loss if it is none. */
export function parseNetworkRow<Kind extends NetworkKind>(
  kind: Kind,
  row: JsonObject,
): RecordOfKind[Kind] {
  const codec: RowCodec<RecordOfKind[Kind]> = networkRows[kind];
  return parsed(`a ${kind}`, () => codec.parse(row));
}

function baseRow({ id, displayName, createTimeMs, revision }: NetworkRecord): Row {
  return { id, display_name: displayName, create_time_ms: createTimeMs, revision };
}

function parseBase(row: JsonObject): NetworkRecord {
  return {
    id: text(row, 'id'),
    displayName: text(row, 'display_name'),
    createTimeMs: count(row, 'create_time_ms'),
    revision: count(row, 'revision'),
  };
}

function text(row: JsonObject, name: string): string {
  return parseString(row[name], name);
}

function optionalText(row: JsonObject, name: string): string | undefined {
  return row[name] === null ? undefined : text(row, name);
}

function optionalCount(row: JsonObject, name: string): number | undefined {
  return row[name] === null ? undefined : count(row, name);
}

function optionalCidr(row: JsonObject, name: string): Cidr | undefined {
  return row[name] === null ? undefined : parseCidr(row[name]);
}

function listOf<Item>(
  row: JsonObject,
  name: string,
  parse: (value: unknown) => Item,
): readonly Item[] {
  // Not map(parse): it would get an index too.
  return parseArray(parseJson(text(row, name), name), name).map((value) => parse(value));
}

function parseUplink(json: string): Uplink {
  const uplink = parseObject(parseJson(json, 'an uplink'), 'an uplink');
  const { tap, namespace, ipv4Cidr, ipv6Cidr } = uplink;
  return {
    tap: parseString(tap, 'tap'),
    namespace: namespace === undefined ? undefined : parseString(namespace, 'namespace'),
    ipv4Cidr: parseCidr(ipv4Cidr),
    ipv6Cidr: ipv6Cidr === undefined ? undefined : parseCidr(ipv6Cidr),
  };
}

function parseDnsServer(value: unknown): DhcpOptions['domainNameServers'][number] {
  return value === providedDns ? value : parseIpAddress(value);
}

function parseListEntry(value: unknown): PrefixListEntry {
  const { cidr, description } = parseObject(value, 'an entry');
  return { cidr: parseCidr(cidr), description: parseString(description, 'description') };
}

function parsePrivateRecord(value: unknown): PrivateRecord {
  const { name, type, ttlSeconds, values } = parseObject(value, 'a record');
  return {
    name: parseString(name, 'name'),
    type: parseChoice(type, 'type', privateRecordTypes),
    ttlSeconds:
      ttlSeconds === undefined
        ? undefined
        : parseInteger(ttlSeconds, 'ttlSeconds', { min: 1, max: 0x7fff_ffff }),
    values: parseArray(values, 'values').map((one) => parseString(one, 'a value')),
  };
}

function parseRoute(value: unknown): Route {
  const { destination, prefixList, target } = parseObject(value, 'a route');
  const { kind, interface: id } = parseObject(target, 'a target');
  const choice = parseChoice(kind, 'a target', ['interface', 'uplink', 'blackhole']);
  return {
    ...(prefixList === undefined
      ? { destination: parseCidr(destination) }
      : { destination: undefined, prefixList: parseString(prefixList, 'prefixList') }),
    target:
      choice === 'interface'
        ? { kind: choice, interface: parseString(id, 'interface') }
        : { kind: choice },
  };
}

function parseMatch(rule: JsonObject): Match {
  const port = { min: 0, max: 65_535 };
  const icmp = { min: -1, max: 255 };
  return {
    protocol: parseString(rule['protocol'], 'protocol'),
    fromPort: parseInteger(rule['fromPort'], 'fromPort', port),
    toPort: parseInteger(rule['toPort'], 'toPort', port),
    icmpType: parseInteger(rule['icmpType'], 'icmpType', icmp),
    icmpCode: parseInteger(rule['icmpCode'], 'icmpCode', icmp),
  };
}

function parseRule(value: unknown): SecurityGroupRule {
  const rule = parseObject(value, 'a rule');
  return {
    ...parseMatch(rule),
    peer: parsePeer(rule['peer']),
    description: parseString(rule['description'], 'description'),
  };
}

function parsePeer(value: unknown): SecurityGroupRule['peer'] {
  const { kind, cidr, group, prefixList } = parseObject(value, 'peer');
  const choice = parseChoice(kind, 'peer', ['cidr', 'group', 'prefix-list']);
  switch (choice) {
    case 'cidr':
      return { kind: choice, cidr: parseCidr(cidr) };
    case 'group':
      return { kind: choice, group: parseString(group, 'group') };
    case 'prefix-list':
      return { kind: choice, prefixList: parseString(prefixList, 'prefixList') };
  }
  return assertNever(choice);
}

function parseEntry(value: unknown): NetworkAclEntry {
  const entry = parseObject(value, 'an entry');
  return {
    ...parseMatch(entry),
    number: parseInteger(entry['number'], 'number', { min: 1, max: 32_766 }),
    cidr: parseCidr(entry['cidr']),
    action: parseChoice(entry['action'], 'action', ['allow', 'deny']),
  };
}
