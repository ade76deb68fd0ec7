// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr, parseIpAddress } from '../../../../src/network/model/address.ts';
import {
  emptyNetworkState,
  type NetworkInterface,
  type NetworkState,
  type Subnet,
  type Vpc,
} from '../../../../src/network/model/records.ts';
import {
  createServiceDirectory,
  privateDomain,
  type ServiceSettings,
} from '../../../../src/network/services/from-records.ts';
import { sampleOptions, sampleRecord, sampleZone } from '../samples.ts';

const record = { displayName: '', createTimeMs: 0, revision: 1 };

function vpc(id: string, ipv4: string): Vpc {
  return {
    ...record,
    id,
    ipv4Cidrs: [parseCidr(ipv4), parseCidr('10.1.0.0/16')],
    ipv6Cidrs: [parseCidr('2001:db8::/56')],
  };
}

function subnet(id: string, of: string, ipv4?: string): Subnet {
  return {
    ...record,
    id,
    vpc: of,
    ipv4Cidr: ipv4 === undefined ? undefined : parseCidr(ipv4),
    ipv6Cidr: parseCidr('2001:db8:0:1::/64'),
    routeTable: undefined,
    networkAcl: undefined,
  };
}

function networkInterface(id: string, of: string, ...addresses: string[]): NetworkInterface {
  return {
    ...record,
    id,
    subnet: of,
    macAddress: '02:00:00:00:00:05',
    ipv4Addresses: addresses.filter((text) => !text.includes(':')).map(parseIpAddress),
    ipv6Addresses: addresses.filter((text) => text.includes(':')).map(parseIpAddress),
    securityGroups: ['sg-1', 'sg-2'],
    hasSourceDestCheck: true,
  };
}

const group = { ...record, vpc: 'vpc-1', ingress: [], egress: [] };

const state: NetworkState = {
  ...emptyNetworkState,
  vpc: [vpc('vpc-1', '10.0.0.0/16'), vpc('vpc-2', '172.16.0.0/20')],
  subnet: [
    subnet('subnet-1', 'vpc-1', '10.0.16.0/20'),
    subnet('subnet-2', 'vpc-1'),
    subnet('subnet-3', 'vpc-2', '172.16.0.0/24'),
  ],
  'security-group': [
    { ...group, id: 'sg-1', displayName: 'web' },
    { ...group, id: 'sg-2' },
  ],
  'private-zone': [
    sampleZone(1, { vpcs: ['vpc-2'], records: [sampleRecord({ name: 'a.corp', type: 'TXT' })] }),
  ],
  interface: [
    networkInterface('eni-1', 'subnet-1', '10.0.16.5', '10.0.16.9', '2001:db8:0:1::5'),
    networkInterface('eni-2', 'subnet-2', '2001:db8:0:1::6'),
    networkInterface('eni-3', 'subnet-3', '172.16.0.5'),
    networkInterface('eni-4', 'subnet-2', '2001:db8:0:1::7'),
  ],
};

const instanceId = 'i-0123456789abcdef0';
const settings: ServiceSettings = {
  region: 'us-east-1',
  attachments: [
    { interfaceId: 'eni-2', instanceId, deviceNumber: 1 },
    { interfaceId: 'eni-1', instanceId, deviceNumber: 0 },
  ],
  routerMacOf: ({ id }) => `02:00:00:00:01:0${id.slice(-1)}`,
};
const directory = createServiceDirectory(state, settings);

const [A, PTR, AAAA] = [1, 12, 28];
const reverse = (digit: number): string =>
  `${digit}.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa`;

function look(interfaceId: string, name: string, type: number): string {
  const place = directory.askerOf(interfaceId)?.names?.zoneOf(name);
  return place?.zone.lookup(name, type).kind ?? 'refused';
}

