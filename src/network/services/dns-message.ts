// SPDX-License-Identifier: Apache-2.0

// DNS messages: a question in (RFC 1035 section 4) with EDNS(0) (RFC 6891), an answer out. On TCP,
// two bytes of length go before a message (RFC 1035 section 4.2.2).

import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type DnsName, encodeName, readName } from './dns-name.ts';

/** Types by their names in the registry; a question has any of 65536. */
export const dnsType = {
  A: 1,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

/** RFC 1035 section 4.1.1 and RFC 6891 section 9. */
export const dnsRcode = {
  NOERROR: 0,
  FORMERR: 1,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

export const dnsClassIn = 1;
const headerBytes = 12;
const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;
const RD = 0x0100;
const CD = 0x0010;
const opcodeBits = 0x7800;
const DNSSEC_OK = 0x8000;
/** What fits without EDNS; RFC 1035 section 2.3.4. */
export const dnsPlainMaxBytes = 512;
// An OPT and a signature are all that a question brings along. Arbitrary; nobody means more.
const additionsMax = 4;
/** What this server takes and sends over UDP. Arbitrary; chosen as what BIND and Unbound allow. */
export const dnsUdpMaxBytes = 4096;

interface Edns {
  readonly version: number;
  readonly udpMaxBytes: number;
  readonly isDnssecOk: boolean;
}

/** A message that deserves an answer. */
export interface DnsQuery {
  readonly id: number;
  /** As they came: opcode, RD and CD are repeated. */
  readonly flags: number;
  /** What is wrong with the message itself; there may be no question then. */
  readonly fault?: number;
  readonly question?: {
    readonly name: DnsName;
    readonly type: number;
    readonly class: number;
  };
  readonly edns?: Edns;
}

/** A record with its data in wire form. */
export interface DnsRecord {
  /** A key, as `parseDnsName` makes it. */
  readonly name: string;
  readonly type: number;
  readonly ttlS: number;
  readonly data: Uint8Array;
}

/**
 * Reads a question. Undefined for what gets no answer: a message without a whole header, or one
 * that is an answer itself, which two servers could throw back and forth for ever. Never throws.
 */
export function decodeDnsQuery(message: Uint8Array): DnsQuery | undefined {
  // untrusted: what the guest sent.
  const reader = new ByteReader(message);
  const id = reader.u16();
  const flags = reader.u16();
  const [questions, answers, authorities, additions] = [
    reader.u16(),
    reader.u16(),
    reader.u16(),
    reader.u16(),
  ];
  if (reader.isShort || (flags & QR) !== 0) return undefined;
  if ((flags & opcodeBits) !== 0) return { id, flags, fault: dnsRcode.NOTIMP };
  const malformed: DnsQuery = { id, flags, fault: dnsRcode.FORMERR };
  // RFC 9619: a query has one question.
  if (questions !== 1 || answers !== 0 || authorities !== 0) return malformed;
  if (additions > additionsMax) return malformed;
  const name = readName(reader);
  const type = reader.u16();
  const asked = reader.u16();
  if (name === undefined || reader.isShort) return malformed;
  const edns = readEdns(reader, additions);
  if (edns === 'malformed') return malformed;
  return {
    id,
    flags,
    question: { name, type, class: asked },
    ...(edns !== undefined && { edns }),
    ...(edns !== undefined && edns.version > 0 && { fault: dnsRcode.BADVERS }),
  };
}

/** The one OPT record among what else there is, such as a signature, which is passed over. */
function readEdns(reader: ByteReader, count: number): Edns | 'malformed' | undefined {
  let edns: Edns | undefined;
  for (let index = 0; index < count; index += 1) {
    const name = readName(reader);
    const type = reader.u16();
    const udpMaxBytes = reader.u16();
    reader.u8(); // The upper bits of an answer's code.
    const version = reader.u8();
    const flags = reader.u16();
    reader.bytes(reader.u16());
    if (name === undefined || reader.isShort) return 'malformed';
    if (type !== dnsType.OPT) continue;
    // RFC 6891 sections 6.1.1 and 6.1.2: one, and of the root.
    if (edns !== undefined || name.key !== '') return 'malformed';
    edns = { version, udpMaxBytes, isDnssecOk: (flags & DNSSEC_OK) !== 0 };
  }
  return edns;
}

/** What the server found. */
export interface DnsResult {
  readonly rcode: number;
  /** Whether it comes from a zone of ours, NXDOMAIN included. */
  readonly isAuthoritative: boolean;
  readonly answers: readonly DnsRecord[];
  /** The SOA record of a negative answer (RFC 2308). */
  readonly authorities: readonly DnsRecord[];
}

/**
 * The answer in bytes. Records are left out as a whole, and TC set, when there is no room for all
 * (RFC 2181 section 9), so that the guest asks again over TCP.
 */
export function encodeDnsAnswer(
  query: DnsQuery,
  result: DnsResult,
  messageMax: number,
): Uint8Array {
  const whole = encodeMessage(query, result, 0);
  if (whole.length <= messageMax) return whole;
  return encodeMessage(query, { ...result, answers: [], authorities: [] }, TC);
}

function encodeMessage(query: DnsQuery, result: DnsResult, truncation: number): Uint8Array {
  const { question, edns } = query;
  const authority = result.isAuthoritative ? AA : 0;
  // RA stays 0: nothing is ever asked of anybody else.
  const flags =
    QR | (query.flags & (opcodeBits | RD | CD)) | authority | truncation | (result.rcode & 15);
  const writer = new ByteWriter()
    .u16(query.id)
    .u16(flags)
    .u16(question === undefined ? 0 : 1)
    .u16(result.answers.length)
    .u16(result.authorities.length)
    .u16(edns === undefined ? 0 : 1);
  if (question !== undefined) {
    writer.bytes(question.name.wire).u16(question.type).u16(question.class);
  }
  for (const record of [...result.answers, ...result.authorities]) {
    // A pointer to the question, which is where most records are (section 4.1.4).
    if (record.name === question?.name.key) writer.u16(0xc000 | headerBytes);
    else writer.bytes(encodeName(record.name));
    writer.u16(record.type).u16(dnsClassIn).u32(record.ttlS);
    writer.u16(record.data.length).bytes(record.data);
  }
  if (edns !== undefined) {
    writer.u8(0).u16(dnsType.OPT).u16(dnsUdpMaxBytes);
    writer
      .u8(result.rcode >> 4)
      .u8(0)
      .u16(edns.isDnssecOk ? DNSSEC_OK : 0)
      .u16(0);
  }
  return writer.take();
}

/** How long an answer over UDP may be: what the guest says it takes, within our own limit. */
export function udpAnswerMax({ edns }: DnsQuery): number {
  return Math.min(dnsUdpMaxBytes, Math.max(dnsPlainMaxBytes, edns?.udpMaxBytes ?? 0));
}

/** A message with its length before it. */
export function frameDnsMessage(message: Uint8Array): Uint8Array {
  return new ByteWriter().u16(message.length).bytes(message).take();
}

/** Whole messages out of a TCP stream, and the bytes of the one that is still coming. */
export function splitDnsStream(stream: Uint8Array): {
  readonly messages: readonly Uint8Array[];
  /** Shorter than 65537 bytes, always. */
  readonly rest: Uint8Array;
} {
  const messages: Uint8Array[] = [];
  let rest = stream;
  for (;;) {
    const reader = new ByteReader(rest);
    const message = reader.bytes(reader.u16());
    if (reader.isShort) return { messages, rest };
    messages.push(message);
    rest = reader.rest();
  }
}
