// SPDX-License-Identifier: Apache-2.0

// Rules, entries, routes and records in words of a command line: `tcp:22@10.0.0.0/8,icmp@web`,
// `100 allow all@0.0.0.0/0` and `0.0.0.0/0=uplink`. `none` is a list without anything.

import type {
  NetworkAclEntry,
  Route,
  SecurityGroupRule,
  Uplink,
} from '../../api/generated/argon/v1/network-resources.ts';
import {
  type PrivateRecord,
  privateRecordTypeType,
} from '../../api/generated/argon/v1/network-services.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseInteger } from '../../base/parse.ts';

/** From what a user calls a resource to its full name. */
export type FindName = (
  kind: 'security-group' | 'interface' | 'prefix-list',
  text: string,
) => Promise<string>;

const listPrefix = 'prefix-list:';

const portMax = 65_535;
const ttlMax = 0x7fff_ffff;

/** @throws ArgonError invalid-argument, naming the rule; as `find` does. */
export async function parseRules(
  text: string,
  find: FindName,
): Promise<readonly Init<SecurityGroupRule>[]> {
  const rules: Init<SecurityGroupRule>[] = [];
  for (const item of itemsOf(text)) {
    const [match, peer] = halvesOf(item, '@', 'tcp:22@10.0.0.0/8 or tcp:22@GROUP');
    // The full name of a group has a slash too.
    const isBlock = /^[0-9a-f:.]+\//.test(peer);
    const list = await findList(peer, find);
    const what = parseMatch(match);
    if (list !== undefined) rules.push({ ...what, prefixList: list });
    else if (isBlock) rules.push({ ...what, cidr: peer });
    else rules.push({ ...what, securityGroup: await find('security-group', peer) });
  }
  return rules;
}

/** @throws ArgonError invalid-argument, naming the entry. */
export function parseEntries(text: string): readonly Init<NetworkAclEntry>[] {
  return itemsOf(text).map((item) => {
    const [, number, action, rest = ''] = /^(\d+) +(allow|deny) +(.*)$/.exec(item) ?? [];
    if (number === undefined) throw noSuch(item, '100 allow tcp:80@0.0.0.0/0');
    const [match, cidr] = halvesOf(rest, '@', '100 allow tcp:80@0.0.0.0/0');
    return {
      ...parseMatch(match),
      number: parseInteger(number, 'the number of an entry', { min: 1, max: 32_766 }),
      action: action === 'allow' ? 'ACL_ACTION_ALLOW' : 'ACL_ACTION_DENY',
      cidr,
    };
  });
}

/** @throws ArgonError invalid-argument, naming the route; as `find` does. */
export async function parseRoutes(text: string, find: FindName): Promise<readonly Init<Route>[]> {
  const routes: Init<Route>[] = [];
  for (const item of itemsOf(text)) {
    const [destination, target] = halvesOf(item, '=', '0.0.0.0/0=uplink');
    const prefixList = await findList(destination, find);
    const from = prefixList === undefined ? { destination } : { prefixList };
    if (target === 'uplink') routes.push({ ...from, target: 'ROUTE_TARGET_UPLINK' });
    else if (target === 'blackhole') {
      routes.push({ ...from, target: 'ROUTE_TARGET_BLACKHOLE' });
    } else {
      const found = await find('interface', target);
      routes.push({ ...from, target: 'ROUTE_TARGET_INTERFACE', interface: found });
    }
  }
  return routes;
}

/** The list that `prefix-list:office` names; undefined for what names none. */
async function findList(text: string, find: FindName): Promise<string | undefined> {
  if (!text.startsWith(listPrefix)) return undefined;
  return find('prefix-list', text.slice(listPrefix.length));
}

const recordExample = 'db.corp.internal A 10.0.1.5, or db.corp.internal 60 A 10.0.1.5';

/**
 * Records as zone files have them; those of one name and type are one with several values.
 * @throws ArgonError invalid-argument, naming the record.
 */
