// SPDX-License-Identifier: Apache-2.0

// A private zone: names and records as an operator gave them, ready to be looked up.

import { ArgonError, assertNever } from '../../base/errors.ts';
import { ipv4Bytes, ipv6Bytes } from './addresses.ts';
import { ByteWriter } from './byte-writer.ts';
import { type DnsRecord, dnsType } from './dns-message.ts';
import { encodeName, lineage, parseDnsName } from './dns-name.ts';

/** The data of one record; addresses are canonical text, names as `parseDnsName` takes them. */
export type ZoneData =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'PTR'; readonly target: string }
  /** Each text has at most 255 bytes of UTF-8. */
  | { readonly type: 'TXT'; readonly texts: readonly string[] }
  | { readonly type: 'MX'; readonly preference: number; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    };

export interface ZoneRecord {
  /** Within the zone, or the zone's own name. */
  readonly name: string;
  readonly ttlS: number;
  readonly data: ZoneData;
}

/** What a zone knows about a name. `cname`: it is another name for `target`, a key. */
export type ZoneFound =
  | { readonly kind: 'records'; readonly records: readonly DnsRecord[] }
  | { readonly kind: 'cname'; readonly record: DnsRecord; readonly target: string }
  | { readonly kind: 'no-data' }
  | { readonly kind: 'no-name' };

/** Something that answers for its origins and all names below them. */
export interface DnsZone {
  /** Keys. */
  readonly origins: readonly string[];
  /** @param key a name at or below one of the origins. Never throws. */
  lookup(key: string, type: number): ZoneFound;
}

// Route 53 has as many for a zone unless asked for more.
const zoneRecordsMax = 10_000;
// How long a negative answer may be kept. Arbitrary; short, because guests wait for names to come.
const negativeTtlS = 60;

/** The record that a negative answer carries; RFC 2308 section 3. */
export function startOfAuthority(origin: string): DnsRecord {
  const data = new ByteWriter()
    .bytes(encodeName(origin))
    .bytes(encodeName(origin)) // Nobody's mailbox: there is none.
    .u32(1)
    .u32(7200)
    .u32(900)
    .u32(1_209_600)
    .u32(negativeTtlS) // The others are for secondary servers, which there are none of.
    .take();
  return { name: origin, type: dnsType.SOA, ttlS: negativeTtlS, data };
}

/**
 * Builds a zone.
 * @throws ArgonError invalid-argument for a name outside it, a value that does not fit its field,
 *   a CNAME beside other records of its name (RFC 1034 section 3.6.2), or more than 10,000 records.
 */
export function createZone(origin: string, records: readonly ZoneRecord[]): DnsZone {
  const originKey = parseDnsName(origin);
  if (records.length > zoneRecordsMax) {
    throw new ArgonError(
      'invalid-argument',
      `the zone ${originKey} has ${records.length} records of at most ${zoneRecordsMax}`,
    );
  }
  const names = new Map<string, DnsRecord[]>();
  const targets = new Map<string, string>();
  // Names between the origin and a record's exist too, without records (RFC 8020).
  const parents = new Set<string>([originKey]);
  for (const { name, ttlS, data } of records) {
    const key = parseDnsName(name);
    const line = lineage(key);
    if (!line.includes(originKey)) throw invalid(name, `is not in the zone ${originKey}`);
    if (!Number.isInteger(ttlS) || ttlS < 0 || ttlS > 0x7fff_ffff) {
      throw invalid(name, `has a time to live of ${ttlS} s`);
    }
    for (const parent of line.slice(1, line.indexOf(originKey) + 1)) parents.add(parent);
    if (data.type === 'CNAME') targets.set(key, parseDnsName(data.target));
    const known = names.get(key) ?? [];
    names.set(key, known);
    known.push({ name: key, type: dnsType[data.type], ttlS, data: encodeData(name, data) });
  }
  for (const key of targets.keys()) {
    if (names.get(key)?.length !== 1) throw invalid(key, 'has records beside its CNAME');
    if (key === originKey) throw invalid(key, 'is a zone, which cannot be a CNAME');
  }
  return {
    origins: [originKey],
    lookup: (key, type) => lookup({ names, targets, parents }, key, type),
  };
}

interface ZoneNames {
  readonly names: ReadonlyMap<string, readonly DnsRecord[]>;
  readonly targets: ReadonlyMap<string, string>;
  readonly parents: ReadonlySet<string>;
}

function lookup({ names, targets, parents }: ZoneNames, key: string, type: number): ZoneFound {
  const all = names.get(key);
  if (all === undefined) return { kind: parents.has(key) ? 'no-data' : 'no-name' };
  const [first] = all;
  const target = targets.get(key);
  const isAny = type === dnsType.ANY;
  if (first !== undefined && target !== undefined && type !== dnsType.CNAME && !isAny) {
    return { kind: 'cname', record: first, target };
  }
  // RFC 8482 section 4.1: ANY gets one set of records, not all.
  const wanted = isAny ? first?.type : type;
  const records = all.filter((record) => record.type === wanted);
  return records.length === 0 ? { kind: 'no-data' } : { kind: 'records', records };
}

function encodeData(name: string, data: ZoneData): Uint8Array {
  const number16 = (value: number): number => {
    if (Number.isInteger(value) && value >= 0 && value <= 0xffff) return value;
    throw invalid(name, `has the number ${value}, which is not within 0 to 65535`);
  };
  switch (data.type) {
    case 'A':
      return addressData(name, data.address, ipv4Bytes);
    case 'AAAA':
      return addressData(name, data.address, ipv6Bytes);
    case 'CNAME':
    case 'PTR':
      return encodeName(parseDnsName(data.target));
    case 'TXT':
      return textData(name, data.texts);
    case 'MX':
      return new ByteWriter()
        .u16(number16(data.preference))
        .bytes(encodeName(parseDnsName(data.target)))
        .take();
    case 'SRV':
      return new ByteWriter()
        .u16(number16(data.priority))
        .u16(number16(data.weight))
        .u16(number16(data.port))
        .bytes(encodeName(parseDnsName(data.target)))
        .take();
    default:
      return assertNever(data);
  }
}

function addressData(
  name: string,
  address: string,
  bytesOf: (text: string) => Uint8Array,
): Uint8Array {
  try {
    return bytesOf(address);
  } catch (cause) {
    throw new ArgonError('invalid-argument', `${name} has the address "${address}"`, { cause });
  }
}

function textData(name: string, texts: readonly string[]): Uint8Array {
  const pieces = texts.map((text) => Buffer.from(text));
  const isFitting = pieces.every((piece) => piece.length <= 255);
  const data = Buffer.concat(pieces.flatMap((piece) => [Buffer.of(piece.length & 255), piece]));
  // 4000: arbitrary; chosen so that an answer of one record fits any transport.
  if (pieces.length === 0 || !isFitting || data.length > 4000) {
    throw invalid(name, 'has no text, one longer than 255 bytes, or more than 4000 bytes of them');
  }
  return data;
}

function invalid(name: string, what: string): ArgonError {
  return new ArgonError('invalid-argument', `the record ${name} ${what}`);
}
