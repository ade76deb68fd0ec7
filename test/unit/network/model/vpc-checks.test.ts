// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type Cidr, parseCidr } from '../../../../src/network/model/address.ts';
import { checkSubnet, checkVpc } from '../../../../src/network/model/vpc-checks.ts';
import {
  networkId,
  sampleAcl,
  sampleState,
  sampleSubnet,
  sampleTable,
  sampleVpc,
} from '../samples.ts';

const blocks = (...texts: readonly string[]): readonly Cidr[] => texts.map(parseCidr);

describe('a VPC', () => {
  it.each([
    { ipv4Cidrs: blocks('10.0.0.0/16') },
    { ipv4Cidrs: blocks('10.0.0.0/28', '192.168.0.0/16'), ipv6Cidrs: [] },
    { ipv4Cidrs: [], ipv6Cidrs: blocks('2600:1f00::/44', 'fd00:1::/60') },
  ])('may have %j', (changes) => {
    expect(() => {
      checkVpc(sampleState(), sampleVpc(2, changes));
    }).not.toThrow();
  });

  it.each([
    [{ ipv4Cidrs: blocks('10.0.0.0/15') }, 'ipv4_cidrs[0] is a /15: it has to be /16 to /28'],
    [{ ipv4Cidrs: blocks('10.0.0.0/29') }, 'ipv4_cidrs[0] is a /29'],
    [{ ipv4Cidrs: blocks('127.1.0.0/16') }, 'overlaps 127.0.0.0/8'],
    [{ ipv4Cidrs: blocks('169.254.0.0/16') }, 'overlaps 169.254.0.0/16'],
    [{ ipv4Cidrs: blocks('240.0.0.0/16') }, 'overlaps 224.0.0.0/3'],
    [{ ipv4Cidrs: blocks('10.0.0.0/16', '10.0.1.0/24') }, '[1] overlaps 10.0.0.0/16'],
    [{ ipv4Cidrs: blocks('fd00:1::/56') }, 'which is not ipv4'],
    [{ ipv6Cidrs: blocks('fd00:1::/57') }, '/44 to /60 in steps of 4'],
    [{ ipv6Cidrs: blocks('fd00:ec2::/56') }, 'overlaps fd00:ec2::/32'],
    [{ ipv6Cidrs: blocks('fe80::/56') }, 'is in none of 2000::/3'],
    [{ ipv4Cidrs: [], ipv6Cidrs: [] }, 'has no block'],
  ])('may not have %j', (changes, message) => {
    expect(() => {
      checkVpc(sampleState(), sampleVpc(2, changes));
    }).toThrow(message);
  });

  it.each([
    ['198.51.100.0/31', 'is a /31: it has to be /16 to /30'],
    ['198.50.0.0/15', 'is a /15'],
    ['10.0.9.0/30', 'overlaps 10.0.0.0/16, which is the VPC'],
    ['127.0.0.0/30', 'overlaps 127.0.0.0/8, which no uplink can have'],
    ['fd00::/64', 'which is not ipv4'],
    ['198.51.100.4/30', 'overlaps 198.51.100.0/24, the uplink of vpc-'],
  ])('may have no uplink of %s', (text, message) => {
    const other = { tap: 'outside0', namespace: undefined, ipv4Cidr: parseCidr('198.51.100.0/24') };
    const state = sampleState({ vpc: [sampleVpc(1, { uplink: other })] });
    const uplink = { tap: 'outside1', namespace: undefined, ipv4Cidr: parseCidr(text) };

    expect(() => {
      checkVpc(state, sampleVpc(2, { uplink }));
    }).toThrow(message);
    checkVpc(state, sampleVpc(2, { uplink: { ...uplink, ipv4Cidr: parseCidr('192.0.2.0/30') } }));
  });

  it('may have the device of another in another namespace alone', () => {
    const uplink = { tap: 'a', namespace: 'lab', ipv4Cidr: parseCidr('198.51.100.0/30') };
    const state = sampleState({ vpc: [sampleVpc(1, { uplink })] });
    checkVpc(state, sampleVpc(1, { uplink }));
    checkVpc(state, sampleVpc(2, { uplink: { ...uplink, namespace: undefined } }));

    expect(() => {
      const ipv4Cidr = parseCidr('192.0.2.0/30');
      checkVpc(state, sampleVpc(2, { uplink: { ...uplink, ipv4Cidr } }));
    }).toThrow(expect.objectContaining({ field: 'uplink.tap' }));
  });

  it.each([
    ['fd00:ffff::/64', undefined],
    ['fd00:ffff::/126', undefined],
    ['fd00:ffff::/63', 'is a /63: it has to be /64 to /126'],
    ['fd00:ffff::/127', 'is a /127: it has to be /64 to /126'],
    ['fd00:ec2::/64', 'overlaps fd00:ec2::/32, which no uplink can have'],
    ['fe80::/64', 'is in none of 2000::/3, fc00::/7'],
    ['fd00:1:0:ff::/64', "overlaps fd00:1::/56, which is the VPC's"],
    ['fd00:2::/64', 'overlaps fd00:2::/64, the uplink of vpc-'],
    ['192.0.2.0/24', 'which is not ipv6'],
  ])('has %s as its link of IPv6: %s', (text, problem) => {
    const uplink = { tap: 'a', namespace: undefined, ipv4Cidr: parseCidr('198.51.100.0/30') };
    const [ipv4Cidr, ipv6Cidr] = [parseCidr('192.0.2.0/30'), parseCidr('fd00:2::/64')];
    const other = sampleVpc(2, { uplink: { ...uplink, tap: 'b', ipv4Cidr, ipv6Cidr } });
    const state = sampleState({ vpc: [sampleVpc(1), other] });
    const check = (): void => {
      checkVpc(state, sampleVpc(1, { uplink: { ...uplink, ipv6Cidr: parseCidr(text) } }));
    };

    if (problem === undefined) check();
    else expect(check).toThrow(problem);
  });

  it('has five blocks of a family at most', () => {
    const six = [0, 1, 2, 3, 4, 5].map((number) => parseCidr(`10.${number}.0.0/16`));
    checkVpc(sampleState(), sampleVpc(2, { ipv4Cidrs: six.slice(0, 5) }));

    expect(() => {
      checkVpc(sampleState(), sampleVpc(2, { ipv4Cidrs: six }));
    }).toThrow(expect.objectContaining({ code: 'resource-exhausted', field: 'ipv4_cidrs' }));
  });

  it('keeps its primary block, and the blocks that subnets are in', () => {
    const state = sampleState();

    expect(() => {
      checkVpc(state, sampleVpc(1, { ipv4Cidrs: blocks('10.1.0.0/16', '10.0.0.0/16') }));
    }).toThrow('stays 10.0.0.0/16');
    expect(() => {
      checkVpc(state, sampleVpc(1, { ipv6Cidrs: [] }));
    }).toThrow('lack the blocks of subnet subnet-');
  });

  it('is one of a hundred', () => {
    const vpc = Array.from({ length: 100 }, (_, index) => sampleVpc(index + 1));
    checkVpc(sampleState({ vpc }), sampleVpc(100));

    expect(() => {
      checkVpc(sampleState({ vpc }), sampleVpc(101));
    }).toThrow('100 on a host');
  });
});

