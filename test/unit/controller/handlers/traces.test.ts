// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { TraceFlowRequest } from '../../../../src/api/generated/argon/v1/interfaces.ts';
import type { Init } from '../../../../src/api/schema.ts';
import type { TracedFlow, TracePacket } from '../../../../src/controller/model.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import { groupRuleId } from '../../../../src/network/policy-records.ts';
import { sampleTrace } from '../../card/samples.ts';
import {
  networkId,
  sampleInterface,
  sampleState,
  sampleTable,
  sampleVpc,
} from '../../network/samples.ts';
import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

const [first, second] = [networkId('eni', 1), networkId('eni', 2)];
const interfaces = new Map([
  [3, first],
  [4, second],
]);

/** Interfaces 3 and 4 of sampleState(), both in its subnet. */
function traced(answer = sampleTrace()): TracedFlow {
  const state = sampleState({ interface: [sampleInterface(1), sampleInterface(2)] });
  return { trace: answer, state, interfaces };
}

const web = { destination: '10.0.1.11', protocol: 'tcp', destinationPort: 443 } as const;

/** Traces a packet of a new interface by a card that has this answer. */
async function trace(request: Init<TraceFlowRequest>, answer = traced()) {
  const asked: TracePacket[] = [];
  const handlers = openNetworks(undefined, {
    trace: async (_id, packet) => {
      asked.push(packet);
      return answer;
    },
  });
  const { subnet, group } = await addVpc(handlers);
  const { name } = await call(handlers, 'Interfaces.CreateInterface', {
    interface: { subnet, securityGroups: [group] },
  });
  const response = await call(handlers, 'Interfaces.TraceFlow', { name, ...request });
  return { response, asked };
}

