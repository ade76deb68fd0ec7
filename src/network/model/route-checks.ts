// SPDX-License-Identifier: Apache-2.0

// Route tables: where a route may lead.

import { type Cidr, isWithin, parseCidr } from './address.ts';
import { findPrefixList, weightOf } from './prefix-lists.ts';
import { quotas } from './quotas.ts';
import type { NetworkState, Route, RouteTable, Vpc } from './records.ts';
import { checkQuota, refuse } from './refusal.ts';

// RT-4: the services of the host; never forwarded, whatever route covers them.
const unroutable = ['169.254.168.0/22', 'fd00:ec2::/32'].map(parseCidr);

/** @throws FieldError for a table that cannot stand beside what there is. */
export function checkRouteTable(state: NetworkState, table: RouteTable): void {
  const vpc = state.vpc.find(({ id }) => id === table.vpc);
  if (vpc === undefined) throw refuse('vpc', 'does not exist');
  const others = state['route-table'].filter((one) => one.id !== table.id && one.vpc === table.vpc);
  checkQuota('vpc', others.length + 1, quotas.routeTablesOfVpc, 'route tables of a VPC');
  const main = table.isMain ? others.find(({ isMain }) => isMain) : undefined;
  if (main !== undefined) {
    throw refuse('is_main', `cannot be: ${main.id} is the main table of ${vpc.id}`);
  }
  for (const family of ['ipv4', 'ipv6'] as const) {
    const count = table.routes.reduce((sum, { destination: cidr, prefixList }) => {
      return sum + weightOf(state, family, { cidr, prefixList });
    }, 0);
    checkQuota('routes', count, quotas.routesOfTable, `routes for ${family}`);
  }
  const seen = new Map<string, string>();
  for (const [index, route] of table.routes.entries()) {
    const here = `routes[${index}]`;
    const { destination, prefixList = '' } = route;
    const first = seen.get(destination ?? prefixList);
    if (first !== undefined) throw refuse(`${here}.destination`, `is that of ${first} too`);
    seen.set(destination ?? prefixList, here);
    checkTarget(here, route, state, vpc);
    if (destination !== undefined) checkDestination(here, { ...route, destination }, state, vpc);
    else {
      const { entries } = findPrefixList(state, `${here}.prefix_list`, prefixList);
      for (const { cidr } of entries) {
        checkDestination(here, { ...route, destination: cidr }, state, vpc);
      }
    }
  }
}

function checkTarget(field: string, { target }: Route, state: NetworkState, vpc: Vpc): void {
  if (target.kind !== 'interface') return;
  const found = state.interface.find(({ id }) => id === target.interface);
  if (found === undefined) throw refuse(`${field}.interface`, 'does not exist');
  const subnet = state.subnet.find(({ id }) => id === found.subnet);
  if (subnet?.vpc !== vpc.id) throw refuse(`${field}.interface`, 'is of another VPC');
}

function checkDestination(
  field: string,
  { destination, target }: Route & { readonly destination: Cidr },
  state: NetworkState,
  vpc: Vpc,
): void {
  const reserved = unroutable.find((block) => isWithin(destination, block));
  if (reserved !== undefined) {
    throw refuse(`${field}.destination`, `is within ${reserved}, which is the host's`);
  }
  const subnets = state.subnet.filter((one) => one.vpc === vpc.id);
  const local = [...vpc.ipv4Cidrs, ...vpc.ipv6Cidrs].find((cidr) => isWithin(destination, cidr));
  if (local === undefined) return;
  // RT-2, RT-3: what is local stays local, but for a subnet that is looked at on its way.
  const isSubnet = subnets.some(
    ({ ipv4Cidr, ipv6Cidr }) => destination === ipv4Cidr || destination === ipv6Cidr,
  );
  if (destination === local || !isSubnet) {
    throw refuse(
      `${field}.destination`,
      `is within the local block ${local}`,
      'within its VPC a route is for exactly the block of a subnet',
    );
  }
  if (target.kind === 'uplink') {
    throw refuse(`${field}.target`, 'is the uplink, and the destination a subnet of the VPC');
  }
}
