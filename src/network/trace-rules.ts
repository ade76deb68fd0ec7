// SPDX-License-Identifier: Apache-2.0

// From the numbers that a trace has for rules (docs/network-semantics.md) back to the records that
// its policy was compiled of. The numbers are a card's word: one that is of nothing finds nothing.

import type {
  NetworkAcl,
  NetworkAclEntry,
  NetworkState,
  SecurityGroup,
  SecurityGroupRule,
} from './model/records.ts';
import { groupRulePlace } from './policy-records.ts';

export type RuleDirection = 'in' | 'out';

const lists = { in: 'ingress', out: 'egress' } as const;

export interface NamedGroupRule {
  readonly group: SecurityGroup;
  readonly rule: SecurityGroupRule;
}

/** The rule of a security group with this number. */
export function findGroupRule(
  state: NetworkState,
  direction: RuleDirection,
  id: number,
): NamedGroupRule | undefined {
  const { groupBit, place } = groupRulePlace(id);
  const group = state['security-group'][groupBit];
  const rule = group?.[lists[direction]][place];
  return group === undefined || rule === undefined ? undefined : { group, rule };
}

/** The network ACL of the subnet that an interface is in. */
export function findAcl(state: NetworkState, interfaceId: string): NetworkAcl | undefined {
  const one = state.interface.find(({ id }) => id === interfaceId);
  const subnet = state.subnet.find(({ id }) => id === one?.subnet);
  return state['network-acl'].find(({ id }) => id === subnet?.networkAcl);
}

export function findEntry(
  acl: NetworkAcl,
  direction: RuleDirection,
  id: number,
): NetworkAclEntry | undefined {
  return acl[lists[direction]].find(({ number }) => number === id);
}