describe('askerOf()', () => {
  it('knows the addresses of an interface and the routers of its subnet', () => {
    expect(directory.askerOf('eni-1')?.interface).toEqual({
      interfaceId: 'eni-1',
      mac: '02:00:00:00:00:05',
      routerMac: '02:00:00:00:01:01',
      mtuBytes: 9001,
      hostName: 'ip-10-0-16-5',
      ipv4: { address: '10.0.16.5', prefixLength: 20, router: '10.0.16.1' },
      ipv6: { address: '2001:db8:0:1::5', prefixLength: 64, router: 'fe80::ff:fe00:101' },
      dhcp: {
        domainName: 'ec2.internal',
        nameServers: ['10.0.0.2', 'fd00:ec2::253'],
        timeServers: [],
      },
      dhcpRoutes: [],
    });
  });

  it('names an interface without IPv4 after its instance, or after itself', () => {
    expect(directory.askerOf('eni-2')?.interface.hostName).toBe(instanceId);
    expect(directory.askerOf('eni-4')?.interface.hostName).toBe('eni-4');
    expect(directory.askerOf('eni-4')?.interface).not.toHaveProperty('ipv4');
  });

  it('knows nobody else', () => {
    expect(directory.askerOf('eni-9')).toBeUndefined();
  });

  it('resolves every address of a VPC, and none of another', () => {
    expect(look('eni-2', 'ip-10-0-16-5.ec2.internal', A)).toBe('records');
    expect(look('eni-2', 'ip-10-0-16-9.ec2.internal', A)).toBe('records');
    expect(look('eni-2', 'ip-172-16-0-5.ec2.internal', A)).toBe('no-name');
    expect(look('eni-3', 'ip-10-0-16-5.ec2.internal', A)).toBe('no-name');
    expect(look('eni-3', 'ip-172-16-0-5.ec2.internal', A)).toBe('records');
    expect(look('eni-1', '5.16.0.10.in-addr.arpa', PTR)).toBe('records');
  });

  it('resolves an instance to its primary interface, and that one back', () => {
    expect(look('eni-1', `${instanceId}.ec2.internal`, AAAA)).toBe('records');
    expect(look('eni-3', `${instanceId}.ec2.internal`, AAAA)).toBe('no-name');
    expect(look('eni-1', reverse(5), PTR)).toBe('records');
    expect(look('eni-1', reverse(6), PTR)).toBe('no-name');
  });

  it('gives private zones to their VPC alone', () => {
    expect(look('eni-3', 'a.corp', 16)).toBe('records');
    expect(look('eni-1', 'a.corp', 16)).toBe('refused');
  });
});

describe('an option set', () => {
  function withOptions(changes: Parameters<typeof sampleOptions>[1]) {
    const options = sampleOptions(1, changes);
    const vpcs = state.vpc.map((one) =>
      one.id === 'vpc-1' ? { ...one, dhcpOptions: options.id } : one,
    );
    return createServiceDirectory({ ...state, vpc: vpcs, 'dhcp-options': [options] }, settings);
  }

  it('is what the VPC that has it tells its guests, and no other', () => {
    const changed = withOptions({
      domainNameServers: [parseIpAddress('10.0.0.9'), 'ArgonProvidedDNS'],
      netbiosNodeType: 2,
      ipv6PreferredLeaseSeconds: 600,
    });

    expect(changed.askerOf('eni-1')?.interface.dhcp).toEqual({
      domainName: 'corp.internal',
      nameServers: ['10.0.0.9', '10.0.0.2', 'fd00:ec2::253'],
      timeServers: ['10.0.1.123'],
      netbiosNameServers: [],
      netbiosNodeType: 2,
      preferredLeaseS: 600,
    });
    expect(changed.askerOf('eni-3')?.interface.dhcp.domainName).toBe('ec2.internal');
    const [primary] = changed.metadataInterfacesOf(instanceId);
    expect(primary?.localHostName).toBe('ip-10-0-16-5.corp.internal');
  });

  it('sends nothing that it does not say', () => {
    const bare = withOptions({ domainName: undefined, domainNameServers: [] });

    expect(bare.askerOf('eni-1')?.interface.dhcp).toMatchObject({
      domainName: '',
      nameServers: [],
    });
    const [primary] = bare.metadataInterfacesOf(instanceId);
    expect(primary?.localHostName).toBe('ip-10-0-16-5.ec2.internal');
  });
});

describe('metadataInterfacesOf()', () => {
  it('has the interfaces of an instance, the primary one first', () => {
    const [first, second, ...more] = directory.metadataInterfacesOf(instanceId);

    expect(first).toEqual({
      mac: '02:00:00:00:00:05',
      interfaceId: 'eni-1',
      deviceNumber: 0,
      localHostName: 'ip-10-0-16-5.ec2.internal',
      ipv4s: ['10.0.16.5', '10.0.16.9'],
      ipv6s: ['2001:db8:0:1::5'],
      securityGroups: [
        { id: 'sg-1', name: 'web' },
        { id: 'sg-2', name: 'sg-2' },
      ],
      subnetId: 'subnet-1',
      subnetIpv4Cidrs: ['10.0.16.0/20'],
      subnetIpv6Cidrs: ['2001:db8:0:1::/64'],
      vpcId: 'vpc-1',
      vpcIpv4Cidrs: ['10.0.0.0/16', '10.1.0.0/16'],
      vpcIpv6Cidrs: ['2001:db8::/56'],
    });
    expect(second).toMatchObject({ interfaceId: 'eni-2', deviceNumber: 1, subnetIpv4Cidrs: [] });
    expect(more).toEqual([]);
    expect(directory.metadataInterfacesOf('i-0')).toEqual([]);
  });
});

describe('createServiceDirectory()', () => {
  it('takes an interface without its subnet for a bug', () => {
    expect(() => createServiceDirectory({ ...state, subnet: [] }, settings)).toThrow(
      'eni-1 is nowhere',
    );
  });

  it('uses the domain of the region', () => {
    expect(privateDomain('us-east-1')).toBe('ec2.internal');
    expect(privateDomain('eu-west-1')).toBe('eu-west-1.compute.internal');
  });
});
