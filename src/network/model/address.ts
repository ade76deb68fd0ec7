// SPDX-License-Identifier: Apache-2.0

// Addresses and blocks of addresses of both families. Each has one way of being written (RFC 5952
// for IPv6, a block without bits behind its prefix), so that two texts are the same address when
// they are equal. Arithmetic is on the value: a bigint of 32 or 128 bits.

import { isIPv4, isIPv6, SocketAddress } from 'node:net';

import { type Brand, brand } from '../../base/brand.ts';
import { ArgonError } from '../../base/errors.ts';
import { textOf } from '../../base/text-of.ts';

export type AddressFamily = 'ipv4' | 'ipv6';

/** As in `10.0.0.5` or `fd00::5`. */
export type IpAddress = Brand<string, 'IpAddress'>;

/** As in `10.0.0.0/16` or `fd00:1::/56`. */
export type Cidr = Brand<string, 'Cidr'>;

/** A block as numbers; both ends are of it. */
export interface Block {
  readonly family: AddressFamily;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefixLength: number;
}

export const addressBits: Readonly<Record<AddressFamily, number>> = { ipv4: 32, ipv6: 128 };

/** @throws ArgonError invalid-argument, with the right way to write it in the hint. */
export function parseIpAddress(text: unknown): IpAddress {
  const family = typeof text === 'string' ? familyOfText(text) : undefined;
  if (typeof text !== 'string' || family === undefined) {
    throw new ArgonError('invalid-argument', `"${textOf(text)}" is no address`, {
      hint: 'an address is written as in 10.0.0.5 or fd00::5',
    });
  }
  const value = valueOf(text, family);
  refuseMapped(family, value);
  const canonical = formatAddress(family, value);
  if (canonical !== text) throw otherwise(text, canonical);
  return canonical;
}

/** @throws ArgonError invalid-argument, with the right way to write it in the hint. */
export function parseCidr(text: unknown): Cidr {
  const [, address = '', digits = ''] =
    /^([0-9a-fA-F:.]{2,45})\/(\d{1,3})$/.exec(textOf(text)) ?? [];
  const family = familyOfText(address);
  if (family === undefined || Number(digits) > addressBits[family]) {
    throw new ArgonError('invalid-argument', `"${textOf(text)}" is no block of addresses`, {
      hint: 'a block is written as in 10.0.0.0/16 or fd00:1::/56',
    });
  }
  const prefixLength = Number(digits);
  const hostBits = BigInt(addressBits[family] - prefixLength);
  const first = (valueOf(address, family) >> hostBits) << hostBits;
  refuseMapped(family, first);
  const canonical = formatCidr(family, first, prefixLength);
  if (canonical !== text) throw otherwise(textOf(text), canonical);
  return canonical;
}

export function familyOf(text: IpAddress | Cidr): AddressFamily {
  return text.includes(':') ? 'ipv6' : 'ipv4';
}

export function addressValue(address: IpAddress): bigint {
  return valueOf(address, familyOf(address));
}

export function formatAddress(family: AddressFamily, value: bigint): IpAddress {
  const groupBits = family === 'ipv4' ? 8n : 16n;
  const groups: bigint[] = [];
  for (let shift = BigInt(addressBits[family]) - groupBits; shift >= 0n; shift -= groupBits) {
    groups.push((value >> shift) & ((1n << groupBits) - 1n));
  }
  if (family === 'ipv4') return brand<IpAddress>(groups.join('.'));
  const long = groups.map((group) => group.toString(16)).join(':');
  return brand<IpAddress>(new SocketAddress({ address: long, family }).address);
}

export function formatCidr(family: AddressFamily, first: bigint, prefixLength: number): Cidr {
  return brand<Cidr>(`${formatAddress(family, first)}/${prefixLength}`);
}

export function blockOf(cidr: Cidr): Block {
  const [address = '', digits = ''] = cidr.split('/');
  const family = familyOf(cidr);
  const prefixLength = Number(digits);
  const first = valueOf(address, family);
  const size = 1n << BigInt(addressBits[family] - prefixLength);
  return { family, first, last: first + size - 1n, prefixLength };
}

/** Whether all of `inner` is in `outer`; a block is within itself. */
export function isWithin(inner: Cidr | IpAddress, outer: Cidr): boolean {
  const [small, large] = [rangeOf(inner), blockOf(outer)];
  return small.family === large.family && small.first >= large.first && small.last <= large.last;
}

export function doOverlap(one: Cidr, other: Cidr): boolean {
  return isWithin(one, other) || isWithin(other, one);
}

function rangeOf(text: Cidr | IpAddress): Pick<Block, 'family' | 'first' | 'last'> {
  if (isCidr(text)) return blockOf(text);
  const value = addressValue(text);
  return { family: familyOf(text), first: value, last: value };
}

function isCidr(text: Cidr | IpAddress): text is Cidr {
  return text.includes('/');
}

// A zone is of a link of one machine, and says nothing here.
function familyOfText(text: string): AddressFamily | undefined {
  if (isIPv4(text)) return 'ipv4';
  return isIPv6(text) && !text.includes('%') ? 'ipv6' : undefined;
}

/** The value of a text of that family, however it is written; undefined if it is none. */
export function readAddress(text: string, family: AddressFamily): bigint | undefined {
  return familyOfText(text) === family ? valueOf(text, family) : undefined;
}

// Of a text that node:net has found to be one.
function valueOf(text: string, family: AddressFamily): bigint {
  if (family === 'ipv4') return joined(text.split('.').map(BigInt), 8n);
  const [head = '', tail = ''] = text.split('::');
  const [left, right] = [groupsOf(head), groupsOf(tail)];
  const gap = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return joined([...left, ...gap, ...right], 16n);
}

function groupsOf(text: string): readonly bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = valueOf(group, 'ipv4');
    return [value >> 16n, value & 0xffffn];
  });
}

function joined(groups: readonly bigint[], bits: bigint): bigint {
  return groups.reduce((value, group) => (value << bits) | group, 0n);
}

// A card has IPv4 addresses in this place of IPv6's: a rule for one family would be one for both.
function refuseMapped(family: AddressFamily, value: bigint): void {
  if (family === 'ipv4' || value >> 32n !== 0xffffn) return;
  const ipv4 = formatAddress('ipv4', value & 0xffff_ffffn);
  throw new ArgonError('invalid-argument', `${formatAddress(family, value)} is of IPv4`, {
    hint: `write ${ipv4}, with a prefix as IPv4 has it`,
  });
}

function otherwise(text: string, canonical: string): ArgonError {
  return new ArgonError('invalid-argument', `"${text}" is not how it is written`, {
    hint: `write ${canonical}`,
  });
}
