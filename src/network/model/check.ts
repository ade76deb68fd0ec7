// SPDX-License-Identifier: Apache-2.0

// The one door to the checks of records: whether a record can be put among what there is, and what
// holds one that is to go. No effects.

import { ArgonError, assertNever } from '../../base/errors.ts';
import { checkDhcpOptions } from './dhcp-checks.ts';
import { checkFlowLog } from './flow-log-checks.ts';
import { checkInterface } from './interface-checks.ts';
import { checkPrefixList, usersOfPrefixList } from './prefix-lists.ts';
import type {
  NetworkKind,
  NetworkRecord,
  NetworkState,
  PrefixList,
  RecordOfKind,
  RouteTable,
  Vpc,
} from './records.ts';
import { FieldError, refuse } from './refusal.ts';
import { checkRouteTable } from './route-checks.ts';
import { checkNetworkAcl, checkSecurityGroup } from './rule-checks.ts';
import { checkSubnet, checkVpc } from './vpc-checks.ts';
import { checkPrivateZone } from './zone-checks.ts';

const checks: {
  readonly [Kind in NetworkKind]: (state: NetworkState, record: RecordOfKind[Kind]) => void;
} = {
  vpc: (state, vpc) => {
    checkVpc(state, vpc);
    checkTablesOf(state, vpc);
  },
  subnet: checkSubnet,
  'route-table': checkRouteTable,
  'security-group': checkSecurityGroup,
  'network-acl': checkNetworkAcl,
  interface: checkInterface,
  'flow-log': checkFlowLog,
  'dhcp-options': checkDhcpOptions,
  'private-zone': checkPrivateZone,
  'prefix-list': (state, list) => {
    checkPrefixList(state, list);
    checkUsersOf(state, list);
  },
};

/**
 * Whether the record can be added, or can replace the one of its id.
 * @throws FieldError naming the field, and the limit in its details where it is one.
 */
export function checkRecord<Kind extends NetworkKind>(
  state: NetworkState,
  kind: Kind,
  record: RecordOfKind[Kind],
): void {
  const { id, displayName } = record;
  const named: readonly NetworkRecord[] = state[kind];
  const namesake = named.find((other) => other.id !== id && other.displayName === displayName);
  if (displayName !== '' && namesake !== undefined) {
    throw new FieldError('already-exists', 'display_name', `is that of ${namesake.id}`);
  }
  const check: (state: NetworkState, record: RecordOfKind[Kind]) => void = checks[kind];
  check(state, record);
}

// A block that is added becomes local, and what was routed elsewhere is within it now (RT-3).
function checkTablesOf(state: NetworkState, vpc: Vpc): void {
  const after = { ...state, vpc: [...state.vpc.filter(({ id }) => id !== vpc.id), vpc] };
  for (const table of state['route-table'].filter((one) => one.vpc === vpc.id)) {
    try {
      checkRouteTable(after, table);
    } catch (thrown) {
      const { message } = ArgonError.from(thrown);
      throw refuse('ipv4_cidrs', `and ipv6_cidrs are at odds with ${table.id}: ${message}`);
    }
  }
}

// What names the list counts its entries, and routes have to be for each of them.
function checkUsersOf(state: NetworkState, list: PrefixList): void {
  const others = state['prefix-list'].filter(({ id }) => id !== list.id);
  const after = { ...state, 'prefix-list': [...others, list] };
  const { groups, tables } = usersOfPrefixList(state, list.id);
  const checkEach = <One extends NetworkRecord>(
    all: readonly One[],
    check: (state: NetworkState, one: One) => void,
  ): void => {
    for (const one of all) {
      try {
        check(after, one);
      } catch (thrown) {
        const { message, code } = ArgonError.from(thrown);
        throw new FieldError(
          code,
          'entries',
          `and max_entries are at odds with ${one.id}: ${message}`,
        );
      }
    }
  };
  checkEach(groups, checkSecurityGroup);
  checkEach(tables, checkRouteTable);
}

// How many of those who hold a record a refusal names.
const namedHolders = 5;

/** @throws ArgonError failed-precondition naming what refers to the record. */
export function checkUnused(state: NetworkState, kind: NetworkKind, id: string): void {
  const holders = holdersOf(state, kind, id);
  if (holders.length === 0) return;
  const named = holders.slice(0, namedHolders).join(', ');
  const more = holders.length - namedHolders;
  const rest = more > 0 ? ` and ${more} more` : '';
  throw new ArgonError('failed-precondition', `${id} is in use by ${named}${rest}`, {
    hint: 'delete those first, or change what they refer to',
    details: { holders: holders.length },
  });
}

/**
 * The tables that change when the interface is deleted: routes to it become black holes (RT-6).
 */
export function tablesWithout(state: NetworkState, id: string): readonly RouteTable[] {
  return state['route-table'].flatMap((table) => {
    const isTo = ({ target }: RouteTable['routes'][number]): boolean =>
      target.kind === 'interface' && target.interface === id;
    if (!table.routes.some(isTo)) return [];
    const routes = table.routes.map((route) =>
      isTo(route) ? { ...route, target: { kind: 'blackhole' as const } } : route,
    );
    return [{ ...table, routes, revision: table.revision + 1 }];
  });
}

function holdersOf(state: NetworkState, kind: NetworkKind, id: string): readonly string[] {
  const idsOf = (records: readonly { readonly id: string }[]): readonly string[] =>
    records.map((record) => record.id);
  const flowLogs = idsOf(state['flow-log'].filter(({ resource }) => resource === id));
  switch (kind) {
    case 'vpc':
      return [
        ...(['subnet', 'route-table', 'security-group', 'network-acl'] as const).flatMap(
          (other) => {
            const all: readonly { id: string; vpc: string }[] = state[other];
            return idsOf(all.filter(({ vpc }) => vpc === id));
          },
        ),
        ...flowLogs,
        ...idsOf(state['private-zone'].filter(({ vpcs }) => vpcs.includes(id))),
      ];
    case 'subnet':
      return [...idsOf(state.interface.filter(({ subnet }) => subnet === id)), ...flowLogs];
    case 'route-table':
      return idsOf(state.subnet.filter((subnet) => tableOf(state, subnet.id)?.id === id));
    case 'security-group':
      return [
        ...idsOf(state.interface.filter(({ securityGroups }) => securityGroups.includes(id))),
        ...idsOf(
          state['security-group'].filter(
            (group) =>
              group.id !== id &&
              [...group.ingress, ...group.egress].some(
                ({ peer }) => peer.kind === 'group' && peer.group === id,
              ),
          ),
        ),
      ];
    case 'network-acl':
      return idsOf(state.subnet.filter(({ networkAcl }) => networkAcl === id));
    case 'interface':
      return flowLogs;
    case 'dhcp-options':
      return idsOf(state.vpc.filter(({ dhcpOptions }) => dhcpOptions === id));
    case 'prefix-list': {
      const { groups, tables } = usersOfPrefixList(state, id);
      return idsOf([...groups, ...tables]);
    }
    case 'flow-log':
    case 'private-zone':
      return [];
  }
  return assertNever(kind);
}

/** The table that a subnet goes by: its own, or the main one of its VPC (RT-5). */
export function tableOf(state: NetworkState, subnetId: string): RouteTable | undefined {
  const subnet = state.subnet.find(({ id }) => id === subnetId);
  if (subnet === undefined) return undefined;
  const { vpc, routeTable } = subnet;
  return state['route-table'].find((table) =>
    routeTable === undefined ? table.isMain && table.vpc === vpc : table.id === routeTable,
  );
}
