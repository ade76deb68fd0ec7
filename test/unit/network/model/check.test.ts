// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr } from '../../../../src/network/model/address.ts';
import {
  checkRecord,
  checkUnused,
  tableOf,
  tablesWithout,
} from '../../../../src/network/model/check.ts';
import type { NetworkKind, NetworkState } from '../../../../src/network/model/records.ts';
import {
  networkId,
  sampleAcl,
  sampleFlowLog,
  sampleGroup,
  sampleInterface,
  sampleList,
  sampleOptions,
  sampleRule,
  sampleState,
  sampleSubnet,
  sampleTable,
  sampleVpc,
  sampleZone,
} from '../samples.ts';

const unknown = networkId('vpc', 9);

const good = sampleState();

describe('checkRecord()', () => {
  it.each<[NetworkKind, () => void]>([
    ['vpc', () => checkRecord(good, 'vpc', sampleVpc(2))],
    ['subnet', () => checkRecord(good, 'subnet', sampleSubnet(2))],
    ['route-table', () => checkRecord(good, 'route-table', sampleTable(2))],
    ['security-group', () => checkRecord(good, 'security-group', sampleGroup(2))],
    ['network-acl', () => checkRecord(good, 'network-acl', sampleAcl(2))],
    ['interface', () => checkRecord(good, 'interface', sampleInterface(2))],
    ['flow-log', () => checkRecord(good, 'flow-log', sampleFlowLog())],
    ['dhcp-options', () => checkRecord(good, 'dhcp-options', sampleOptions())],
    ['private-zone', () => checkRecord(good, 'private-zone', sampleZone())],
    ['prefix-list', () => checkRecord(good, 'prefix-list', sampleList())],
  ])('takes a %s that can be', (_kind, check) => {
    expect(check).not.toThrow();
  });

  it.each<[NetworkKind, () => void]>([
    ['vpc', () => checkRecord(good, 'vpc', sampleVpc(2, { ipv4Cidrs: [], ipv6Cidrs: [] }))],
    ['subnet', () => checkRecord(good, 'subnet', sampleSubnet(2, { vpc: unknown }))],
    ['route-table', () => checkRecord(good, 'route-table', sampleTable(2, { vpc: unknown }))],
    ['security-group', () => checkRecord(good, 'security-group', sampleGroup(2, { vpc: unknown }))],
    ['network-acl', () => checkRecord(good, 'network-acl', sampleAcl(2, { vpc: unknown }))],
    ['interface', () => checkRecord(good, 'interface', sampleInterface(2, { subnet: unknown }))],
    ['flow-log', () => checkRecord(good, 'flow-log', sampleFlowLog(1, { resource: unknown }))],
    ['dhcp-options', () => checkRecord(good, 'dhcp-options', sampleOptions(1, { domainName: '' }))],
    ['private-zone', () => checkRecord(good, 'private-zone', sampleZone(1, { vpcs: [unknown] }))],
    ['prefix-list', () => checkRecord(good, 'prefix-list', sampleList(1, { maxEntries: 0 }))],
    ['vpc', () => checkRecord(good, 'vpc', sampleVpc(2, { dhcpOptions: networkId('dopt', 9) }))],
  ])('refuses a %s that cannot', (_kind, check) => {
    expect(check).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });

  it('takes a name once, of records of a kind', () => {
    const displayName = 'vpc-1';

    expect(() => {
      checkRecord(good, 'vpc', sampleVpc(2, { displayName }));
    }).toThrow(expect.objectContaining({ code: 'already-exists', field: 'display_name' }));
    expect(() => {
      checkRecord(good, 'subnet', sampleSubnet(2, { displayName }));
      checkRecord(good, 'vpc', sampleVpc(2, { displayName: '' }));
    }).not.toThrow();
  });

  it('adds no block to a VPC over what a route leads elsewhere (RT-3)', () => {
    const destination = parseCidr('10.1.0.0/24');
    const table = sampleTable(1, { routes: [{ destination, target: { kind: 'uplink' } }] });
    const state = sampleState({ 'route-table': [table] });
    const ipv4Cidrs = ['10.0.0.0/16', '10.1.0.0/16'].map(parseCidr);

    expect(() => {
      checkRecord(state, 'vpc', sampleVpc(1, { ipv4Cidrs }));
    }).toThrow('at odds with rtb-');
  });
});