describe('a subnet', () => {
  it('may have either family alone', () => {
    for (const changes of [{ ipv4Cidr: undefined }, { ipv6Cidr: undefined }]) {
      expect(() => {
        checkSubnet(sampleState(), sampleSubnet(2, changes));
      }).not.toThrow();
    }
  });

  it.each([
    [{ vpc: networkId('vpc', 9) }, 'vpc does not exist'],
    [{ ipv4Cidr: undefined, ipv6Cidr: undefined }, 'ipv4_cidr is missing'],
    [{ ipv4Cidr: parseCidr('10.0.2.0/29') }, 'ipv4_cidr is a /29'],
    [{ ipv4Cidr: parseCidr('10.1.0.0/24') }, 'is in no block of its VPC: 10.0.0.0/16'],
    [{ ipv4Cidr: parseCidr('10.0.0.0/23') }, 'overlaps 10.0.1.0/24 of subnet subnet-'],
    [{ ipv6Cidr: parseCidr('fd00:1:0:2::/65') }, 'it has to be /64'],
    [{ ipv6Cidr: parseCidr('fd00:1:0:1::/64') }, 'ipv6_cidr overlaps fd00:1:0:1::/64'],
    [{ routeTable: networkId('rtb', 9) }, 'route_table does not exist'],
    [{ networkAcl: networkId('acl', 9) }, 'network_acl does not exist'],
    [{ routeTable: networkId('rtb', 2) }, 'route_table is of another VPC'],
    [{ networkAcl: networkId('acl', 2) }, 'network_acl is of another VPC'],
  ])('may not have %j', (changes, message) => {
    const vpc = networkId('vpc', 2);
    const state = sampleState({
      'route-table': [sampleTable(2, { vpc })],
      'network-acl': [sampleAcl(2, { vpc })],
    });

    expect(() => {
      checkSubnet(state, sampleSubnet(2, changes));
    }).toThrow(message);
  });

  it('is one of two hundred of its VPC', () => {
    const subnet = Array.from({ length: 200 }, (_, index) => sampleSubnet(index + 1));

    expect(() => {
      checkSubnet(sampleState({ subnet }), sampleSubnet(201));
    }).toThrow('200 subnets of a VPC');
  });
});
