// SPDX-License-Identifier: Apache-2.0

// The records of native/vpc/snapshot_format.h as bytes, little-endian: layout alone, and nothing of
// what they mean.

import { addressValue, blockOf, type Cidr, familyOf, type IpAddress } from './model/address.ts';
import type { Match } from './model/records.ts';
import { protocolNumbers } from './model/rule-checks.ts';

/** Consecutive records of a section. */
export interface Range {
  readonly first: number;
  readonly count: number;
}

/** Records of one kind, in the order in which they were added. */
export class Section {
  readonly #records: Uint8Array[] = [];

  get count(): number {
    return this.#records.length;
  }

  add(record: Uint8Array): void {
    this.#records.push(record);
  }

  addAll(records: readonly Uint8Array[]): Range {
    const range = { first: this.count, count: records.length };
    this.#records.push(...records);
    return range;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#records);
  }
}

const magic = 0x43505641;
const version = 2;
const headerBytes = 24;
const placeBytes = 8;

/** The whole buffer: the header, and the sections in its order. */
export function joinSections(
  sections: readonly Section[],
  { generation, groupSetWords }: { readonly generation: bigint; readonly groupSetWords: number },
): Uint8Array {
  const header = Buffer.alloc(headerBytes + placeBytes * sections.length);
  const parts: Uint8Array[] = [header];
  let offset = header.length;
  for (const [index, section] of sections.entries()) {
    const bytes = section.bytes();
    // A place of words counts words, and every other one records.
    header.writeUInt32LE(offset, headerBytes + placeBytes * index);
    header.writeUInt32LE(section.count, headerBytes + placeBytes * index + 4);
    parts.push(bytes);
    offset += bytes.length;
  }
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(version, 4);
  header.writeUInt32LE(offset, 8);
  header.writeUInt32LE(groupSetWords, 12);
  header.writeBigUInt64LE(generation, 16);
  return Buffer.concat(parts);
}

/** The 128 bits of an address: of IPv4 those of ::ffff:a.b.c.d. */
export function wideAddress(address: IpAddress): bigint {
  const value = addressValue(address);
  return familyOf(address) === 'ipv6' ? value : value | mapped;
}

const mapped = 0xffffn << 32n;
const mappedBits = 96;

function widePrefix(cidr: Cidr): { readonly first: bigint; readonly bits: number } {
  const { family, first, prefixLength } = blockOf(cidr);
  return family === 'ipv6'
    ? { first, bits: prefixLength }
    : { first: first | mapped, bits: prefixLength + mappedBits };
}

function writeAddress(record: Buffer, value: bigint, offset: number): void {
  record.writeBigUInt64LE(value >> 64n, offset);
  record.writeBigUInt64LE(value & 0xffff_ffff_ffff_ffffn, offset + 8);
}

function writeRange(record: Buffer, { first, count }: Range, offset: number): void {
  record.writeUInt32LE(first, offset);
  record.writeUInt32LE(count, offset + 4);
}

export function prefixRecord(cidr: Cidr): Uint8Array {
  const { first, bits } = widePrefix(cidr);
  const record = Buffer.alloc(24);
  writeAddress(record, first, 0);
  record.writeUInt8(bits, 16);
  return record;
}

/** A VPC without IPv4 has 0.0.0.0 as its resolver: nobody asks it there. */
export function vpcRecord(cidrs: Range, dns: IpAddress | undefined): Uint8Array {
  const record = Buffer.alloc(24);
  writeRange(record, cidrs, 0);
  writeAddress(record, dns === undefined ? mapped : wideAddress(dns), 8);
  return record;
}

export interface SubnetWords {
  readonly ipv4Cidr: Cidr | undefined;
  readonly ipv6Cidr: Cidr | undefined;
  readonly routerIpv4: IpAddress | undefined;
  readonly routerLinkLocal: Uint8Array;
  readonly routerMac: Uint8Array;
  readonly aclIn: Range;
  readonly aclOut: Range;
  readonly routes: Range;
  readonly vpc: number;
}

/** Without IPv4 it has 0.0.0.0/32, with the router there: no packet is of that. */
export function subnetRecord(words: SubnetWords): Uint8Array {
  const record = Buffer.alloc(120);
  const { ipv4Cidr, ipv6Cidr, routerIpv4 } = words;
  const v4 = ipv4Cidr === undefined ? { first: mapped, bits: 128 } : widePrefix(ipv4Cidr);
  const v6 = ipv6Cidr === undefined ? { first: 0n, bits: 0 } : widePrefix(ipv6Cidr);
  writeAddress(record, v4.first, 0);
  record.writeUInt8(v4.bits, 16);
  writeAddress(record, v6.first, 24);
  record.writeUInt8(v6.bits, 40);
  writeAddress(record, routerIpv4 === undefined ? mapped : wideAddress(routerIpv4), 48);
  writeAddress(record, BigInt(`0x${Buffer.from(words.routerLinkLocal).toString('hex')}`), 64);
  record.set(words.routerMac, 80);
  writeRange(record, words.aclIn, 88);
  writeRange(record, words.aclOut, 96);
  writeRange(record, words.routes, 104);
  record.writeUInt32LE(words.vpc, 112);
  return record;
}

/** A rate of 0 is no limit. */
export interface RateWords {
  readonly perSecond: bigint;
  readonly burst: bigint;
}

/** What the interfaces of a virtual machine share. */
export interface InstanceAllowance {
  /** Never another's on this host, and not 0. */
  readonly identity: bigint;
  readonly bandwidthIn: RateWords;
  readonly bandwidthOut: RateWords;
  readonly packets: RateWords;
  /** Tracked connections. */
  readonly trackedMax: number;
  /** LL-1: of each interface; 0 is no limit. */
  readonly servicePacketsPerSecond: number;
}

