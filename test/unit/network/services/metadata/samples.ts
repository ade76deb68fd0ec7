// SPDX-License-Identifier: Apache-2.0

import type {
  InstanceMetadata,
  MetadataInterface,
} from '../../../../../src/network/services/metadata/instance.ts';

const primary: MetadataInterface = {
  mac: '02:00:00:00:00:05',
  interfaceId: 'eni-0123456789abcdef0',
  deviceNumber: 0,
  localHostName: 'ip-10-0-16-5.ec2.internal',
  ipv4s: ['10.0.16.5', '10.0.16.9'],
  ipv6s: ['2001:db8:0:1::5'],
  securityGroups: [
    { id: 'sg-00000000000000001', name: 'web' },
    { id: 'sg-00000000000000002', name: 'ssh' },
  ],
  subnetId: 'subnet-0123456789abcdef0',
  subnetIpv4Cidrs: ['10.0.16.0/20'],
  subnetIpv6Cidrs: ['2001:db8:0:1::/64'],
  vpcId: 'vpc-0123456789abcdef0',
  vpcIpv4Cidrs: ['10.0.0.0/16', '10.1.0.0/16'],
  vpcIpv6Cidrs: ['2001:db8::/56'],
};

/** An instance with two interfaces, the second of IPv6 alone. */
export function sampleInstance(changes: Partial<InstanceMetadata> = {}): InstanceMetadata {
  return {
    instanceId: 'i-0123456789abcdef0',
    imageId: 'ami-0123456789abcdef0',
    instanceType: 'm7i.large',
    architecture: 'x86_64',
    accountId: '123456789012',
    reservationId: 'r-0123456789abcdef0',
    launchIndex: 0,
    launchTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    region: 'us-east-1',
    availabilityZone: 'us-east-1a',
    interfaces: [
      primary,
      {
        ...primary,
        mac: '02:00:00:00:00:06',
        interfaceId: 'eni-0123456789abcdef1',
        deviceNumber: 1,
        ipv4s: [],
        subnetIpv4Cidrs: [],
      },
    ],
    publicKeys: [
      { name: 'work', key: 'ssh-ed25519 AAAA work' },
      { name: 'home', key: 'ssh-ed25519 BBBB home' },
    ],
    blockDevices: { ami: '/dev/vda', root: '/dev/vda' },
    tags: {},
    options: { endpoint: 'enabled', tokens: 'required', tokenHopLimit: 1 },
    ...changes,
  };
}
