// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createVpcZone, type VpcDirectory } from '../../../../src/network/services/vpc-names.ts';

const addresses = ['10.0.16.5', '100.64.17.9', '2001:db8:0:1::5'];

const directory: VpcDirectory = {
  domainName: 'eu-west-1.compute.internal',
  blocks: [
    { address: '10.0.0.0', prefixLength: 16 },
    { address: '100.64.16.0', prefixLength: 22 },
    { address: '2001:db8::', prefixLength: 56 },
  ],
  hasAddress: (address) => addresses.includes(address),
  addressesOf: (id) =>
    id === 'i-0123456789abcdef0' ? ['10.0.16.5', '2001:db8:0:1::5'] : undefined,
  instanceAt: (address) => (address === '2001:db8:0:1::5' ? 'i-0123456789abcdef0' : undefined),
};

const zone = createVpcZone(directory);
const [A, PTR, AAAA, ANY] = [1, 12, 28, 255];
const reverse6 = '5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa';

function look(key: string, type: number): unknown {
  const found = zone.lookup(key, type);
  if (found.kind !== 'records') return found.kind;
  return found.records.map(({ data }) => Buffer.from(data).toString('latin1'));
}

describe('createVpcZone()', () => {
  it('resolves the name of an address that an interface has', () => {
    expect(look('ip-10-0-16-5.eu-west-1.compute.internal', A)).toEqual(['\n\x00\x10\x05']);
    expect(look('ip-10-0-16-5.eu-west-1.compute.internal', AAAA)).toBe('no-data');
  });

  it('resolves the name of an instance to both families', () => {
    const name = 'i-0123456789abcdef0.eu-west-1.compute.internal';

    expect(look(name, A)).toHaveLength(1);
    expect(look(name, AAAA)).toHaveLength(1);
    expect(look(name, ANY)).toHaveLength(2);
    expect(look(name, PTR)).toBe('no-data');
  });

  it.each([
    'ip-10-0-16-6', // Nobody has it.
    'ip-010-0-16-5', // Would be a second name.
    'ip-10-0-16-256',
    'ip-10-0-16',
    'i-ffffffffffffffff0',
    'I-nothing',
    'a.ip-10-0-16-5',
  ])('does not know %s', (label) => {
    expect(look(`${label}.eu-west-1.compute.internal`, A)).toBe('no-name');
  });

  it('has no records of its own domain', () => {
    expect(look('eu-west-1.compute.internal', A)).toBe('no-data');
  });

  it('finds the way back', () => {
    expect(look('5.16.0.10.in-addr.arpa', PTR)).toEqual([
      '\x0cip-10-0-16-5\x09eu-west-1\x07compute\x08internal\x00',
    ]);
    expect(look(reverse6, PTR)).toEqual([
      '\x13i-0123456789abcdef0\x09eu-west-1\x07compute\x08internal\x00',
    ]);
    expect(look('5.16.0.10.in-addr.arpa', A)).toBe('no-data');
  });

  it.each([
    ['6.16.0.10.in-addr.arpa', 'no-name'],
    ['256.16.0.10.in-addr.arpa', 'no-name'],
    ['1.5.16.0.10.in-addr.arpa', 'no-name'],
    ['x.10.in-addr.arpa', 'no-name'],
    ['16.0.10.in-addr.arpa', 'no-data'],
    ['10.in-addr.arpa', 'no-data'],
    [`6${reverse6.slice(1)}`, 'no-name'],
    [`5.${reverse6}`, 'no-name'],
    [reverse6.slice(2), 'no-data'],
  ])('says of %s: %s', (key, kind) => {
    expect(look(key, PTR)).toBe(kind);
  });

  it('stands for all private addresses and for its own blocks', () => {
    expect(zone.origins).toEqual(
      expect.arrayContaining([
        'eu-west-1.compute.internal',
        '10.in-addr.arpa',
        '31.172.in-addr.arpa',
        '254.169.in-addr.arpa',
        'd.f.ip6.arpa',
        '0.10.in-addr.arpa',
        '16.64.100.in-addr.arpa',
        '19.64.100.in-addr.arpa',
        '0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa',
      ]),
    );
    expect(zone.origins.filter((origin) => origin.endsWith('.64.100.in-addr.arpa'))).toHaveLength(
      4,
    );
  });
});
