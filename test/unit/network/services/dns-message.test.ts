// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type DnsQuery,
  type DnsResult,
  decodeDnsQuery,
  dnsRcode,
  encodeDnsAnswer,
  frameDnsMessage,
  splitDnsStream,
  udpAnswerMax,
} from '../../../../src/network/services/dns-message.ts';
import { damaged, hex } from './samples.ts';

const header = 'beef01000001000000000000';
const question = '01610362636400'; // a.bcd
const typeAndClass = '00010001';
const good = hex(header, question, typeAndClass);
const withOpt = (opt: string): string =>
  hex('beef01000001000000000001', question, typeAndClass, opt);
const opt = hex('00', '0029', '1000', '00', '00', '8000', '0000');

const decode = (digits: string): DnsQuery | undefined => decodeDnsQuery(Buffer.from(digits, 'hex'));

describe('decodeDnsQuery()', () => {
  it('reads a question', () => {
    expect(decode(good)).toEqual({
      id: 0xbeef,
      flags: 0x0100,
      question: { name: { key: 'a.bcd', wire: Buffer.from(question, 'hex') }, type: 1, class: 1 },
    });
  });

  it('reads what EDNS says', () => {
    expect(decode(withOpt(opt))?.edns).toEqual({
      version: 0,
      udpMaxBytes: 4096,
      isDnssecOk: true,
    });
  });

  it('passes over options and other records', () => {
    const cookie = hex(
      '00',
      '0029',
      '0200',
      '00',
      '00',
      '0000',
      '000c',
      '000a0008',
      '0102030405060708',
    );
    const signature = hex('016b00', '00fa', '00ff', '00000000', '0002', 'aabb');

    const message = hex('beef01000001000000000002', question, typeAndClass, cookie, signature);

    expect(decode(message)?.edns?.udpMaxBytes).toBe(512);
    expect(decode(message)).not.toHaveProperty('fault');
  });

  it('passes over four records', () => {
    const records = '0000fa00ff000000000000'.repeat(4);

    const message = hex('beef01000001000000000004', question, typeAndClass, records);

    expect(decode(message)).not.toHaveProperty('fault');
  });

  it.each([
    ['an answer', `beef8100${good.slice(8)}`],
    ['half a header', header.slice(0, 22)],
    ['nothing', ''],
  ])('has nothing to say to %s', (_what, digits) => {
    expect(decode(digits)).toBeUndefined();
  });

  it.each([
    ['no question', 'beef01000000000000000000', dnsRcode.FORMERR],
    [
      'two questions',
      hex('beef01000002000000000000', question, typeAndClass, question, typeAndClass),
      dnsRcode.FORMERR,
    ],
    [
      'an answer beside the question',
      hex('beef01000001000100000000', question, typeAndClass),
      dnsRcode.FORMERR,
    ],
    ['an authority', hex('beef01000001000000010000', question, typeAndClass), dnsRcode.FORMERR],
    ['a name that is a pointer', hex(header, 'c00c', typeAndClass), dnsRcode.FORMERR],
    ['half a class', good.slice(0, -2), dnsRcode.FORMERR],
    [
      'a record that is not there',
      hex('beef01000001000000000001', question, typeAndClass),
      dnsRcode.FORMERR,
    ],
    [
      '65535 records that are not there',
      hex('beef0100000100000000ffff', question, typeAndClass),
      dnsRcode.FORMERR,
    ],
    [
      'two OPTs',
      hex('beef01000001000000000002', question, typeAndClass, opt, opt),
      dnsRcode.FORMERR,
    ],
    ['an OPT of a name', withOpt(hex('0161', opt)), dnsRcode.FORMERR],
    ['an OPT longer than the message', withOpt(`${opt.slice(0, -4)}0001`), dnsRcode.FORMERR],
    [
      'a later version of EDNS',
      withOpt(hex('00', '0029', '1000', '00', '01', '0000', '0000')),
      dnsRcode.BADVERS,
    ],
    ['a status', `beef1100${good.slice(8)}`, dnsRcode.NOTIMP],
    ['an update', `beef2900${good.slice(8)}`, dnsRcode.NOTIMP],
  ])('finds fault with %s', (_what, digits, fault) => {
    expect(decode(digits)).toMatchObject({ id: 0xbeef, fault });
  });

  it('never throws, whatever is done to a message', () => {
    fc.assert(
      fc.property(damaged(Buffer.from(withOpt(opt), 'hex')), (bytes) => {
        expect(() => decodeDnsQuery(bytes)).not.toThrow();
      }),
    );
  });
});