export function parseRecords(text: string): readonly Init<PrivateRecord>[] {
  const read = itemsOf(text).map((item) => {
    const found = /^(?<name>\S+) +(?:(?<ttl>\d+) +)?(?<type>[A-Za-z]+) +(?<value>.+)$/.exec(item);
    const { name = '', ttl = '0', type = '', value = '' } = found?.groups ?? {};
    const word = `PRIVATE_RECORD_TYPE_${type.toUpperCase()}`;
    const known = [...privateRecordTypeType.numbers.keys()].find((one) => one === word);
    if (found === null || known === undefined) throw noSuch(item, recordExample);
    const ttlSeconds = parseInteger(ttl, 'the time to live of a record', { min: 0, max: ttlMax });
    return { record: { name, type: known, ttlSeconds }, value };
  });
  const byKey = Map.groupBy(read, ({ record: { name, type } }) => `${name} ${type}`);
  return [...byKey.values()].map((same) => ({
    ...same[0]?.record,
    values: same.map(({ value }) => value),
  }));
}

const uplinkExample = 'tap=outside0,cidr=198.51.100.0/30,namespace=lab';
const uplinkWords: ReadonlyMap<string, keyof Uplink> = new Map([
  ['tap', 'tap'],
  ['cidr', 'ipv4Cidr'],
  ['cidr6', 'ipv6Cidr'],
  ['namespace', 'namespace'],
]);

/** @throws ArgonError invalid-argument, naming what cannot be read. `none` is no uplink. */
export function parseUplink(text: string): Init<Uplink> | undefined {
  if (text === 'none') return undefined;
  const fields = new Map<keyof Uplink, string>();
  for (const item of itemsOf(text)) {
    const [word, value] = halvesOf(item, '=', uplinkExample);
    const field = uplinkWords.get(word);
    if (field === undefined || fields.has(field)) throw noSuch(item, uplinkExample);
    fields.set(field, value);
  }
  return Object.fromEntries(fields);
}

/** The items of a list with commas; none of `none`. */
export function itemsOf(text: string): readonly string[] {
  if (text === 'none') return [];
  return text.split(',').map((item) => item.trim());
}

type MatchFields = Pick<
  Init<SecurityGroupRule>,
  'protocol' | 'fromPort' | 'toPort' | 'icmpType' | 'icmpCode'
>;

function parseMatch(text: string): MatchFields {
  const [, protocol = '', , rest] = /^([a-z0-9]+)(:(.*))?$/.exec(text) ?? [];
  switch (protocol) {
    case 'tcp':
    case 'udp':
      return { protocol, ...parsePorts(rest) };
    case 'icmp':
    case 'icmpv6':
      return { protocol, ...parseIcmp(rest) };
    default:
      if (protocol === '' || rest !== undefined) throw noSuch(text, 'tcp:80-443, icmp:8 or all');
      return { protocol };
  }
}

function parsePorts(text: string | undefined): MatchFields {
  if (text === undefined) return { fromPort: 0, toPort: portMax };
  const [from = '', to = from] = text.split('-', 2);
  const range = { min: 0, max: portMax };
  return {
    fromPort: parseInteger(from, 'a port', range),
    toPort: parseInteger(to, 'a port', range),
  };
}

function parseIcmp(text: string | undefined): MatchFields {
  if (text === undefined) return { icmpType: -1, icmpCode: -1 };
  const [type = '', code] = text.split('/', 2);
  const range = { min: 0, max: 255 };
  return {
    icmpType: parseInteger(type, 'a type of ICMP', range),
    icmpCode: code === undefined ? -1 : parseInteger(code, 'a code of ICMP', range),
  };
}

function halvesOf(item: string, separator: string, example: string): [string, string] {
  const at = item.lastIndexOf(separator);
  if (at <= 0 || at === item.length - 1) throw noSuch(item, example);
  return [item.slice(0, at).trim(), item.slice(at + 1).trim()];
}

function noSuch(item: string, example: string): ArgonError {
  return new ArgonError('invalid-argument', `"${item}" cannot be read`, {
    hint: `write it as in ${example}`,
  });
}