describe('Interfaces.TraceFlow', () => {
  it('names interfaces, rules and entries as their makers did', async () => {
    const { response } = await trace(web);

    expect(response).toMatchObject({
      outcome: 'FLOW_OUTCOME_DROP',
      dropReason: 'acl-in',
      service: '',
      interface: `interfaces/${second}`,
    });
    expect(response.steps).toMatchObject([
      {
        stage: 'FLOW_STAGE_ROUTE',
        interface: `interfaces/${first}`,
        direction: 'FLOW_DIRECTION_OUT',
        isAllowed: true,
        route: { destination: '10.0.0.0/16', target: 'FLOW_TARGET_LOCAL' },
      },
      { stage: 'FLOW_STAGE_CONNECTION', securityGroup: '', networkAcl: '' },
      {
        stage: 'FLOW_STAGE_SECURITY_GROUPS',
        isTracked: true,
        securityGroup: `securityGroups/${networkId('sg', 1)}`,
        rule: { protocol: 'all', cidr: '0.0.0.0/0' },
      },
      {
        stage: 'FLOW_STAGE_NETWORK_ACL',
        interface: `interfaces/${second}`,
        direction: 'FLOW_DIRECTION_IN',
        isAllowed: false,
        networkAcl: `networkAcls/${networkId('acl', 1)}`,
        entry: { number: 100 },
      },
    ]);
  });

  it('names nothing that a card has made up', async () => {
    const step = { at: 9, direction: 'in', isAllowed: true, isTracked: false } as const;
    const steps = [
      { ...step, stage: 'security-groups', rule: groupRuleId(7, 7) },
      { ...step, stage: 'acl', rule: 9 },
      { ...step, stage: 'acl', at: 3, rule: 9 },
    ] as const;

    const { response } = await trace(web, traced(sampleTrace({ steps, at: 9 })));

    expect(response.interface).toBe('');
    expect(response.steps).toMatchObject([
      { interface: '', securityGroup: '' },
      { interface: '', networkAcl: '' },
      { networkAcl: `networkAcls/${networkId('acl', 1)}` },
    ]);
    for (const described of response.steps) {
      expect(described).not.toHaveProperty('rule');
      expect(described).not.toHaveProperty('entry');
    }
  });

  it('names the VPC whose uplink it goes to, and the route there', async () => {
    const step = { at: 3, direction: 'out', isAllowed: true, isTracked: false } as const;
    const route = { target: 'interface', network: '0.0.0.0', prefixLength: 0 } as const;
    const host = { target: 'interface', network: 'fd00:ffff::2', prefixLength: 128 } as const;
    const steps = [
      { ...step, stage: 'route', route },
      { ...step, stage: 'route', route: host },
      { ...step, stage: 'acl', at: 1024 },
    ] as const;
    const answer = sampleTrace({ outcome: 'deliver', reason: 'none', steps, at: 1024 });
    const { state } = traced();
    const everywhere = ['0.0.0.0/0', '::/0'].map((destination) => {
      return { destination: parseCidr(destination), target: { kind: 'uplink' as const } };
    });
    const main = sampleTable(1, { isMain: true, routes: everywhere });
    const vpc = networkId('vpc', 1);
    const uplink = {
      tap: 'outside0',
      namespace: undefined,
      ipv4Cidr: parseCidr('198.51.100.0/30'),
      ipv6Cidr: parseCidr('fd00:ffff::/64'),
    };

    const { response } = await trace(web, {
      trace: answer,
      state: { ...state, vpc: [sampleVpc(1, { uplink })], 'route-table': [main] },
      interfaces: new Map([...interfaces, [1024, vpc]]),
    });

    expect(response.interface).toBe(`vpcs/${vpc}`);
    expect(response.steps).toMatchObject([
      { route: { destination: '0.0.0.0/0', target: 'FLOW_TARGET_UPLINK' } },
      { route: { destination: 'fd00:ffff::2/128', target: 'FLOW_TARGET_UPLINK' } },
    ]);
  });

  it('says which service gets it', async () => {
    const answer = sampleTrace({ outcome: 'punt', reason: 'none', service: 'dns', steps: [] });

    const { response } = await trace({ ...web, protocol: '17' }, traced(answer));

    expect(response).toMatchObject({
      outcome: 'FLOW_OUTCOME_SERVICE',
      service: 'dns',
      dropReason: '',
    });
  });

  it.each<[Init<TraceFlowRequest>, object]>([
    [web, { protocol: 6, sourcePort: 0, destinationPort: 443, tcpFlags: 2 }],
    [
      { ...web, tcpFlags: 16, sourcePort: 9 },
      { sourcePort: 9, tcpFlags: 16 },
    ],
    [
      { ...web, source: '10.0.1.10' },
      { source: '10.0.1.10', destination: '10.0.1.11' },
    ],
    [
      { ...web, protocol: 'udp' },
      { protocol: 17, destinationPort: 443, tcpFlags: 0 },
    ],
    [
      { destination: '10.0.1.11', protocol: 'icmp', sourcePort: 5 },
      { protocol: 1, sourcePort: 5 },
    ],
    [{ destination: 'fd00::1', protocol: 'icmpv6' }, { protocol: 58 }],
    [
      { destination: 'fd00::1', protocol: '47' },
      { protocol: 47, sourcePort: 0 },
    ],
  ])('asks the card what %o asks', async (request, packet) => {
    const { asked } = await trace(request);

    expect(asked).toEqual([expect.objectContaining(packet)]);
  });

  it.each<[Init<TraceFlowRequest>, string]>([
    [{ ...web, destination: '10.0.1.256' }, 'destination'],
    [{ ...web, destination: 'fd00:0::1' }, 'destination'],
    [{ ...web, source: 'fd00::1' }, 'source'],
    [{ ...web, source: '1.2' }, 'source'],
    [{ ...web, protocol: '256' }, 'protocol'],
    [{ destination: 'fd00::1', protocol: 'icmp' }, 'protocol'],
    [{ destination: '10.0.1.11', protocol: 'icmpv6' }, 'protocol'],
    [{ destination: '10.0.1.11', protocol: 'icmp', destinationPort: 1 }, 'destination_port'],
    [{ destination: '10.0.1.11', protocol: '47', sourcePort: 1 }, 'source_port'],
    [{ ...web, protocol: 'udp', tcpFlags: 2 }, 'tcp_flags'],
  ])('refuses %o, and names the field', async (request, field) => {
    await expect(trace(request)).rejects.toMatchObject({
      code: 'invalid-argument',
      violations: [{ field }],
    });
  });

  it('is not of an interface that there is not', async () => {
    const name = `interfaces/${first}`;

    await expect(
      call(openNetworks(), 'Interfaces.TraceFlow', { name, ...web }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});
