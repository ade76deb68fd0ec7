// SPDX-License-Identifier: Apache-2.0

import { BlockList } from 'node:net';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type AddressFamily,
  addressBits,
  addressValue,
  blockOf,
  doOverlap,
  familyOf,
  formatAddress,
  formatCidr,
  isWithin,
  parseCidr,
  parseIpAddress,
} from '../../../../src/network/model/address.ts';

const family = fc.constantFrom<AddressFamily>('ipv4', 'ipv6');
// Near the edges of groups as often as anywhere.
const value = (bits: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
    fc.nat(bits - 1).map((shift) => 1n << BigInt(shift)),
    fc.constantFrom(0n, (1n << BigInt(bits)) - 1n),
  );
const addressOf = (of: AddressFamily) =>
  value(addressBits[of]).map((number) => formatAddress(of, number));
const cidrOf = (of: AddressFamily) =>
  fc.tuple(value(addressBits[of]), fc.nat(addressBits[of])).map(([number, prefixLength]) => {
    const hostBits = BigInt(addressBits[of] - prefixLength);
    return formatCidr(of, (number >> hostBits) << hostBits, prefixLength);
  });

describe('addresses', () => {
  it('are the same after they were written and read', () => {
    fc.assert(
      fc.property(
        family.chain((of) => fc.tuple(fc.constant(of), value(addressBits[of]))),
        ([of, number]) => {
          const address = parseIpAddress(formatAddress(of, number));

          expect(familyOf(address)).toBe(of);
          expect(addressValue(address)).toBe(number);
        },
      ),
    );
  });

  it.each([
    ['10.0.0.1', 0x0a000001n],
    ['255.255.255.255', 0xffffffffn],
    ['::', 0n],
    ['::1', 1n],
    ['fd00:1::5', 0xfd000001000000000000000000000005n],
    ['2001:db8::1:0:0:1', 0x20010db8000000000001000000000001n],
    ['::fffe:a00:1', 0xfffe0a000001n],
  ])('reads %s', (text, number) => {
    expect(addressValue(parseIpAddress(text))).toBe(number);
  });

  it.each([
    ['2001:DB8::1', 'write 2001:db8::1'],
    ['0:0:0:0:0:0:0:1', 'write ::1'],
    ['2001:db8:0:0:1::1', 'write 2001:db8::1:0:0:1'],
  ])('has one way to write %s', (text, hint) => {
    expect(() => parseIpAddress(text)).toThrow(expect.objectContaining({ hint }));
  });

  it.each(['', '10.0.0', '010.0.0.1', '10.0.0.256', 'fe80::1%eth0', '1:2:3', '0x7f.1', 7, null])(
    'refuses %j',
    (text) => {
      expect(() => parseIpAddress(text)).toThrow('is no address');
    },
  );
});

describe('IPv4 in the words of IPv6', () => {
  it('is refused: it would be of both families', () => {
    const hint = expect.stringContaining('write 10.0.0.1') as unknown;

    expect(() => parseIpAddress('::ffff:10.0.0.1')).toThrow(expect.objectContaining({ hint }));
    expect(() => parseCidr('::ffff:0.0.0.0/96')).toThrow('is of IPv4');
    expect(parseCidr('::/0')).toBe('::/0');
  });
});

describe('blocks', () => {
  it('hold what node:net says is in them', () => {
    fc.assert(
      fc.property(
        family.chain((of) => fc.tuple(cidrOf(of), addressOf(of))),
        ([cidr, address]) => {
          const { family: of, prefixLength } = blockOf(cidr);
          const oracle = new BlockList();
          oracle.addSubnet(cidr.split('/')[0] ?? '', prefixLength, of);

          expect(isWithin(address, cidr)).toBe(oracle.check(address, of));
        },
      ),
    );
  });

  it('overlap when they share an address, whichever is asked', () => {
    fc.assert(
      fc.property(
        family.chain((of) => fc.tuple(cidrOf(of), cidrOf(of))),
        ([one, other]) => {
          const [left, right] = [blockOf(one), blockOf(other)];
          const isApart = left.last < right.first || right.last < left.first;

          expect(doOverlap(one, other)).toBe(!isApart);
          expect(doOverlap(other, one)).toBe(!isApart);
        },
      ),
    );
  });

  it('of two families share nothing', () => {
    expect(doOverlap(parseCidr('0.0.0.0/0'), parseCidr('::/0'))).toBe(false);
    expect(isWithin(parseIpAddress('10.0.0.1'), parseCidr('::/0'))).toBe(false);
  });

  it('are the same after they were written and read', () => {
    fc.assert(
      fc.property(family.chain(cidrOf), (cidr) => {
        expect(parseCidr(cidr)).toBe(cidr);
      }),
    );
  });

  it.each([
    ['10.0.0.1/16', 'write 10.0.0.0/16'],
    ['10.0.0.0/016', 'write 10.0.0.0/16'],
    ['fd00:1:0::/56', 'write fd00:1::/56'],
  ])('have one way to write %s', (text, hint) => {
    expect(() => parseCidr(text)).toThrow(expect.objectContaining({ hint }));
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '::/129', '/8', '10.0.0.0/-1', 'x/8', '', undefined])(
    'refuse %j',
    (text) => {
      expect(() => parseCidr(text)).toThrow('is no block');
    },
  );
});
