// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  networkAclType,
  type RouteTable,
  routeTableType,
  type SecurityGroup,
  securityGroupType,
  vpcType,
} from '../../../../src/api/generated/argon/v1/network-resources.ts';
import type { Init } from '../../../../src/api/schema.ts';
import {
  aclWords,
  groupWords,
  idOf,
  tableWords,
  vpcWords,
} from '../../../../src/controller/handlers/network-words.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import {
  networkId,
  sampleAcl,
  sampleGroup,
  sampleRule,
  sampleTable,
  sampleVpc,
} from '../../network/samples.ts';

const etag = '0123456789abcdef';
const eni = `interfaces/${networkId('eni', 1)}`;
const all = { protocol: 'all', cidr: '0.0.0.0/0' };

function parseTable(init: Init<RouteTable>) {
  return tableWords.parse(createMessage<RouteTable>(routeTableType, init), 'create');
}

function parseGroup(init: Init<SecurityGroup>, verb: 'create' | 'update' = 'create') {
  return groupWords.parse(createMessage<SecurityGroup>(securityGroupType, init), verb);
}

describe('words for networks', () => {
  it('say back what was said', () => {
    const target = { kind: 'interface', interface: networkId('eni', 1) } as const;
    const hole = { destination: parseCidr('::/0'), target: { kind: 'blackhole' as const } };
    const table = sampleTable(1, {
      routes: [...sampleTable().routes, { destination: parseCidr('10.9.0.0/16'), target }, hole],
    });
    const peer = { kind: 'group', group: networkId('sg', 9) } as const;
    const group = sampleGroup(1, { ingress: [sampleRule({ peer, description: 'us' })] });
    const acl = sampleAcl();
    const view = { etag, attachment: undefined, conditions: [] };

    const said = createMessage(routeTableType, tableWords.describe({ record: table, ...view }));
    expect(table).toMatchObject(tableWords.parse(said, 'update'));
    const rules = createMessage(securityGroupType, groupWords.describe({ record: group, ...view }));
    expect(group).toMatchObject(groupWords.parse(rules, 'update'));
    const entries = createMessage(networkAclType, aclWords.describe({ record: acl, ...view }));
    expect(acl).toMatchObject(aclWords.parse(entries, 'update'));
  });

  it('have an uplink, or none', () => {
    const ipv4Cidr = parseCidr('198.51.100.0/30');
    for (const uplink of [
      undefined,
      { tap: 'outside0', namespace: undefined, ipv4Cidr },
      { tap: 'outside0', namespace: 'lab', ipv4Cidr },
      { tap: 'outside0', namespace: 'lab', ipv4Cidr, ipv6Cidr: parseCidr('fd00:ffff::/64') },
    ]) {
      const record = sampleVpc(1, { uplink });
      const said = createMessage(
        vpcType,
        vpcWords.describe({ record, etag, attachment: undefined, conditions: [] }),
      );
      expect(vpcWords.parse(said, 'update').uplink).toEqual(uplink);
    }
    const wrong = createMessage(vpcType, { uplink: { tap: 'a', ipv4Cidr: '198.51.100.1/30' } });
    expect(() => vpcWords.parse(wrong, 'create')).toThrow('uplink.ipv4_cidr cannot be');
    const wide = createMessage(vpcType, {
      uplink: { tap: 'a', ipv4Cidr: '198.51.100.0/30', ipv6Cidr: 'fd00:ffff::1/64' },
    });
    expect(() => vpcWords.parse(wide, 'create')).toThrow('uplink.ipv6_cidr cannot be');
  });

  it('take the target INTERFACE with an interface, and no other with one', () => {
    const destination = '0.0.0.0/0';
    const target = 'ROUTE_TARGET_INTERFACE';

    expect(() => parseTable({ routes: [{ destination, target }] })).toThrow(
      'routes[0].interface is missing',
    );
    expect(() =>
      parseTable({ routes: [{ destination, target: 'ROUTE_TARGET_UPLINK', interface: eni }] }),
    ).toThrow('routes[0].interface is of the target INTERFACE');
    expect(parseTable({ routes: [{ destination, target, interface: eni }] }).routes).toEqual([
      { destination, target: { kind: 'interface', interface: idOf(eni) } },
    ]);
  });

  it('take one peer of a rule', () => {
    const securityGroup = `securityGroups/${networkId('sg', 1)}`;

    expect(() => parseGroup({ ingress: [{ protocol: 'all' }] })).toThrow(
      'ingress[0].cidr is missing, and so are security_group and prefix_list',
    );
    expect(() => parseGroup({ ingress: [{ ...all, securityGroup }] })).toThrow(
      'ingress[0].security_group is given, and cidr too',
    );
    expect(() => parseGroup({ egress: [all, { ...all, cidr: '10.0.0.1/8' }] })).toThrow(
      'egress[1].cidr cannot be',
    );
  });

  it('open a new group outward, unless it is closed or says what may go out', () => {
    expect(parseGroup({}).egress).toHaveLength(2);
    expect(parseGroup({ egress: [all] }).egress).toHaveLength(1);
    expect(parseGroup({ isEgressClosed: true }).egress).toEqual([]);
    expect(parseGroup({}, 'update').egress).toEqual([]);
    expect(() => parseGroup({ isEgressClosed: true, egress: [all] })).toThrow(
      'is_egress_closed is set',
    );
  });
});
