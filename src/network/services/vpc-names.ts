// SPDX-License-Identifier: Apache-2.0

// The names that a VPC gives its interfaces without anybody setting them: `ip-10-0-0-5` for an
// address and `i-…` for an instance, both below the VPC's own domain, and the way back from an
// address. Only addresses that an interface of this VPC has resolve, so that one VPC learns nothing
// about another.

import { isIPv4 } from 'node:net';

import { ipv4Bytes, ipv6Bytes, ipv6Text } from './addresses.ts';
import { type DnsRecord, dnsType } from './dns-message.ts';
import { encodeName, parseDnsName, reverseIpv6 } from './dns-name.ts';
import type { DnsZone, ZoneFound } from './dns-zone.ts';

/** A block of addresses of a VPC. */
export interface AddressBlock {
  readonly address: string;
  readonly prefixLength: number;
}

/** What a VPC knows of its interfaces; asked anew for each question. */
export interface VpcDirectory {
  /** `ec2.internal`, or `<region>.compute.internal`. */
  readonly domainName: string;
  readonly blocks: readonly AddressBlock[];
  /** @param address canonical text of either family. */
  hasAddress(address: string): boolean;
  /** The addresses that the name of an instance stands for, or undefined if there is none. */
  addressesOf(instanceId: string): readonly string[] | undefined;
  /** The instance that has an IPv6 address. */
  instanceAt(address: string): string | undefined;
}

/** Seconds. Arbitrary; short, because an address may go to another instance. */
export const vpcNameTtlS = 60;

// Reverse zones that nobody outside answers for: RFC 6303 sections 4.1 to 4.6.
const privateReverse: readonly string[] = [
  '10.in-addr.arpa',
  ...Array.from({ length: 16 }, (_, index) => `${16 + index}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  '254.169.in-addr.arpa',
  '127.in-addr.arpa',
  'd.f.ip6.arpa',
  ...['8', '9', 'a', 'b'].map((digit) => `${digit}.e.f.ip6.arpa`),
];

/** The zone of all names that a VPC makes up. */
export function createVpcZone(directory: VpcDirectory): DnsZone {
  const domain = parseDnsName(directory.domainName);
  const reverse = [...privateReverse, ...directory.blocks.flatMap(reverseOrigins)];
  return {
    origins: [domain, ...new Set(reverse)],
    lookup: (key, type) => {
      if (key.endsWith('.arpa')) return reverseLookup(directory, domain, key, type);
      return forwardLookup(directory, domain, key, type);
    },
  };
}

/** The zones that cover a block: as many as it takes to end at a dot, at most 128 of them. */
function reverseOrigins({ address, prefixLength }: AddressBlock): readonly string[] {
  if (!isIPv4(address)) {
    const labels = reverseIpv6(ipv6Bytes(address)).split('.');
    return [labels.slice(32 - Math.floor(prefixLength / 4)).join('.')];
  }
  const bytes = ipv4Bytes(address);
  const wholeBytes = Math.min(3, Math.max(1, Math.ceil(prefixLength / 8)));
  const count = 2 ** Math.max(0, wholeBytes * 8 - prefixLength);
  return Array.from({ length: count }, (_, index) => {
    const parts = [...bytes.subarray(0, wholeBytes)];
    const last = parts.pop() ?? 0;
    return [last - (last % count) + index, ...parts.toReversed(), 'in-addr', 'arpa'].join('.');
  });
}

function forwardLookup(
  directory: VpcDirectory,
  domain: string,
  key: string,
  type: number,
): ZoneFound {
  if (key === domain) return { kind: 'no-data' };
  const label = key.slice(0, -domain.length - 1);
  const addresses = addressesOf(directory, label);
  if (addresses === undefined) return { kind: 'no-name' };
  const records = addresses
    .map((address): DnsRecord => {
      const shared = { name: key, ttlS: vpcNameTtlS };
      return isIPv4(address)
        ? { ...shared, type: dnsType.A, data: ipv4Bytes(address) }
        : { ...shared, type: dnsType.AAAA, data: ipv6Bytes(address) };
    })
    .filter((record) => type === record.type || type === dnsType.ANY);
  return records.length === 0 ? { kind: 'no-data' } : { kind: 'records', records };
}

function addressesOf(directory: VpcDirectory, label: string): readonly string[] | undefined {
  const parts = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})$/.exec(label)?.slice(1);
  if (parts === undefined) {
    return /^i-[0-9a-f]{8,17}$/.test(label) ? directory.addressesOf(label) : undefined;
  }
  // With a leading zero it would be a second name for the same address.
  const address = parts.join('.');
  return isIPv4(address) && directory.hasAddress(address) ? [address] : undefined;
}

function reverseLookup(
  directory: VpcDirectory,
  domain: string,
  key: string,
  type: number,
): ZoneFound {
  const host = hostAt(directory, key);
  if (host === undefined) return { kind: isAboveAddresses(key) ? 'no-data' : 'no-name' };
  if (type !== dnsType.PTR && type !== dnsType.ANY) return { kind: 'no-data' };
  const data = encodeName(`${host}.${domain}`);
  return {
    kind: 'records',
    records: [{ name: key, type: dnsType.PTR, ttlS: vpcNameTtlS, data }],
  };
}

function hostAt(directory: VpcDirectory, key: string): string | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(key)?.slice(1);
  if (parts !== undefined) {
    const address = parts.toReversed().join('.');
    const isKnown = isIPv4(address) && directory.hasAddress(address);
    return isKnown ? `ip-${address.replaceAll('.', '-')}` : undefined;
  }
  const nibbles = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(key)?.[1];
  if (nibbles === undefined) return undefined;
  const digits = [...nibbles.replaceAll('.', '')].toReversed().join('');
  return directory.instanceAt(ipv6Text(Buffer.from(digits, 'hex')));
}

/** Names that have names of addresses below them exist, and have no records (RFC 8020). */
function isAboveAddresses(key: string): boolean {
  return /^(?:\d{1,3}\.){0,3}in-addr\.arpa$|^(?:[0-9a-f]\.){0,31}ip6\.arpa$/.test(key);
}
