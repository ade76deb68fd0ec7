// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  ipv4Bytes,
  ipv4Text,
  ipv6Bytes,
  ipv6Text,
  linkLocalBytes,
  macBytes,
  macText,
  maskBytes,
  sameBytes,
  sharesPrefix,
} from '../../../../src/network/services/addresses.ts';

describe('IPv4 text and bytes', () => {
  it('are inverse', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(ipv4Text(ipv4Bytes(text))).toBe(text);
      }),
    );
  });

  it.each(['', '1.2.3', '1.2.3.256', '::1'])('takes %s for a bug', (text) => {
    expect(() => ipv4Bytes(text)).toThrow(TypeError);
  });
});

describe('IPv6 text and bytes', () => {
  // The examples of RFC 5952 sections 4.1 to 4.3, and both ends.
  it.each([
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8::AAAA', '2001:db8::aaaa'],
    ['::', '::'],
    ['fe80::', 'fe80::'],
    ['::ffff:a00:5', '::ffff:10.0.0.5'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('writes %s as %s', (text, canonical) => {
    expect(ipv6Text(ipv6Bytes(text))).toBe(canonical);
  });

  it('are inverse', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(sameBytes(ipv6Bytes(ipv6Text(bytes)), bytes)).toBe(true);
      }),
    );
  });

  it.each(['', '1.2.3.4', 'fe80::1%eth0', '1:2:3'])('takes "%s" for a bug', (text) => {
    expect(() => ipv6Bytes(text)).toThrow(TypeError);
  });
});

describe('a MAC', () => {
  it('has six bytes and gives a link-local address', () => {
    const mac = macBytes('02:00:5E:10:00:01');

    expect([...mac]).toEqual([2, 0, 0x5e, 0x10, 0, 1]);
    expect(ipv6Text(linkLocalBytes(mac))).toBe('fe80::5eff:fe10:1');
  });

  it('is text with colons', () => {
    expect(macText(Uint8Array.of(2, 0, 0x5e, 0x10, 0, 255))).toBe('02:00:5e:10:00:ff');
  });

  it.each(['', '02:00:5e:10:00', '02-00-5e-10-00-01', '02:00:5e:10:00:0g'])(
    'is not "%s"',
    (text) => {
      expect(() => macBytes(text)).toThrow(TypeError);
    },
  );
});

describe('prefixes', () => {
  it.each([
    [0, '0.0.0.0'],
    [16, '255.255.0.0'],
    [20, '255.255.240.0'],
    [32, '255.255.255.255'],
  ])('/%i masks with %s', (prefixLength, mask) => {
    expect(ipv4Text(maskBytes(prefixLength, 4))).toBe(mask);
  });

  it('compare the first bits alone', () => {
    const shares = (left: string, right: string, length: number): boolean =>
      sharesPrefix(ipv4Bytes(left), ipv4Bytes(right), length);

    expect(shares('10.0.15.255', '10.0.0.1', 20)).toBe(true);
    expect(shares('10.0.16.0', '10.0.0.1', 20)).toBe(false);
    expect(shares('1.2.3.4', '5.6.7.8', 0)).toBe(true);
    expect(sharesPrefix(ipv6Bytes('2001:db8::1'), ipv6Bytes('2001:db8:0:0:1::'), 64)).toBe(true);
    expect(sharesPrefix(ipv6Bytes('2001:db8::1'), ipv6Bytes('2001:db8:0:1::'), 64)).toBe(false);
    expect(sharesPrefix(ipv4Bytes('0.0.0.0'), ipv6Bytes('::'), 0)).toBe(false);
  });
});
