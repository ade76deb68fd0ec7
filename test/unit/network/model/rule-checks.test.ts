// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr } from '../../../../src/network/model/address.ts';
import type { Match, SecurityGroupRule } from '../../../../src/network/model/records.ts';
import { checkNetworkAcl, checkSecurityGroup } from '../../../../src/network/model/rule-checks.ts';
import {
  networkId,
  sampleAcl,
  sampleEntry,
  sampleGroup,
  sampleRule,
  sampleState,
} from '../samples.ts';

const ipv6 = { kind: 'cidr', cidr: parseCidr('::/0') } as const;
const none = { fromPort: 0, toPort: 0 };

function checkRule(changes: Partial<SecurityGroupRule>): void {
  checkSecurityGroup(sampleState(), sampleGroup(2, { ingress: [sampleRule(changes)] }));
}

describe('a rule', () => {
  it.each<Partial<SecurityGroupRule>>([
    { fromPort: 0, toPort: 65_535 },
    { protocol: 'udp', fromPort: 53, toPort: 53 },
    { protocol: 'all', ...none },
    { protocol: '47', ...none },
    { protocol: 'icmp', ...none, icmpType: 8 },
    { protocol: 'icmp', ...none, icmpType: -1, icmpCode: -1 },
    { protocol: 'icmpv6', ...none, icmpType: 128, icmpCode: -1, peer: ipv6 },
    { peer: { kind: 'group', group: networkId('sg', 1) } },
    { peer: { kind: 'group', group: networkId('sg', 2) } },
  ])('may be %j', (changes) => {
    expect(() => {
      checkRule(changes);
    }).not.toThrow();
  });

  it.each<[Partial<SecurityGroupRule>, string]>([
    [{ protocol: 'tpc' }, 'ingress[0].protocol is "tpc"'],
    [{ protocol: '256', ...none }, 'ingress[0].protocol is "256"'],
    [{ protocol: '6' }, 'ingress[0].protocol is "6"'],
    [{ protocol: '047', ...none }, 'ingress[0].protocol is "047"'],
    [{ protocol: 'all' }, 'from_port and to_port are of tcp and udp, not of all'],
    [{ fromPort: 0, toPort: 0 }, 'to_port is 0'],
    [{ toPort: 65_536 }, 'to_port is 65536'],
    [{ fromPort: 23 }, 'from_port is above to_port, 22'],
    [{ icmpType: 8 }, 'icmp_type and icmp_code are of icmp'],
    [{ protocol: 'icmp', ...none, icmpType: 256 }, 'icmp_type is 256'],
    [{ protocol: 'icmp', ...none, icmpCode: -2 }, 'icmp_code is -2'],
    [{ protocol: 'icmp', ...none, icmpType: -1 }, 'icmp_code is of no type'],
    [{ protocol: 'icmp', ...none, peer: ipv6 }, 'cidr is ipv6, and icmp is of ipv4 alone'],
    [{ protocol: 'icmpv6', ...none }, 'cidr is ipv4, and icmpv6 is of ipv6 alone'],
    [{ peer: { kind: 'group', group: networkId('sg', 9) } }, 'security_group does not exist'],
  ])('may not be %j', (changes, message) => {
    expect(() => {
      checkRule(changes);
    }).toThrow(message);
  });
});

describe('a security group', () => {
  it('refers to groups of its VPC alone', () => {
    const vpc = networkId('vpc', 2);
    const state = sampleState({ 'security-group': [sampleGroup(1, { vpc })] });
    const peer = { kind: 'group', group: networkId('sg', 1) } as const;

    expect(() => {
      checkSecurityGroup(state, sampleGroup(2, { egress: [sampleRule({ peer })] }));
    }).toThrow('egress[0].security_group is of another VPC');
    expect(() => {
      checkSecurityGroup(state, sampleGroup(2, { vpc }));
    }).toThrow('vpc does not exist');
  });

  it('says everything once, whatever it is described as', () => {
    const ingress = [sampleRule(), sampleRule({ description: 'again' })];

    expect(() => {
      checkSecurityGroup(sampleState(), sampleGroup(2, { ingress }));
    }).toThrow('ingress[1] says the same as ingress[0]');
  });

  it('has 60 rules of a direction and family, and a group counts in both (SG-5)', () => {
    const rules = (count: number, peer: SecurityGroupRule['peer']): SecurityGroupRule[] =>
      Array.from({ length: count }, (_, port) =>
        sampleRule({ fromPort: port, toPort: 9000, peer }),
      );
    const [ipv4] = [sampleRule().peer];
    const group = sampleRule({ peer: { kind: 'group', group: networkId('sg', 1) } });
    const both = [...rules(59, ipv4), ...rules(59, ipv6), group];
    checkSecurityGroup(sampleState(), sampleGroup(2, { ingress: both, egress: both }));

    for (const peer of [ipv4, ipv6]) {
      const ingress = [...both, sampleRule({ fromPort: 9000, toPort: 9000, peer })];
      expect(() => {
        checkSecurityGroup(sampleState(), sampleGroup(2, { ingress }));
      }).toThrow(expect.objectContaining({ code: 'resource-exhausted', field: 'ingress' }));
    }
  });
});

describe('a network ACL', () => {
  it.each<[Partial<Match & { number: number }>, string]>([
    [{ number: 0 }, 'egress[0].number is 0, outside 1 to 32766'],
    [{ number: 32_767 }, 'egress[0].number is 32767'],
    [{ protocol: 'tcp' }, 'egress[0].to_port is 0'],
  ])('may not have an entry %j', (changes, message) => {
    expect(() => {
      checkNetworkAcl(sampleState(), sampleAcl(2, { egress: [sampleEntry(changes)] }));
    }).toThrow(message);
  });

  it('has one entry of a number in a direction (NA-1)', () => {
    const ingress = [sampleEntry({ number: 1 }), sampleEntry({ number: 1, action: 'deny' })];

    expect(() => {
      checkNetworkAcl(sampleState(), sampleAcl(2, { ingress }));
    }).toThrow('ingress[1].number is that of ingress[0] too');
  });

  it('has twenty entries of a direction (NA-6), and may have none (NA-5)', () => {
    const entries = Array.from({ length: 21 }, (_, index) => sampleEntry({ number: index + 1 }));
    checkNetworkAcl(sampleState(), sampleAcl(2, { ingress: entries.slice(1), egress: [] }));

    expect(() => {
      checkNetworkAcl(sampleState(), sampleAcl(2, { ingress: entries }));
    }).toThrow('20 entries at most');
  });
});