export function instanceRecord(words: InstanceAllowance): Uint8Array {
  const record = Buffer.alloc(64);
  record.writeBigUInt64LE(words.identity, 0);
  for (const [index, rate] of [words.bandwidthIn, words.bandwidthOut, words.packets].entries()) {
    record.writeBigUInt64LE(rate.perSecond, index * 16 + 8);
    record.writeBigUInt64LE(rate.burst, index * 16 + 16);
  }
  record.writeUInt32LE(words.trackedMax, 56);
  record.writeUInt32LE(words.servicePacketsPerSecond, 60);
  return record;
}

const isUplink = 2;

export interface InterfaceWords {
  readonly identity: bigint;
  readonly policyHash: bigint;
  readonly mac: Uint8Array;
  readonly hasSourceDestCheck: boolean;
  /** Leads out of the VPC, and has no source and destination check then. */
  readonly isUplink: boolean;
  readonly addresses: Range;
  readonly rulesIn: Range;
  readonly rulesOut: Range;
  readonly subnet: number;
  readonly instance: number;
  /** In seconds. */
  readonly timeouts: {
    readonly tcpEstablished: number;
    readonly udp: number;
    readonly udpStream: number;
  };
}

/** Undefined: an unused place. */
export function interfaceRecord(words: InterfaceWords | undefined): Uint8Array {
  const record = Buffer.alloc(72);
  if (words === undefined) return record;
  record.writeBigUInt64LE(words.identity, 0);
  record.writeBigUInt64LE(words.policyHash, 8);
  record.set(words.mac, 16);
  record.writeUInt16LE(words.isUplink ? isUplink : Number(words.hasSourceDestCheck), 22);
  writeRange(record, words.addresses, 24);
  writeRange(record, words.rulesIn, 32);
  writeRange(record, words.rulesOut, 40);
  record.writeUInt32LE(words.subnet, 48);
  record.writeUInt32LE(words.instance, 52);
  record.writeUInt32LE(words.timeouts.tcpEstablished, 56);
  record.writeUInt32LE(words.timeouts.udp, 60);
  record.writeUInt32LE(words.timeouts.udpStream, 64);
  return record;
}

export interface RuleWords extends Match {
  /** Undefined where the peer is a group. */
  readonly cidr: Cidr | undefined;
  readonly isDeny: boolean;
}

/** A rule, and where it is from. */
export interface RuleFields extends RuleWords {
  readonly groupBit: number | undefined;
  /** What a trace names it by: groupRuleId() or an entry's number. */
  readonly id: number;
}

/** The id of a security group's rule, by its place in the group's list of a direction, from 0. */
export function groupRuleId(groupBit: number, place: number): number {
  return (groupBit + 1) * rulesOfBit + place + 1;
}

/** The way back; what no groupRuleId() is has a negative place or bit. */
export function groupRulePlace(id: number): { readonly groupBit: number; readonly place: number } {
  return { groupBit: Math.floor(id / rulesOfBit) - 1, place: (id % rulesOfBit) - 1 };
}

const rulesOfBit = 0x1_0000;

const anyProtocol = 1;
const peerIsGroup = 2;
const denies = 4;
const anyIcmp = 0xffff;

export function ruleRecord(words: RuleFields): Uint8Array {
  const { protocol, cidr, isDeny, groupBit, id } = words;
  const record = Buffer.alloc(32);
  if (cidr !== undefined) {
    const { first, bits } = widePrefix(cidr);
    writeAddress(record, first, 0);
    record.writeUInt8(bits, 16);
  }
  const isAny = protocol === 'all';
  const number = isAny ? 0 : (protocolNumbers.get(protocol) ?? Number(protocol));
  record.writeUInt8(number, 17);
  const isGroup = groupBit !== undefined;
  const flags = (isAny ? anyProtocol : 0) + (isGroup ? peerIsGroup : 0) + (isDeny ? denies : 0);
  record.writeUInt8(flags, 18);
  const [first, last] = portsOf(words);
  record.writeUInt16LE(first, 20);
  record.writeUInt16LE(last, 22);
  record.writeUInt32LE(groupBit ?? 0, 24);
  record.writeUInt32LE(id, 28);
  return record;
}

function portsOf({ protocol, fromPort, toPort, icmpType, icmpCode }: Match): [number, number] {
  if (protocol !== 'icmp' && protocol !== 'icmpv6') return [fromPort, toPort];
  return [icmpType === -1 ? anyIcmp : icmpType, icmpCode === -1 ? anyIcmp : icmpCode];
}

export interface RouteWords {
  readonly destination: Cidr;
  readonly target: 'local' | 'interface' | 'blackhole';
  /** Its number; 0 of other targets. */
  readonly interface: number;
}

const targetNumbers = { local: 1, interface: 2, blackhole: 3 } as const;

export function routeRecord({ destination, target, interface: index }: RouteWords): Uint8Array {
  const { first, bits } = widePrefix(destination);
  const record = Buffer.alloc(24);
  writeAddress(record, first, 0);
  record.writeUInt8(bits, 16);
  record.writeUInt8(targetNumbers[target], 17);
  record.writeUInt32LE(index, 20);
  return record;
}

export interface MappingWords {
  readonly address: bigint;
  readonly vpc: number;
  readonly interface: number;
  readonly groupSet: number;
}

export function mappingRecord(words: MappingWords): Uint8Array {
  const record = Buffer.alloc(32);
  writeAddress(record, words.address, 0);
  record.writeUInt32LE(words.vpc, 16);
  record.writeUInt32LE(words.interface, 20);
  record.writeUInt32LE(words.groupSet, 24);
  return record;
}
