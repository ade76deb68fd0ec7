// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { ipv6Bytes } from '../../../../src/network/services/addresses.ts';
import { ByteReader } from '../../../../src/network/services/byte-reader.ts';
import {
  type DnsName,
  encodeName,
  lineage,
  parseDnsName,
  readName,
  reverseIpv6,
} from '../../../../src/network/services/dns-name.ts';

const read = (wire: Uint8Array): DnsName | undefined => readName(new ByteReader(wire));
const labels = (...texts: readonly string[]): Buffer =>
  Buffer.concat([
    ...texts.map((text) => Buffer.from([text.length, ...Buffer.from(text)])),
    Buffer.of(0),
  ]);

describe('readName()', () => {
  it('keeps the spelling, and makes a key that does not depend on it', () => {
    const wire = labels('F', 'ISI', 'ARPA'); // The example of RFC 1035 section 4.1.4.

    expect(read(wire)).toEqual({ key: 'f.isi.arpa', wire });
  });

  it('reads the root', () => {
    expect(read(Buffer.of(0, 1))).toEqual({ key: '', wire: Buffer.of(0) });
  });

  it('tells a dot within a label from one between labels', () => {
    expect(read(labels('a.b'))?.key).toBe('a\\046b');
    expect(read(labels('a\\046b'))?.key).toBe('a\\092046b');
    expect(read(Buffer.of(3, 0, 0xff, 0x20, 0))?.key).toBe('\\000\\255\\032');
  });

  it('takes 63 bytes in a label and 255 in a name', () => {
    const label = 'x'.repeat(63);

    expect(read(labels(label, label, label, 'y'.repeat(61)))?.wire).toHaveLength(255);
    expect(read(labels(label, label, label, 'y'.repeat(62)))).toBeUndefined();
    expect(read(Buffer.concat([Buffer.of(64), Buffer.alloc(64, 1), Buffer.of(0)]))).toBeUndefined();
  });

  it.each([
    ['a pointer to itself', Buffer.of(0xc0, 0)],
    ['a pointer behind a label', Buffer.of(1, 97, 0xc0, 0)],
    ['a label without its end', Buffer.of(5, 97, 98)],
    ['no end', Buffer.of(1, 97)],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', (_what, wire) => {
    expect(read(wire)).toBeUndefined();
  });

  it('gives one key to one name only', () => {
    const name = fc.array(fc.uint8Array({ minLength: 1, maxLength: 4 }), { maxLength: 3 });
    const wireOf = (parts: readonly Uint8Array[]): Buffer =>
      Buffer.concat([...parts.map((part) => Buffer.of(part.length, ...part)), Buffer.of(0)]);
    const lower = (wire: Uint8Array): string =>
      Buffer.from(wire.map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))).toString(
        'hex',
      );
    fc.assert(
      fc.property(name, name, (left, right) => {
        const isSame = lower(wireOf(left)) === lower(wireOf(right));

        expect(read(wireOf(left))?.key === read(wireOf(right))?.key).toBe(isSame);
      }),
    );
  });
});

describe('names of records', () => {
  it('lose their case and the dot at the end, and go to the wire', () => {
    expect(parseDnsName('_ldap._TCP.Example.internal.')).toBe('_ldap._tcp.example.internal');
    expect(encodeName('f.isi.arpa')).toEqual(labels('f', 'isi', 'arpa'));
    expect([...encodeName('')]).toEqual([0]);
  });

  it('have at most 253 characters, with 63 in a label', () => {
    const label = 'x'.repeat(63);
    const longest = [label, label, label, 'y'.repeat(61)].join('.');

    expect(encodeName(parseDnsName(longest))).toHaveLength(255);
    expect(() => parseDnsName(`${longest}y`)).toThrow(ArgonError);
    expect(() => parseDnsName(`${label}x`)).toThrow(ArgonError);
  });

  it.each(['', '.', 'a..b', '.a', 'a b', 'ü.example', 'a/b'])('are not "%s"', (text) => {
    expect(() => parseDnsName(text)).toThrow(`"${text}" is not a domain name`);
  });

  it('have parents', () => {
    expect(lineage('a.b.c')).toEqual(['a.b.c', 'b.c', 'c']);
    expect(lineage('')).toEqual([]);
  });
});

describe('reverseIpv6()', () => {
  it('is the example of RFC 3596 section 2.5', () => {
    expect(reverseIpv6(ipv6Bytes('4321:0:1:2:3:4:567:89ab'))).toBe(
      'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa',
    );
  });
});