describe('encodeDnsAnswer()', () => {
  const query = decode(good) as DnsQuery;
  const answers = [
    { name: 'a.bcd', type: 5, ttlS: 60, data: Buffer.from('01780362636400', 'hex') },
    { name: 'x.bcd', type: 1, ttlS: 300, data: Buffer.of(10, 0, 0, 5) },
  ];
  const result: DnsResult = {
    rcode: dnsRcode.NOERROR,
    isAuthoritative: true,
    answers,
    authorities: [],
  };
  const encode = (asked: DnsQuery, found: DnsResult, max = 512): string =>
    Buffer.from(encodeDnsAnswer(asked, found, max)).toString('hex');

  it('repeats the question and points to it', () => {
    expect(encode(query, result)).toBe(
      hex(
        'beef85000001000200000000', // QR, AA and the RD that was asked.
        hex(question, typeAndClass),
        hex('c00c', '0005', '0001', '0000003c', '0007', '01780362636400'),
        hex('01780362636400', '0001', '0001', '0000012c', '0004', '0a000005'),
      ),
    );
  });

  it('says to who knows EDNS what it takes, and repeats that DNSSEC is wanted', () => {
    const answer = encode(decode(withOpt(opt)) as DnsQuery, { ...result, answers: [] });

    expect(answer).toBe(
      hex(
        'beef85000001000000000001',
        question,
        typeAndClass,
        '00',
        '0029',
        '1000',
        '00',
        '00',
        '8000',
        '0000',
      ),
    );
  });

  it('puts the upper bits of a code where EDNS has them', () => {
    const asked = decode(withOpt(opt)) as DnsQuery;
    const found = { ...result, answers: [], isAuthoritative: false, rcode: dnsRcode.BADVERS };

    expect(encode(asked, found)).toBe(
      hex(
        'beef81000001000000000001',
        question,
        typeAndClass,
        '00',
        '0029',
        '1000',
        '01',
        '00',
        '8000',
        '0000',
      ),
    );
  });

  it('has no question where none could be read', () => {
    const found = { ...result, answers: [], isAuthoritative: false, rcode: dnsRcode.FORMERR };

    expect(encode(decode('beef01100000000000000000') as DnsQuery, found)).toBe(
      'beef81110000000000000000',
    );
  });

  it('leaves all records out and says so when one does not fit', () => {
    const length = encodeDnsAnswer(query, result, 512).length;

    expect(encode(query, result, length)).toContain('0a000005');
    expect(encode(query, result, length - 1)).toBe(
      hex('beef87000001000000000000', question, typeAndClass),
    );
  });

  it('fits what the guest takes, from 512 to 4096 bytes', () => {
    const max = (udpMaxBytes: number): number =>
      udpAnswerMax({ ...query, edns: { version: 0, udpMaxBytes, isDnssecOk: false } });

    expect(udpAnswerMax(query)).toBe(512);
    expect([max(0), max(511), max(513), max(4096), max(65_535)]).toEqual([
      512, 512, 513, 4096, 4096,
    ]);
  });
});

describe('messages on TCP', () => {
  it('come back in order, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(301), (messages, cut) => {
        const stream = Buffer.concat(messages.map(frameDnsMessage));
        const half = Buffer.concat([stream, Buffer.of(1, 45), Buffer.alloc(cut).subarray(1)]);

        const split = splitDnsStream(half.subarray(0, stream.length + Math.max(1, cut)));

        expect(split.messages.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(
          messages.map((bytes) => Buffer.from(bytes).toString('hex')),
        );
        expect(split.rest).toHaveLength(Math.max(1, cut));
      }),
    );
  });

  it('may be empty', () => {
    expect(splitDnsStream(Buffer.of(0, 0, 0))).toEqual({
      messages: [Buffer.alloc(0)],
      rest: Buffer.of(0),
    });
  });
});
