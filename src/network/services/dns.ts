// SPDX-License-Identifier: Apache-2.0

// The resolver of a VPC at base+2, 169.254.169.253 and fd00:ec2::253. It answers from the zones
// that it has, and refuses every other name: it never asks anybody. There is nothing to keep
// between questions.
//
//   name within a zone, has records          NOERROR, AA, the records
//   … is a CNAME                             it, and what its target has if that is in a zone too
//   … exists without records of that type    NOERROR, AA, SOA
//   … does not exist                         NXDOMAIN, AA, SOA
//   name within no zone, zone transfer       REFUSED
//   several questions, or half a message     FORMERR
//   no QUERY                                 NOTIMP

import { ipv4Bytes, ipv6Bytes } from './addresses.ts';
import {
  type DnsQuery,
  type DnsRecord,
  type DnsResult,
  decodeDnsQuery,
  dnsClassIn,
  dnsPlainMaxBytes,
  dnsRcode,
  dnsType,
  encodeDnsAnswer,
  udpAnswerMax,
} from './dns-message.ts';
import { type DnsZone, startOfAuthority } from './dns-zone.ts';

/** Port of DNS, UDP and TCP. */
export const dnsPort = 53;

// Arbitrary; chosen because BIND follows as many. It ends loops too.
const aliasesMax = 8;

/** The names that one VPC can ask for. */
export interface DnsView {
  /** The zone whose origin is the longest end of a name, and that origin. */
  zoneOf(key: string): { readonly zone: DnsZone; readonly origin: string } | undefined;
}

/** @param zones the later one wins where two have the same origin. */
export function createDnsView(zones: readonly DnsZone[]): DnsView {
  const origins = new Map<string, DnsZone>();
  for (const zone of [...specialZones, ...zones]) {
    for (const origin of zone.origins) origins.set(origin, zone);
  }
  const labelsMax = Math.max(...[...origins.keys()].map((origin) => origin.split('.').length));
  return {
    zoneOf: (key) => {
      const labels = key.split('.');
      // A guest may ask for a name of 127 labels; no origin is as long.
      for (let count = Math.min(labels.length, labelsMax); count > 0; count -= 1) {
        const origin = labels.slice(-count).join('.');
        const zone = origins.get(origin);
        if (zone !== undefined) return { zone, origin };
      }
      return undefined;
    },
  };
}

/** Names that have a meaning without any zone: RFC 6761 sections 6.3 and 6.4, RFC 7686. */
const specialZones: readonly DnsZone[] = [
  {
    origins: ['localhost'],
    lookup: (key, type) => {
      const shared = { name: key, type, ttlS: 86_400 };
      if (type === dnsType.A) {
        return { kind: 'records', records: [{ ...shared, data: ipv4Bytes('127.0.0.1') }] };
      }
      if (type === dnsType.AAAA) {
        return { kind: 'records', records: [{ ...shared, data: ipv6Bytes('::1') }] };
      }
      return { kind: 'no-data' };
    },
  },
  {
    origins: ['invalid', 'onion'],
    lookup: () => ({ kind: 'no-name' }),
  },
];

/**
 * The answer to one datagram; undefined for what gets none. Never throws.
 * @param payloadMax bytes that the guest's link takes; what needs more is sent to TCP.
 */
export function answerDnsDatagram(
  payload: Uint8Array,
  view: DnsView,
  payloadMax: number,
): Uint8Array | undefined {
  const query = decodeDnsQuery(payload);
  if (query === undefined) return undefined;
  const messageMax = Math.max(dnsPlainMaxBytes, Math.min(payloadMax, udpAnswerMax(query)));
  return encodeDnsAnswer(query, resolve(query, view), messageMax);
}

/**
 * The answer to one message of a TCP stream, without its length (`frameDnsMessage`); undefined ends
 * the connection. Never throws.
 */
export function answerDnsMessage(message: Uint8Array, view: DnsView): Uint8Array | undefined {
  const query = decodeDnsQuery(message);
  return query === undefined ? undefined : encodeDnsAnswer(query, resolve(query, view), 65_535);
}

function resolve({ fault, question }: DnsQuery, view: DnsView): DnsResult {
  if (fault !== undefined || question === undefined) return failed(fault ?? dnsRcode.FORMERR);
  const isTransfer = question.type === dnsType.AXFR || question.type === dnsType.IXFR;
  if (question.class !== dnsClassIn || isTransfer) return failed(dnsRcode.REFUSED);
  return follow(question.name.key, question.type, view);
}

function follow(asked: string, type: number, view: DnsView): DnsResult {
  const answers: DnsRecord[] = [];
  let key = asked;
  for (;;) {
    const place = view.zoneOf(key);
    // What an alias points to elsewhere is for others to say.
    if (place === undefined)
      return answers.length === 0 ? failed(dnsRcode.REFUSED) : found(answers);
    const { zone, origin } = place;
    if (type === dnsType.SOA && key === origin) return found([startOfAuthority(origin)]);
    const here = zone.lookup(key, type);
    switch (here.kind) {
      case 'records':
        return found([...answers, ...here.records]);
      case 'cname':
        if (answers.length === aliasesMax) return found(answers);
        answers.push(here.record);
        key = here.target;
        continue;
      case 'no-data':
        return { ...found(answers), authorities: [startOfAuthority(origin)] };
      case 'no-name':
        return {
          ...found(answers),
          rcode: dnsRcode.NXDOMAIN, // Of the last name; RFC 6604 section 3.
          authorities: [startOfAuthority(origin)],
        };
    }
  }
}

function found(answers: readonly DnsRecord[]): DnsResult {
  return { rcode: dnsRcode.NOERROR, isAuthoritative: true, answers, authorities: [] };
}

function failed(rcode: number): DnsResult {
  return { rcode, isAuthoritative: false, answers: [], authorities: [] };
}
