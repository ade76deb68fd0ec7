// SPDX-License-Identifier: Apache-2.0

// Prefix lists: what they may have, what names them, and what a rule or a route means that does.

import { type AddressFamily, type Cidr, familyOf } from './address.ts';
import { quotas } from './quotas.ts';
import type {
  NetworkState,
  PrefixList,
  Route,
  RouteTable,
  RouteTarget,
  SecurityGroup,
  SecurityGroupRule,
} from './records.ts';
import { checkOnce, checkQuota, refuse } from './refusal.ts';

/** @throws FieldError for what is wrong with the list itself. */
export function checkPrefixList(state: NetworkState, list: PrefixList): void {
  const { id, family, maxEntries, entries } = list;
  const others = state['prefix-list'].filter((one) => one.id !== id);
  checkQuota('prefix_lists', others.length + 1, quotas.prefixLists, 'on a host');
  const { entriesOfPrefixList } = quotas;
  if (maxEntries < 1) throw refuse('max_entries', 'is missing', 'say how many there may ever be');
  checkQuota('max_entries', maxEntries, entriesOfPrefixList, 'entries of a prefix list');
  checkQuota('entries', entries.length, maxEntries, 'entries, as max_entries says,');
  for (const [index, { cidr }] of entries.entries()) {
    if (familyOf(cidr) === family) continue;
    throw refuse(`entries[${index}].cidr`, `is ${familyOf(cidr)}, and the list of ${family}`);
  }
  checkOnce(
    'entries',
    entries.map(({ cidr }) => cidr),
  );
}

/** The list with a higher version if its entries are others than before. */
export function withVersion(before: PrefixList, after: PrefixList): PrefixList {
  const isSame = JSON.stringify(before.entries) === JSON.stringify(after.entries);
  return isSame ? after : { ...after, version: before.version + 1 };
}

/** The list that a field names. @throws FieldError if there is none. */
export function findPrefixList(state: NetworkState, field: string, id: string): PrefixList {
  const found = state['prefix-list'].find((list) => list.id === id);
  if (found === undefined) throw refuse(field, 'does not exist');
  return found;
}

/** What names a list. */
export function usersOfPrefixList(
  state: NetworkState,
  id: string,
): { readonly groups: readonly SecurityGroup[]; readonly tables: readonly RouteTable[] } {
  const isNamed = ({ peer }: SecurityGroupRule): boolean =>
    peer.kind === 'prefix-list' && peer.prefixList === id;
  return {
    groups: state['security-group'].filter(({ ingress, egress }) =>
      [...ingress, ...egress].some(isNamed),
    ),
    tables: state['route-table'].filter(({ routes }) =>
      routes.some(({ prefixList }) => prefixList === id),
    ),
  };
}

/** A route to one block. */
export interface BlockRoute {
  readonly destination: Cidr;
  readonly target: RouteTarget;
}

/**
 * What routes mean: for each block one, of which a route for the block itself comes before one for
 * a list (RT-1), and an earlier one before a later.
 */
export function blockRoutes(state: NetworkState, routes: readonly Route[]): readonly BlockRoute[] {
  const found = new Map<Cidr, BlockRoute>();
  for (const { destination, target } of routes) {
    if (destination !== undefined) found.set(destination, { destination, target });
  }
  for (const { prefixList, target } of routes) {
    for (const { cidr: destination } of entriesOf(state, prefixList)) {
      if (!found.has(destination)) found.set(destination, { destination, target });
    }
  }
  return [...found.values()];
}

/** The blocks that a rule is about; none of one whose peer is a group. */
export function peerBlocks(state: NetworkState, { peer }: SecurityGroupRule): readonly Cidr[] {
  if (peer.kind === 'group') return [];
  if (peer.kind === 'cidr') return [peer.cidr];
  return entriesOf(state, peer.prefixList).map(({ cidr }) => cidr);
}

/** What one block, or a reference to a list, takes of a quota for a family. */
export function weightOf(
  state: NetworkState,
  family: AddressFamily,
  {
    cidr,
    prefixList,
  }: { readonly cidr?: Cidr | undefined; readonly prefixList?: string | undefined },
): number {
  if (cidr !== undefined) return familyOf(cidr) === family ? 1 : 0;
  const list = state['prefix-list'].find(({ id }) => id === prefixList);
  return list?.family === family ? list.maxEntries : 0;
}

function entriesOf(state: NetworkState, id: string | undefined): PrefixList['entries'] {
  return state['prefix-list'].find((list) => list.id === id)?.entries ?? [];
}
