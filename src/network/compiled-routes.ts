// SPDX-License-Identifier: Apache-2.0

// The routes of a subnet as a card looks them up: what each leads to, the longest prefix first.

import {
  blockOf,
  type Cidr,
  familyOf,
  type IpAddress,
  isWithin,
  parseCidr,
} from './model/address.ts';
import { tableOf } from './model/check.ts';
import { blockRoutes } from './model/prefix-lists.ts';
import type { NetworkState, Subnet, Uplink } from './model/records.ts';
import { uplinkAddresses } from './uplink.ts';

export interface CompiledRoute {
  readonly destination: Cidr;
  readonly kind: 'local' | 'interface' | 'uplink' | 'blackhole';
  readonly interface?: string;
}

/** RT-1, RT-2: local routes and the table's. */
export function routesOf(state: NetworkState, subnet: Subnet): readonly CompiledRoute[] {
  const blocks = state.vpc
    .filter(({ id }) => id === subnet.vpc)
    .flatMap(({ ipv4Cidrs, ipv6Cidrs }) => [...ipv4Cidrs, ...ipv6Cidrs]);
  const routes = blockRoutes(state, tableOf(state, subnet.id)?.routes ?? []);
  const table = routes.map(({ destination, target }) =>
    target.kind === 'interface'
      ? { destination, kind: target.kind, interface: target.interface }
      : { destination, kind: target.kind },
  );
  return inOrder([...localRoutes(blocks), ...table]);
}

/** To what is in these blocks, and nowhere else. */
export function localRoutes(blocks: readonly Cidr[]): readonly CompiledRoute[] {
  return inOrder(blocks.map((destination) => ({ destination, kind: 'local' })));
}

/**
 * The same routes with the uplink that a card has, or none: then what leads there is a black hole.
 * Of IPv6 it is the host's address on it, and a black hole for the rest, which Linux would forward
 * where it forwards at all: it has no switch of one device for that.
 */
export function routesWithUplink(
  routes: readonly CompiledRoute[],
  uplink: Uplink | undefined,
): readonly CompiledRoute[] {
  const host = uplink === undefined ? undefined : hostBlockOf(uplink);
  const passing = routes.map((route): CompiledRoute => {
    const { destination, kind } = route;
    const isOut =
      uplink !== undefined && (familyOf(destination) === 'ipv4' || destination === host);
    return kind === 'uplink' && !isOut ? { destination, kind: 'blackhole' } : route;
  });
  // The longest prefix that has the host decides.
  const found = routes.find((one) => host !== undefined && isWithin(host, one.destination));
  if (host === undefined || found?.kind !== 'uplink' || found.destination === host) return passing;
  return inOrder([...passing, { destination: host, kind: 'uplink' }]);
}

/** The host's address of IPv6 on an uplink, as a block; undefined if it has none. */
export function hostBlockOf(uplink: Uplink): Cidr | undefined {
  const { hostIpv6 } = uplinkAddresses(uplink);
  return hostIpv6 === undefined ? undefined : ownBlock(hostIpv6);
}

/** The block that an address is by itself. */
export function ownBlock(address: IpAddress): Cidr {
  return parseCidr(`${address}/${familyOf(address) === 'ipv6' ? 128 : 32}`);
}

function inOrder(routes: readonly CompiledRoute[]): readonly CompiledRoute[] {
  return routes.toSorted((a, b) => {
    const [left, right] = [prefixRank(a.destination), prefixRank(b.destination)];
    if (left.bits !== right.bits) return right.bits - left.bits;
    return left.first < right.first ? -1 : 1;
  });
}

function prefixRank(cidr: Cidr): { readonly bits: number; readonly first: bigint } {
  const { family, prefixLength, first } = blockOf(cidr);
  const isWide = family === 'ipv6';
  return {
    bits: isWide ? prefixLength : prefixLength + 96,
    first: isWide ? first : first | (0xffffn << 32n),
  };
}
