// SPDX-License-Identifier: Apache-2.0

// What operators ask a running network card, through the addon: no guest, and a policy that the
// controller's compiler made.

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../src/base/log.ts';
import { flowLogLine } from '../../src/card/flow-log.ts';
import { type NetworkCard, startNetworkCard } from '../../src/card/network-card.ts';
import { loadNetworkAddon } from '../../src/native/binding.ts';
import { compilePolicy, interfaceIdentity } from '../../src/network/compile.ts';
import {
  networkId,
  sampleGroup,
  sampleInterface,
  sampleRule,
  sampleState,
  sampleSubnet,
  sampleVpc,
} from '../unit/network/samples.ts';

const noLimit = { perSecond: 0n, burst: 0n };
const allowance = {
  bandwidthIn: noLimit,
  bandwidthOut: noLimit,
  packets: noLimit,
  trackedMax: 1_000,
  servicePacketsPerSecond: 1_024,
};

/** Two interfaces of a subnet; the second one lets SSH of the first in. */
function policyBytes(): Uint8Array {
  const [first, second] = [networkId('eni', 1), networkId('eni', 2)];
  const peer = { kind: 'group', group: networkId('sg', 1) } as const;
  const state = sampleState({
    vpc: [sampleVpc()],
    subnet: [sampleSubnet()],
    'route-table': [],
    'network-acl': [],
    'security-group': [
      sampleGroup(1, { ingress: [] }),
      sampleGroup(2, { ingress: [sampleRule({ toPort: 21, fromPort: 21 }), sampleRule({ peer })] }),
    ],
    interface: [sampleInterface(1), sampleInterface(2, { securityGroups: [networkId('sg', 2)] })],
  });
  return compilePolicy({
    state,
    generation: 5n,
    places: [
      { interface: first, instance: 0 },
      { interface: second, instance: 1 },
    ],
    instances: [1n, 2n].map((identity) => ({ ...allowance, identity })),
  });
}

function startCard(): NetworkCard {
  const options = { pollMode: 'off', cpus: [] } as const;
  return startNetworkCard(loadNetworkAddon(), options, createLogger('test', 'silent'));
}

/** SSH from the first interface to the second. */
const ssh = {
  from: 0,
  destination: '10.0.1.11',
  protocol: 6,
  sourcePort: 40_000,
  destinationPort: 22,
  tcpFlags: 2,
};

describe('a network card', () => {
  it('traces a packet by the ids that the compiler gave to rules', async () => {
    await using card = startCard();
    await expect(card.trace(ssh)).rejects.toMatchObject({ code: 'not-found' });
    await card.setPolicy(policyBytes());

    const trace = await card.trace(ssh);
    expect(trace).toMatchObject({
      generation: 5n,
      outcome: 'deliver',
      reason: 'none',
      service: 'none',
      at: 1,
    });
    const route = { target: 'local', network: '10.0.1.0', prefixLength: 24 };
    expect(trace.steps).toEqual([
      { stage: 'route', at: 0, direction: 'out', isAllowed: true, isTracked: false, route },
      {
        stage: 'security-groups',
        at: 0,
        direction: 'out',
        isAllowed: true,
        isTracked: true,
        rule: 0x1_0001,
      },
      {
        stage: 'security-groups',
        at: 1,
        direction: 'in',
        isAllowed: true,
        isTracked: true,
        rule: 0x2_0002,
      },
    ]);

    const denied = await card.trace({ ...ssh, destinationPort: 23 });
    expect(denied).toMatchObject({ outcome: 'drop', reason: 'security-group-in', at: 1 });
    expect(denied.steps.at(-1)).not.toHaveProperty('rule');
    const wide = await card.trace({
      ...ssh,
      destination: 'fd00:1:0:1::b',
      source: 'fd00:1:0:1::a',
    });
    expect(wide).toMatchObject({ outcome: 'drop', reason: 'security-group-out', at: 0 });
    await expect(card.trace({ ...ssh, source: 'fd00:1:0:1::a' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('has the last records of an interface that is logged no more', async () => {
    await using card = startCard();
    await card.setPolicy(policyBytes());
    await expect(card.startFlowLog(2, 60)).rejects.toMatchObject({ code: 'not-found' });

    await card.startFlowLog(1, 600);
    await card.stopFlowLog(1);
    const [record, ...others] = await card.takeFlowLog();

    if (record === undefined) throw new Error('there is a record');
    expect(others).toEqual([]);
    expect(record.status).toBe('NODATA');
    const hourAgo = BigInt(Math.floor(Date.now() / 1000) - 3600);
    expect(record.start).toBeGreaterThan(hourAgo);
    expect(record.end).toBeGreaterThanOrEqual(record.start);
    const id = networkId('eni', 2);
    expect(record.identity).toBe(interfaceIdentity(id));
    expect(flowLogLine(record, { account: '-', interface: id })).toMatch(/^2 - eni-.* - NODATA$/);
  });

  it('captures on a test host, and on no other', async () => {
    await using card = startCard();
    await expect(card.startCapture('production', { names: [] })).rejects.toMatchObject({
      code: 'permission-denied',
    });

    const header = Buffer.from(await card.startCapture('test', { names: ['left', 'right'] }));
    expect(header.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(header.includes('right')).toBe(true);
    expect(await card.takeCapture()).toHaveLength(0);
    await card.stopCapture();
  });
});
