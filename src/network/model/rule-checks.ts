// SPDX-License-Identifier: Apache-2.0

// Rules of security groups and entries of network ACLs: what they may match, and how many there
// may be.

import { type AddressFamily, familyOf } from './address.ts';
import { findPrefixList, weightOf } from './prefix-lists.ts';
import { quotas } from './quotas.ts';
import type {
  Match,
  NetworkAcl,
  NetworkAclEntry,
  NetworkState,
  SecurityGroup,
  SecurityGroupRule,
} from './records.ts';
import { checkQuota, FieldError, refuse } from './refusal.ts';

const portMax = 65_535;
const entryNumberMax = 32_766; // NA-1.

/** The protocols that have names, by their numbers (IANA). */
export const protocolNumbers: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
  ['icmpv6', 58],
]);

/** @throws FieldError for a group that cannot stand beside what there is. */
export function checkSecurityGroup(state: NetworkState, group: SecurityGroup): void {
  if (!state.vpc.some(({ id }) => id === group.vpc)) throw refuse('vpc', 'does not exist');
  const others = state['security-group'].filter(({ id }) => id !== group.id);
  checkQuota('security_groups', others.length + 1, quotas.securityGroups, 'on a host');
  for (const field of ['ingress', 'egress'] as const) {
    checkRules(field, group[field], state);
    for (const [index, { peer }] of group[field].entries()) {
      if (peer.kind !== 'group' || peer.group === group.id) continue;
      const here = `${field}[${index}].security_group`;
      const found = others.find(({ id }) => id === peer.group);
      if (found === undefined) throw refuse(here, 'does not exist');
      if (found.vpc !== group.vpc) throw refuse(here, `is of another VPC, ${found.vpc}`);
    }
  }
}

/** @throws FieldError for an ACL that cannot stand beside what there is. */
export function checkNetworkAcl(state: NetworkState, acl: NetworkAcl): void {
  if (!state.vpc.some(({ id }) => id === acl.vpc)) throw refuse('vpc', 'does not exist');
  const others = state['network-acl'].filter(({ id, vpc }) => id !== acl.id && vpc === acl.vpc);
  checkQuota('vpc', others.length + 1, quotas.networkAclsOfVpc, 'network ACLs of a VPC');
  for (const field of ['ingress', 'egress'] as const) checkEntries(field, acl[field]);
}

function checkRules(field: string, rules: readonly SecurityGroupRule[], state: NetworkState): void {
  const seen = new Map<string, string>();
  for (const [index, rule] of rules.entries()) {
    const here = `${field}[${index}]`;
    const peer = rule.peer.kind === 'prefix-list' ? 'prefix_list' : 'cidr';
    checkMatch(here, rule, { field: peer, family: familyOfPeer(here, rule, state) });
    const { description: _description, ...what } = rule;
    const first = seen.get(JSON.stringify(what));
    if (first !== undefined) throw refuse(here, `says the same as ${first}`);
    seen.set(JSON.stringify(what), here);
  }
  // SG-5: a rule that names a group counts as one of each family.
  for (const family of ['ipv4', 'ipv6'] as const) {
    const count = rules.reduce((sum, { peer }) => {
      return sum + (peer.kind === 'group' ? 1 : weightOf(state, family, peer));
    }, 0);
    checkQuota(field, count, quotas.rulesOfGroup, `rules for ${family}`);
  }
}

function familyOfPeer(
  field: string,
  { peer }: SecurityGroupRule,
  state: NetworkState,
): AddressFamily | undefined {
  if (peer.kind === 'group') return undefined;
  if (peer.kind === 'cidr') return familyOf(peer.cidr);
  return findPrefixList(state, `${field}.prefix_list`, peer.prefixList).family;
}

function checkEntries(field: string, entries: readonly NetworkAclEntry[]): void {
  checkQuota(field, entries.length, quotas.entriesOfAcl, 'entries');
  const seen = new Map<number, string>();
  for (const [index, entry] of entries.entries()) {
    const here = `${field}[${index}]`;
    if (entry.number < 1 || entry.number > entryNumberMax) {
      throw refuse(`${here}.number`, `is ${entry.number}, outside 1 to ${entryNumberMax}`);
    }
    const first = seen.get(entry.number);
    if (first !== undefined) throw refuse(`${here}.number`, `is that of ${first} too`);
    seen.set(entry.number, here);
    checkMatch(here, entry, { field: 'cidr', family: familyOf(entry.cidr) });
  }
}

function checkMatch(
  field: string,
  match: Match,
  peer: { readonly field: string; readonly family: AddressFamily | undefined },
): void {
  const { protocol } = match;
  checkProtocol(`${field}.protocol`, protocol);
  checkIcmp(field, match);
  checkPorts(field, match);
  const { family } = peer;
  if (family === undefined) return;
  const wanted = { icmp: 'ipv4', icmpv6: 'ipv6' }[protocol] ?? family;
  if (wanted !== family) {
    throw refuse(`${field}.${peer.field}`, `is ${family}, and ${protocol} is of ${wanted} alone`);
  }
}

function checkProtocol(field: string, protocol: string): void {
  if (protocol === 'all' || protocolNumbers.has(protocol)) return;
  const number = /^(0|[1-9]\d{0,2})$/.test(protocol) ? Number(protocol) : -1;
  if (number < 0 || number > 255) {
    const names = ['all', ...protocolNumbers.keys()].join(', ');
    throw refuse(field, `is "${protocol}"`, `use one of ${names}, or a number up to 255`);
  }
  const name = [...protocolNumbers].find(([, known]) => known === number)?.[0];
  if (name !== undefined) throw refuse(field, `is "${protocol}"`, `write ${name}`);
}

function checkPorts(field: string, { protocol, fromPort, toPort }: Match): void {
  if (protocol !== 'tcp' && protocol !== 'udp') {
    if (fromPort === 0 && toPort === 0) return;
    throw refuse(`${field}.from_port`, `and to_port are of tcp and udp, not of ${protocol}`);
  }
  if (toPort === 0) {
    throw refuse(`${field}.to_port`, 'is 0', `${portMax} is every port from from_port on`);
  }
  if (toPort > portMax) throw refuse(`${field}.to_port`, `is ${toPort}, above ${portMax}`);
  if (fromPort > toPort) throw refuse(`${field}.from_port`, `is above to_port, ${toPort}`);
}

function checkIcmp(field: string, { protocol, icmpType, icmpCode }: Match): void {
  if (protocol !== 'icmp' && protocol !== 'icmpv6') {
    if (icmpType === 0 && icmpCode === 0) return;
    throw refuse(`${field}.icmp_type`, `and icmp_code are of icmp and icmpv6, not of ${protocol}`);
  }
  for (const [name, value] of [
    ['icmp_type', icmpType],
    ['icmp_code', icmpCode],
  ] as const) {
    if (value >= -1 && value <= 255) continue;
    throw new FieldError('invalid-argument', `${field}.${name}`, `is ${value}`, {
      hint: '0 to 255, and -1 for any',
    });
  }
  if (icmpType === -1 && icmpCode !== -1) {
    throw refuse(`${field}.icmp_code`, 'is of no type', 'give icmp_type too, or -1 for any code');
  }
}
