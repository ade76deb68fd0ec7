// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type Dhcp4Request,
  decodeDhcp4,
  dhcp4Option,
  encodeDhcp4,
} from '../../../../src/network/services/dhcp4-message.ts';
import { damaged, hex } from './samples.ts';

// A DISCOVER with the fixed part of RFC 2131 figure 1 and options as hex.
function packet(
  optionsHex: string,
  fields: { file?: string; sname?: string; head?: string } = {},
): Buffer {
  const padded = (digits: string, bytes: number): string => digits.padEnd(bytes * 2, '0');
  return Buffer.from(
    (fields.head ?? '01010600') +
      '3903f326' + // xid
      '0004' + // secs
      '8000' + // flags: broadcast
      '0a001005' + // ciaddr
      '00000000' + // yiaddr
      '00000000' + // siaddr
      '0a001009' + // giaddr
      padded('020000000005', 16) + // chaddr
      padded(fields.sname ?? '', 64) +
      padded(fields.file ?? '', 128) +
      '63825363' +
      optionsHex,
    'hex',
  );
}

function optionsOf(bytes: Uint8Array): Record<string, string> {
  const options = decodeDhcp4(bytes)?.options ?? new Map<number, Uint8Array>();
  return Object.fromEntries(
    [...options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]),
  );
}

describe('decodeDhcp4()', () => {
  it('reads the fixed fields', () => {
    expect(decodeDhcp4(new Uint8Array(packet('350101ff')))).toMatchObject({
      type: 1,
      transactionId: 0x3903f326,
      seconds: 4,
      flags: 0x8000,
      wantsBroadcast: true,
      clientAddress: Uint8Array.of(10, 0, 16, 5),
      relayAddress: Uint8Array.of(10, 0, 16, 9),
      hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, 5),
    });
  });

  it('passes over pads and stops at the end', () => {
    expect(optionsOf(packet('000035010300370201030000ff0c0161'))).toEqual({ 53: '03', 55: '0103' });
  });

  it('joins an option that comes in pieces (RFC 3396)', () => {
    expect(optionsOf(packet('3501013702010337010fff'))).toEqual({ 53: '01', 55: '01030f' });
  });

  it('reads options out of the fields that are lent to them, file first', () => {
    const fields = { file: '370106ff', sname: '37010fff' };

    expect(optionsOf(packet('350101340103370101ff', fields))).toMatchObject({ 55: '01060f' });
    expect(optionsOf(packet('350101340102ff', fields))).toMatchObject({ 55: '0f' });
    expect(optionsOf(packet('350101ff', fields))).toEqual({ 53: '01' });
  });

  it('takes 64 options, which is more than any client has', () => {
    expect(decodeDhcp4(packet(`350101${'0c00'.repeat(63)}ff`))).toBeDefined();
    expect(decodeDhcp4(packet(`350101${'0c00'.repeat(64)}ff`))).toBeUndefined();
  });

  it('is content without an end', () => {
    expect(optionsOf(packet('350101'))).toEqual({ 53: '01' });
  });

  it.each([
    ['an option longer than the packet', packet('350101370501')],
    ['an option without its length', packet('35010137')],
    [
      'a lent field whose option is too long',
      packet('350101340101ff', { file: '37ff'.padEnd(256, '0') }),
    ],
    ['no message type: BOOTP', packet('ff')],
    ['a message type of two bytes', packet('35020101ff')],
    ['a message type twice', packet('350101350101ff')],
    ['a reply', packet('350101ff', { head: '02010600' })],
    ['another link than Ethernet', packet('350101ff', { head: '01060600' })],
    ['another length of address', packet('350101ff', { head: '01011000' })],
    ['no room for the cookie', packet('').subarray(0, 239)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', (_what, bytes) => {
    expect(decodeDhcp4(bytes)).toBeUndefined();
  });

  it('refuses another cookie', () => {
    const bytes = packet('350101ff');
    bytes[236] = 0x64;

    expect(decodeDhcp4(bytes)).toBeUndefined();
  });

  it('never throws, whatever is done to a packet', () => {
    fc.assert(
      fc.property(damaged(packet('3501013401033704010306ff', { file: '0c0161ff' })), (bytes) => {
        expect(() => decodeDhcp4(bytes)).not.toThrow();
      }),
    );
  });
});

describe('encodeDhcp4()', () => {
  const request = decodeDhcp4(packet('350101ff')) as Dhcp4Request;
  const reply = {
    type: 2,
    yourAddress: Uint8Array.of(10, 0, 16, 5),
    clientAddress: Buffer.alloc(4),
  };

  it('lays out a reply and pads it to 300 bytes', () => {
    const options = [[dhcp4Option.ROUTER, Uint8Array.of(10, 0, 16, 1)]] as const;

    const bytes = Buffer.from(encodeDhcp4(request, { ...reply, options }, 576));

    expect(bytes.subarray(0, 44).toString('hex')).toBe(
      hex(
        '02010600',
        '3903f326',
        '00008000',
        '00000000',
        '0a001005',
        '00000000',
        '0a001009',
        '02000000000500000000000000000000',
      ),
    );
    expect(bytes.subarray(236).toString('hex').replace(/0*$/, '')).toBe(
      hex('63825363', '350102', '03040a001001', 'ff'),
    );
    expect(bytes).toHaveLength(300);
  });

  it('leaves out what the client has no room for, and takes what still fits', () => {
    const options = [
      [1, Buffer.alloc(200, 7)],
      [2, Buffer.alloc(200, 7)],
      [3, Buffer.alloc(50, 7)],
      [4, Buffer.alloc(0)],
      [5, Buffer.alloc(256)],
    ] as const;

    const bytes = encodeDhcp4(request, { ...reply, options }, 576);

    expect(bytes.length).toBeLessThanOrEqual(576 - 28);
    // As a request, so that the decoder reads it.
    const turned = Buffer.from(bytes);
    turned[0] = 1;
    expect(Object.keys(optionsOf(turned))).toEqual(['1', '3', '53']);
  });
});
