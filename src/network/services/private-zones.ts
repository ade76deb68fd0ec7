// SPDX-License-Identifier: Apache-2.0

// From the records of private zones, whose values are text, to zones that answer.

import { ArgonError, assertNever } from '../../base/errors.ts';
import { parseInteger } from '../../base/parse.ts';
import { familyOf, parseIpAddress } from '../model/address.ts';
import type { PrivateRecord, PrivateZone } from '../model/records.ts';
import { parseDnsName } from './dns-name.ts';
import { createZone, type DnsZone, type ZoneData, type ZoneRecord } from './dns-zone.ts';

const textPieceBytes = 255; // RFC 1035 section 3.3: of a character string.
const defaultTtlS = 300; // As Route 53's console proposes.
const number16 = { min: 0, max: 65_535 };

/** @throws ArgonError invalid-argument as createZone() does, or for a value that is none. */
export function zoneOfRecord({ domainName, records }: PrivateZone): DnsZone {
  return createZone(domainName, records.flatMap(zoneRecordsOf));
}

/** A record for each value. @throws ArgonError invalid-argument for a value that is none. */
export function zoneRecordsOf(record: PrivateRecord): readonly ZoneRecord[] {
  const { name, type, ttlSeconds: ttlS = defaultTtlS, values } = record;
  return values.map((value) => ({ name, ttlS, data: dataOf(type, value) }));
}

function dataOf(type: PrivateRecord['type'], value: string): ZoneData {
  switch (type) {
    case 'A':
    case 'AAAA':
      return { type, address: addressOf(type, value) };
    case 'CNAME':
    case 'PTR':
      return { type, target: nameOf(value) };
    case 'TXT':
      return { type, texts: piecesOf(value) };
    case 'MX': {
      const [preference = '', target = ''] = wordsOf(value, 2, '10 mail.corp.internal');
      return { type, preference: numberOf(preference), target: nameOf(target) };
    }
    case 'SRV': {
      const [priority, weight, port, target] = wordsOf(value, 4, '0 5 5060 sip.corp.internal');
      return {
        type,
        priority: numberOf(priority),
        weight: numberOf(weight),
        port: numberOf(port),
        target: nameOf(target ?? ''),
      };
    }
  }
  return assertNever(type);
}

function addressOf(type: 'A' | 'AAAA', value: string): string {
  const address = parseIpAddress(value);
  if ((familyOf(address) === 'ipv4') === (type === 'A')) return address;
  throw new ArgonError('invalid-argument', `${value} is no address of ${type}`, {
    hint: 'A has addresses of IPv4, AAAA those of IPv6',
  });
}

function nameOf(value: string): string {
  const name = parseDnsName(value);
  if (name === value) return name;
  throw new ArgonError('invalid-argument', `the name is "${value}"`, { hint: `write ${name}` });
}

/** A text in pieces that fit, none of which ends within a character. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [''];
  let bytes = 0;
  for (const character of text) {
    const length = Buffer.byteLength(character);
    if (bytes + length > textPieceBytes) {
      pieces.push('');
      bytes = 0;
    }
    pieces.push((pieces.pop() ?? '') + character);
    bytes += length;
  }
  return pieces;
}

function wordsOf(value: string, count: number, example: string): readonly string[] {
  const words = value.split(' ');
  if (words.length === count) return words;
  throw new ArgonError('invalid-argument', `"${value}" cannot be read`, {
    hint: `write it as in "${example}"`,
  });
}

function numberOf(word: string | undefined): number {
  return parseInteger(word, 'a number of the record', number16);
}
