// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ipv6Bytes } from '../../../../src/network/services/addresses.ts';
import {
  addressOption,
  associationOption,
  associationsOf,
  type Dhcp6Association,
  type Dhcp6Message,
  decodeDhcp6,
  encodeDhcp6,
  findOption,
  statusOption,
} from '../../../../src/network/services/dhcp6-message.ts';
import { damaged, hex } from './samples.ts';

const address = '20010db8000000010000000000000005';
const association = hex(
  '0003',
  '0028',
  '00000007',
  '00000e10',
  '00001518',
  '0005',
  '0018',
  address,
  '0000008c',
  '000001c2',
);
const good = hex('01', 'abcdef', '0001', '0004', '00030001', association, '0008', '0002', '0000');

const decode = (digits: string): Dhcp6Message | undefined =>
  decodeDhcp6(Buffer.from(digits, 'hex'));
const associations = (digits: string): readonly Dhcp6Association[] | undefined => {
  const message = decode(digits);
  return message === undefined ? undefined : associationsOf(message);
};

describe('decodeDhcp6()', () => {
  it('reads type, transaction and options', () => {
    const message = decode(good);

    expect(message?.type).toBe(1);
    expect(Buffer.from(message?.transactionId ?? []).toString('hex')).toBe('abcdef');
    expect(message?.options.map(({ code }) => code)).toEqual([1, 3, 8]);
    expect(findOption(message as Dhcp6Message, 8)).toEqual(Buffer.of(0, 0));
    expect(findOption(message as Dhcp6Message, 6)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['half a transaction', '01abcd'],
    ['half an option head', hex('01abcdef', '0001', '00')],
    ['an option longer than the message', hex('01abcdef', '0001', '0002', '00')],
  ])('refuses %s', (_what, digits) => {
    expect(decode(digits)).toBeUndefined();
  });

  it('takes 32 options, which is more than any client has', () => {
    expect(decode(hex('01abcdef', '00080000'.repeat(32)))).toBeDefined();
    expect(decode(hex('01abcdef', '00080000'.repeat(33)))).toBeUndefined();
  });

  it('reads associations of each kind', () => {
    const temporary = hex('0004', '0004', '00000008');
    const prefix = hex('0019', '000c', '00000009', '00000000', '00000000');

    expect(associations(hex(good, temporary, prefix))).toEqual([
      { code: 3, id: 7, addresses: [Buffer.from(address, 'hex')] },
      { code: 4, id: 8, addresses: [] },
      { code: 25, id: 9, addresses: [] },
    ]);
  });

  it.each([
    ['times', hex('01abcdef', '0003', '000b', '00000007', '00000000', '000000')],
    ['a number', hex('01abcdef', '0004', '0003', '000000')],
    [
      'an address',
      hex(
        '01abcdef',
        '0003',
        '0027',
        '00000007',
        '00000000',
        '00000000',
        '0005',
        '0017',
        address,
        '0000008c',
        '000001',
      ),
    ],
    ['an inner option', hex('01abcdef', '0004', '0008', '00000007', '0005', '0018')],
  ])('refuses an association with half of %s', (_what, digits) => {
    expect(decode(digits)).toBeDefined();
    expect(associations(digits)).toBeUndefined();
  });

  it('never throws, whatever is done to a message', () => {
    fc.assert(
      fc.property(damaged(Buffer.from(good, 'hex')), (bytes) => {
        const message = decodeDhcp6(bytes);

        expect(() => (message === undefined ? [] : associationsOf(message))).not.toThrow();
      }),
    );
  });
});

describe('encodeDhcp6()', () => {
  it('writes what the decoder reads', () => {
    const message = decode(good) as Dhcp6Message;

    expect(Buffer.from(encodeDhcp6(message)).toString('hex')).toBe(good);
  });

  it('lays out an address, a status and an association', () => {
    const own = addressOption(ipv6Bytes('2001:db8:0:1::5'), { preferredS: 140, validS: 450 });
    const wanted = { code: 3, id: 7, addresses: [] };

    const { code, data } = associationOption(wanted, [own], { t1S: 3600, t2S: 5400 });

    expect(code).toBe(3);
    expect(Buffer.from(data).toString('hex')).toBe(association.slice(8));
    expect(Buffer.from(statusOption(4).data).toString('hex')).toBe('0004');
    // An IA_TA has no times (section 21.5).
    expect(associationOption({ code: 4, id: 7, addresses: [] }, []).data).toHaveLength(4);
  });
});
