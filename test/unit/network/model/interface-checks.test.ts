// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr, parseIpAddress } from '../../../../src/network/model/address.ts';
import { checkInterface, withAddresses } from '../../../../src/network/model/interface-checks.ts';
import type { NetworkInterface } from '../../../../src/network/model/records.ts';
import { networkId, sampleGroup, sampleInterface, sampleState, sampleSubnet } from '../samples.ts';

const addresses = (...texts: readonly string[]) => texts.map(parseIpAddress);

describe('an interface', () => {
  it('may stand beside another', () => {
    expect(() => {
      checkInterface(sampleState(), sampleInterface(2));
      checkInterface(sampleState(), sampleInterface(1));
    }).not.toThrow();
  });

  it.each<[Partial<NetworkInterface>, string]>([
    [{ subnet: networkId('subnet', 9) }, 'subnet does not exist'],
    [{ macAddress: '03:00:00:00:00:02' }, "which is no station's"],
    [{ macAddress: '00:00:00:00:00:00' }, "which is no station's"],
    [{ macAddress: '02:00:00:00:00:01' }, 'mac_address is that of interface eni-'],
    [{ ipv4Addresses: addresses('10.0.2.5') }, 'is not in the block of its subnet, 10.0.1.0/24'],
    [{ ipv4Addresses: addresses('10.0.1.3') }, 'one of the first four and the last'],
    [{ ipv4Addresses: addresses('10.0.1.255') }, 'one of the first four and the last'],
    [{ ipv4Addresses: addresses('10.0.1.10') }, 'ipv4_addresses[0] is an address of interface'],
    [{ ipv4Addresses: addresses('10.0.1.9', '10.0.1.9') }, 'ipv4_addresses[1] is there twice'],
    [{ ipv4Addresses: addresses('fd00:1:0:1::9') }, 'which is not ipv4'],
    [{ ipv4Addresses: [], ipv6Addresses: [] }, 'ipv4_addresses is empty'],
    [{ securityGroups: [] }, 'security_groups is empty'],
    [{ securityGroups: [networkId('sg', 9)] }, 'security_groups[0] does not exist'],
    [{ securityGroups: [networkId('sg', 1), networkId('sg', 1)] }, 'is there twice'],
    [{ securityGroups: [networkId('sg', 2)] }, 'security_groups[0] is of another VPC'],
  ])('may not have %j', (changes, message) => {
    const other = sampleGroup(2, { vpc: networkId('vpc', 2) });
    const state = sampleState({ 'security-group': [sampleGroup(), other] });

    expect(() => {
      checkInterface(state, sampleInterface(2, changes));
    }).toThrow(message);
  });

  it('has five groups at most (SG-5)', () => {
    const groups = [1, 2, 3, 4, 5, 6].map((number) => sampleGroup(number));
    const state = sampleState({ 'security-group': groups });
    const ids = groups.map(({ id }) => id);
    checkInterface(state, sampleInterface(2, { securityGroups: ids.slice(1) }));

    expect(() => {
      checkInterface(state, sampleInterface(2, { securityGroups: ids }));
    }).toThrow('5 groups of an interface');
  });

  it('keeps its primary address and may change the others', () => {
    const other = addresses('10.0.1.10', '10.0.1.99');
    checkInterface(sampleState(), sampleInterface(1, { ipv4Addresses: other }));

    expect(() => {
      const ipv4Addresses = other.toReversed();
      checkInterface(sampleState(), sampleInterface(1, { ipv4Addresses }));
    }).toThrow('stays 10.0.1.10');
  });
});

describe('withAddresses()', () => {
  it('gives the lowest free one of each family that none is asked of', () => {
    const asked = sampleInterface(2, { ipv4Addresses: [], ipv6Addresses: [] });

    expect(withAddresses(sampleState(), asked)).toMatchObject({
      ipv4Addresses: ['10.0.1.4'],
      ipv6Addresses: ['fd00:1:0:1::4'],
    });
    const own = { ...asked, ipv4Addresses: addresses('10.0.1.77') };
    expect(withAddresses(sampleState(), own).ipv4Addresses).toEqual(['10.0.1.77']);
  });

  it('gives none of a family that the subnet has not', () => {
    const state = sampleState({ subnet: [sampleSubnet(1, { ipv6Cidr: undefined })] });
    const asked = sampleInterface(2, { ipv4Addresses: [], ipv6Addresses: [] });

    expect(withAddresses(state, asked).ipv6Addresses).toEqual([]);
  });

  it('refuses when the subnet is full', () => {
    const all = Array.from({ length: 11 }, (_, index) => parseIpAddress(`10.0.1.${index + 4}`));
    const state = sampleState({
      subnet: [sampleSubnet(1, { ipv4Cidr: parseCidr('10.0.1.0/28') })],
      interface: [sampleInterface(1, { ipv4Addresses: all })],
    });

    expect(() => withAddresses(state, sampleInterface(2, { ipv4Addresses: [] }))).toThrow(
      expect.objectContaining({ code: 'resource-exhausted', field: 'subnet' }),
    );
    expect(() => withAddresses(state, sampleInterface(2, { subnet: '' }))).toThrow('subnet');
  });
});
