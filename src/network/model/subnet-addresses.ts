// SPDX-License-Identifier: Apache-2.0

// Which addresses of a subnet are whose (AD-1): the first four and the last are reserved, of both
// families, and the rest is the interfaces'.

import { addressValue, blockOf, type Cidr, formatAddress, type IpAddress } from './address.ts';
import type { Subnet } from './records.ts';

const reservedAtStart = 4n;

/** The router of a subnet: its second address. */
export function routerAddress(cidr: Cidr): IpAddress {
  const { family, first } = blockOf(cidr);
  return formatAddress(family, first + 1n);
}

/** What guests of the subnet see as their router's: locally administered, and the subnet's own. */
export function routerMac({ id }: Pick<Subnet, 'id'>): Uint8Array {
  return Uint8Array.of(2, ...Buffer.from(id.slice(-10), 'hex'));
}

/** The resolver of a VPC: the third address of its primary block. */
export function dnsAddress(vpcCidr: Cidr): IpAddress {
  const { family, first } = blockOf(vpcCidr);
  return formatAddress(family, first + 2n);
}

/** Whether the address is one that no interface of the subnet may have. */
export function isReserved(address: IpAddress, cidr: Cidr): boolean {
  const value = addressValue(address);
  const { first, last } = blockOf(cidr);
  return value < first + reservedAtStart || value >= last;
}

/** The lowest address of the subnet that is nobody's; undefined if there is none. */
export function lowestFreeAddress(
  cidr: Cidr,
  taken: ReadonlySet<IpAddress>,
): IpAddress | undefined {
  const block = blockOf(cidr);
  for (let value = block.first + reservedAtStart; value < block.last; value += 1n) {
    const address = formatAddress(block.family, value);
    if (!taken.has(address)) return address;
  }
  return undefined;
}
