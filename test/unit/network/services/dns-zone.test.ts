// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import {
  createZone,
  startOfAuthority,
  type ZoneData,
  type ZoneFound,
} from '../../../../src/network/services/dns-zone.ts';
import { hex } from './samples.ts';

const one = (data: ZoneData, name = 'x.corp.internal'): ZoneFound => {
  const zone = createZone('corp.internal', [{ name, ttlS: 300, data }]);
  return zone.lookup(
    name,
    { A: 1, AAAA: 28, CNAME: 5, PTR: 12, TXT: 16, MX: 15, SRV: 33 }[data.type],
  );
};

const dataOf = (found: ZoneFound): string[] =>
  found.kind === 'records'
    ? found.records.map(({ data }) => Buffer.from(data).toString('hex'))
    : [];

describe('createZone()', () => {
  it.each([
    ['A', { type: 'A', address: '10.0.0.5' }, '0a000005'],
    ['AAAA', { type: 'AAAA', address: '2001:db8::5' }, '20010db8000000000000000000000005'],
    ['CNAME', { type: 'CNAME', target: 'B.c.' }, '0162016300'],
    ['PTR', { type: 'PTR', target: 'b.c' }, '0162016300'],
    ['TXT', { type: 'TXT', texts: ['ab', '', 'ü'] }, '0261620002c3bc'],
    ['MX', { type: 'MX', preference: 10, target: 'b.c' }, '000a0162016300'],
    [
      'SRV',
      { type: 'SRV', priority: 1, weight: 2, port: 389, target: 'b.c' },
      hex('0001', '0002', '0185', '0162016300'),
    ],
  ] as const)('has %s records', (_type, data, wire) => {
    expect(dataOf(one(data))).toEqual([wire]);
  });

  it('gives all records of a type, and one set of them to ANY', () => {
    const zone = createZone('corp.internal', [
      { name: 'X.corp.internal.', ttlS: 60, data: { type: 'A', address: '10.0.0.5' } },
      { name: 'x.corp.internal', ttlS: 60, data: { type: 'TXT', texts: ['t'] } },
      { name: 'x.corp.internal', ttlS: 60, data: { type: 'A', address: '10.0.0.6' } },
    ]);

    expect(dataOf(zone.lookup('x.corp.internal', 1))).toEqual(['0a000005', '0a000006']);
    expect(dataOf(zone.lookup('x.corp.internal', 255))).toEqual(['0a000005', '0a000006']);
    expect(zone.lookup('x.corp.internal', 28)).toEqual({ kind: 'no-data' });
  });

  it('knows what lies between the zone and a record, and nothing else', () => {
    const zone = createZone('corp.internal', [
      { name: 'a.b.c.corp.internal', ttlS: 60, data: { type: 'A', address: '10.0.0.5' } },
    ]);

    const kinds = [
      'corp.internal',
      'c.corp.internal',
      'b.c.corp.internal',
      'x.corp.internal',
      'y.a.b.c.corp.internal',
    ].map((name) => zone.lookup(name, 1).kind);

    expect(kinds).toEqual(['no-data', 'no-data', 'no-data', 'no-name', 'no-name']);
  });

  it('answers with an alias whatever type is asked, but the alias itself', () => {
    const zone = createZone('corp.internal', [
      { name: 'x.corp.internal', ttlS: 60, data: { type: 'CNAME', target: 'Y.else' } },
    ]);

    expect(zone.lookup('x.corp.internal', 28)).toMatchObject({ kind: 'cname', target: 'y.else' });
    expect(zone.lookup('x.corp.internal', 5).kind).toBe('records');
    expect(zone.lookup('x.corp.internal', 255).kind).toBe('records');
  });

  it.each([
    [
      'a name outside',
      { type: 'A', address: '10.0.0.5' },
      'x.corp.internals',
      'is not in the zone',
    ],
    [
      'a name that only ends alike',
      { type: 'A', address: '10.0.0.5' },
      'xcorp.internal',
      'is not in the zone',
    ],
    ['no IPv4 address', { type: 'A', address: '10.0.0' }, undefined, 'has the address "10.0.0"'],
    ['no IPv6 address', { type: 'AAAA', address: '10.0.0.1' }, undefined, 'has the address'],
    ['no text', { type: 'TXT', texts: [] }, undefined, 'has no text'],
    ['a long text', { type: 'TXT', texts: ['ü'.repeat(128)] }, undefined, 'longer than 255 bytes'],
    [
      'much text',
      { type: 'TXT', texts: Array(16).fill('x'.repeat(255)) },
      undefined,
      'more than 4000 bytes',
    ],
    [
      'a large port',
      { type: 'SRV', priority: 0, weight: 0, port: 65_536, target: 'b.c' },
      undefined,
      '65536',
    ],
    ['half a preference', { type: 'MX', preference: 0.5, target: 'b.c' }, undefined, '0.5'],
    ['a target that is none', { type: 'PTR', target: 'b..c' }, undefined, 'not a domain name'],
    [
      'an alias of the zone',
      { type: 'CNAME', target: 'b.c' },
      'corp.internal',
      'cannot be a CNAME',
    ],
  ] as const)('refuses %s', (_what, data, name, message) => {
    expect(() => one(data, name)).toThrow(ArgonError);
    expect(() => one(data, name)).toThrow(message);
  });

  it('refuses an alias beside other records, in either order', () => {
    const alias = {
      name: 'x.corp.internal',
      ttlS: 60,
      data: { type: 'CNAME', target: 'b.c' },
    } as const;
    const other = {
      name: 'x.corp.internal',
      ttlS: 60,
      data: { type: 'TXT', texts: ['t'] },
    } as const;

    expect(() => createZone('corp.internal', [alias, other])).toThrow('beside its CNAME');
    expect(() => createZone('corp.internal', [other, alias])).toThrow('beside its CNAME');
    expect(() => createZone('corp.internal', [alias, alias])).toThrow('beside its CNAME');
  });

  it('takes a time to live of 31 bits, and 10,000 records', () => {
    const data = { type: 'A', address: '10.0.0.5' } as const;
    const create = (ttlS: number, count = 1): unknown =>
      createZone(
        'corp.internal',
        Array.from({ length: count }, () => ({ name: 'x.corp.internal', ttlS, data })),
      );

    expect(() => create(2 ** 31 - 1, 10_000)).not.toThrow();
    expect(() => create(2 ** 31)).toThrow('time to live');
    expect(() => create(-1)).toThrow('time to live');
    expect(() => create(0, 10_001)).toThrow('10001 records of at most 10000');
  });
});

describe('startOfAuthority()', () => {
  it('lets a negative answer be kept for a minute', () => {
    const { data, ttlS } = startOfAuthority('b.c');

    expect(ttlS).toBe(60);
    expect(Buffer.from(data).toString('hex')).toBe(
      hex('0162016300', '0162016300', '00000001', '00001c20', '00000384', '00127500', '0000003c'),
    );
  });
});