describe('checkUnused()', () => {
  const peer = { kind: 'group', group: networkId('sg', 2) } as const;
  const zoneOfTwo = sampleZone(1, { vpcs: [networkId('vpc', 2)] });
  const referring = sampleGroup(1, { egress: [sampleRule({ peer })] });

  it.each<[NetworkKind, string, Partial<NetworkState>, string]>([
    ['vpc', networkId('vpc', 1), {}, 'subnet-'],
    ['subnet', networkId('subnet', 1), {}, 'eni-'],
    ['route-table', networkId('rtb', 1), {}, 'subnet-'],
    ['security-group', networkId('sg', 1), {}, 'eni-'],
    [
      'security-group',
      networkId('sg', 2),
      { 'security-group': [referring, sampleGroup(2)] },
      'sg-',
    ],
    ['network-acl', networkId('acl', 1), {}, 'subnet-'],
    [
      'dhcp-options',
      networkId('dopt', 1),
      { vpc: [sampleVpc(1, { dhcpOptions: networkId('dopt', 1) })] },
      'vpc-',
    ],
    ['vpc', networkId('vpc', 2), { 'private-zone': [zoneOfTwo] }, 'zone-'],
  ])('refuses a %s that is referred to: %s', (kind, id, changes, holder) => {
    expect(() => {
      checkUnused(sampleState(changes), kind, id);
    }).toThrow(
      expect.objectContaining({
        code: 'failed-precondition',
        message: expect.stringContaining(`${id} is in use by ${holder}`) as unknown,
      }),
    );
  });

  it('names five holders at most, and how many more', () => {
    const all = Array.from({ length: 7 }, (_, index) => sampleInterface(index + 1));

    expect(() => {
      checkUnused(sampleState({ interface: all }), 'subnet', networkId('subnet', 1));
    }).toThrow(/(eni-\w+(, )?){5} and 2 more$/);
  });

  it('refuses the main table while a subnet has none of its own (RT-5)', () => {
    const state = sampleState({
      'route-table': [sampleTable(1, { isMain: true })],
      subnet: [sampleSubnet()],
    });

    expect(tableOf(state, networkId('subnet', 1))?.id).toBe(networkId('rtb', 1));
    expect(() => {
      checkUnused(state, 'route-table', networkId('rtb', 1));
    }).toThrow('is in use by subnet-');
  });

  it('lets go what nothing refers to but itself', () => {
    const peerOfOwn = { kind: 'group', group: networkId('sg', 1) } as const;
    const state = sampleState({
      'security-group': [sampleGroup(1, { ingress: [sampleRule({ peer: peerOfOwn })] })],
      interface: [],
    });

    expect(() => {
      checkUnused(state, 'security-group', networkId('sg', 1));
      checkUnused(sampleState(), 'interface', networkId('eni', 1));
    }).not.toThrow();
  });
});

describe('tablesWithout()', () => {
  it('makes black holes of routes to an interface that goes (RT-6)', () => {
    const [one, other] = [1, 2].map((number) => networkId('eni', number));
    const to = (destination: string, id = '') => ({
      destination: parseCidr(destination),
      target: { kind: 'interface', interface: id } as const,
    });
    const both = sampleTable(1, { routes: [to('0.0.0.0/0', one), to('::/0', other)] });
    const state = sampleState({ 'route-table': [both, sampleTable(2)] });

    expect(tablesWithout(state, one ?? '')).toEqual([
      {
        ...both,
        revision: 2,
        routes: [{ ...to('0.0.0.0/0'), target: { kind: 'blackhole' } }, to('::/0', other)],
      },
    ]);
  });
});
