// SPDX-License-Identifier: Apache-2.0

// Goal: whatever a zone says is what a guest reads. Records of every type are asked for by a
// question in bytes, and an answer's data is held against the same value put in another way.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { dnsType } from '../../../../src/network/services/dns-message.ts';
import { encodeName } from '../../../../src/network/services/dns-name.ts';
import { zoneOfRecord, zoneRecordsOf } from '../../../../src/network/services/private-zones.ts';
import { sampleRecord, sampleZone } from '../samples.ts';

function dataOf(type: Parameters<typeof zoneRecordsOf>[0]['type'], values: readonly string[]) {
  const zone = zoneOfRecord(sampleZone(1, { records: [sampleRecord({ type, values })] }));
  const found = zone.lookup('db.corp', dnsType[type]);
  const records = found.kind === 'records' ? found.records : [];
  return records.map(({ data }) => Buffer.from(data).toString('latin1'));
}

const bytes = (...parts: readonly (readonly number[] | Uint8Array)[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part))).toString('latin1');

const number = fc.integer({ min: 0, max: 65_535 });
const two = (value: number): readonly number[] => [value >> 8, value & 255];

describe('zoneOfRecord()', () => {
  it('has a record for each value', () => {
    expect(dataOf('A', ['10.0.0.1', '10.0.0.2'])).toEqual([
      bytes([10, 0, 0, 1]),
      bytes([10, 0, 0, 2]),
    ]);
    expect(dataOf('AAAA', ['fd00::1'])).toEqual([bytes([0xfd, ...Array(14).fill(0), 1])]);
    expect(dataOf('PTR', ['web.corp'])).toEqual([bytes(encodeName('web.corp'))]);
    expect(dataOf('CNAME', ['web.corp'])).toEqual([bytes(encodeName('web.corp'))]);
  });

  it('keeps records for five minutes where nothing is said', () => {
    const ttls = [undefined, 7].map((ttlSeconds) => zoneRecordsOf(sampleRecord({ ttlSeconds })));

    expect(ttls.flat().map(({ ttlS }) => ttlS)).toEqual([300, 7]);
  });

  it('has the numbers of MX and SRV before their names', () => {
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        const name = encodeName('x.corp');
        expect(dataOf('MX', [`${a} x.corp`])).toEqual([bytes(two(a), name)]);
        const srv = [bytes(two(a), two(b), two(c), name)];
        expect(dataOf('SRV', [`${a} ${b} ${c} x.corp`])).toEqual(srv);
      }),
    );
  });

  it('cuts a text into strings of at most 255 bytes, and never a character', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 900 });
    fc.assert(
      fc.property(text, (value) => {
        const [record] = zoneRecordsOf(sampleRecord({ type: 'TXT', values: [value] }));
        const texts = record?.data.type === 'TXT' ? record.data.texts : [];
        expect(texts.join('')).toBe(value);
        expect(texts.every((piece) => Buffer.byteLength(piece) <= 255)).toBe(true);
        expect(texts.every((piece) => piece.isWellFormed())).toBe(true);
      }),
    );
  });

  it.each([
    ['A', 'fd00::1', 'is no address of A'],
    ['AAAA', '10.0.0.1', 'is no address of AAAA'],
    ['A', 'ten', 'ten'],
    ['CNAME', 'Web.corp', 'the name is "Web.corp"'],
    ['MX', 'mail.corp', 'cannot be read'],
    ['MX', '70000 mail.corp', 'a number of the record'],
    ['SRV', '0 5 sip.corp', 'cannot be read'],
    ['SRV', '0 5 x sip.corp', 'a number of the record'],
  ] as const)('refuses an %s of "%s"', (type, value, message) => {
    expect(() => zoneRecordsOf(sampleRecord({ type, values: [value] }))).toThrow(message);
  });
});
