// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr, parseIpAddress } from '../../../../src/network/model/address.ts';
import {
  dnsAddress,
  isReserved,
  lowestFreeAddress,
  routerAddress,
  routerMac,
} from '../../../../src/network/model/subnet-addresses.ts';

describe('the addresses of a subnet (AD-1)', () => {
  it.each([
    ['10.0.1.0/28', '10.0.1.1', '10.0.1.2'],
    ['fd00:1::/64', 'fd00:1::1', 'fd00:1::2'],
  ])('%s has a router, and a resolver as a VPC', (text, router, dns) => {
    const cidr = parseCidr(text);

    expect(routerAddress(cidr)).toBe(router);
    expect(dnsAddress(cidr)).toBe(dns);
  });

  it.each([
    ['10.0.1.3', true],
    ['10.0.1.4', false],
    ['10.0.1.14', false],
    ['10.0.1.15', true],
  ])('%s is reserved: %s', (address, expected) => {
    expect(isReserved(parseIpAddress(address), parseCidr('10.0.1.0/28'))).toBe(expected);
  });

  it('are given out from the lowest on until there is none', () => {
    const cidr = parseCidr('10.0.1.0/28');
    const taken = new Set<ReturnType<typeof parseIpAddress>>();

    for (let free = lowestFreeAddress(cidr, taken); free; free = lowestFreeAddress(cidr, taken)) {
      taken.add(free);
    }

    expect([...taken].at(0)).toBe('10.0.1.4');
    expect([...taken].at(-1)).toBe('10.0.1.14');
    expect(taken.size).toBe(11);
  });

  it('has a router with a MAC of its own, locally administered', () => {
    const mac = routerMac({ id: 'subnet-0123456789abcdef0' });
    expect(Buffer.from(mac).toString('hex')).toBe('02789abcdef0');
  });
});
