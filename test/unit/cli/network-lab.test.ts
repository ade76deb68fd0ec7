// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { readNetworkLab } from '../../../src/cli/network-lab.ts';

const path = '/labs/cable.yaml';

const policyLab = `vpcs: [{ display_name: lab, ipv4_cidrs: [10.0.0.0/16] }]
security_groups: [{ display_name: all, vpc: lab }]
subnets: [{ display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24 }]
interfaces:
  - { display_name: a, subnet: front, security_groups: [all], mac_address: 02:00:00:00:00:01,
      instance: web, socket: a.sock, pairs: 2 }
  - { display_name: b, subnet: front, security_groups: [all], mac_address: 02:00:00:00:00:02,
      socket: b.sock }
  - { display_name: c, subnet: front, security_groups: [all], mac_address: 02:00:00:00:00:03,
      instance: web, socket: c.sock }
`;

describe('readNetworkLab', () => {
  it('reads interfaces in their order, with paths from the folder of the file', () => {
    const lab = readNetworkLab(
      `interfaces:
  - name: left
    socket: left.sock
  - name: right
    socket: /run/right.sock
    pairs: 8
`,
      path,
    );

    expect(lab.policy).toBeUndefined();
    expect(lab.interfaces).toEqual([
      { name: 'left', socketPath: '/labs/left.sock', pairs: 1 },
      { name: 'right', socketPath: '/run/right.sock', pairs: 8 },
    ]);
  });

  it('reads networks, whose instances are those of the interfaces', () => {
    const { interfaces, policy } = readNetworkLab(policyLab, path);

    expect(interfaces.map(({ socketPath, pairs }) => [socketPath, pairs])).toEqual([
      ['/labs/a.sock', 2],
      ['/labs/b.sock', 1],
      ['/labs/c.sock', 1],
    ]);
    const places = policy?.places.map((place) => {
      const one = policy.state.interface.find(({ id }) => id === place?.interface);
      return [one?.displayName, place?.instance];
    });
    expect(places).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 0],
    ]);
    expect(policy?.instances).toHaveLength(2);
  });

  it('reads what instances may do, by their names', () => {
    const owner = /instance: (\S+?)[ ,}]/.exec(policyLab)?.[1] ?? '';
    const allowance = '{ packets: { per_second: 100, burst: 5 }, connections: 8 }';
    const instances = `instances: [{ display_name: ${owner}, network_allowance: ${allowance} }]`;

    const { policy } = readNetworkLab(`${policyLab}\n${instances}\n`, path);

    const [first, second] = policy?.instances ?? [];
    const [given, other] = first?.trackedMax === 8 ? [first, second] : [second, first];
    expect(given).toMatchObject({
      packets: { perSecond: 100n, burst: 5n },
      trackedMax: 8,
      servicePacketsPerSecond: 1024,
    });
    expect(other).toMatchObject({ packets: { perSecond: 0n }, trackedMax: 524_288 });
    expect(first?.identity).not.toBe(second?.identity);
  });

  it('gives each uplink a number behind those of the interfaces', () => {
    const uplink = 'uplink: { tap: outside0, ipv4_cidr: 198.51.100.0/30 }';
    const text = policyLab.replace('10.0.0.0/16]', `10.0.0.0/16], ${uplink}`);

    const { policy } = readNetworkLab(text, path);

    expect(policy?.state.vpc[0]?.uplink).toMatchObject({ tap: 'outside0', namespace: undefined });
    expect(policy?.uplinks).toEqual([{ vpc: policy?.state.vpc[0]?.id, index: 3 }]);
    expect(readNetworkLab(policyLab, path).policy?.uplinks).toEqual([]);
    expect(() => readNetworkLab(text.replace('outside0', 'Outside'), path)).toThrow(
      '/labs/cable.yaml:1:',
    );
  });

  it.each([
    ['', 'a lab has 1 to 4096 interfaces, not 0'],
    ['interfaces: []', 'not 0'],
    ['interfaces: yes', '/labs/cable.yaml:1:13: interfaces is a list'],
    ['- name: left', 'a lab is a list of names'],
    ['cables: []', 'a lab has no field "cables"'],
    ['interfaces: [{ name: a }]', 'an interface has no socket'],
    ['interfaces: [{ socket: a }]', 'an interface has no name'],
    ['interfaces: [{ name: a, socket: b, mac: c }]', 'an interface has no field "mac"'],
    ['interfaces: [{ name: A, socket: b }]', '"A" is no name'],
    ['interfaces: [{ name: a, socket: b, pairs: 0 }]', 'pairs is 0, which is outside 1 to 8'],
    ['interfaces: [{ name: a, socket: b, pairs: 9 }]', 'pairs is 9'],
    ['interfaces: [{ name: a, socket: b, pairs: two }]', 'pairs is not a whole number'],
    ['interfaces: [{ name: a, socket: b }, { name: a, socket: c }]', 'have the name a'],
    ['interfaces: [{ name: a, socket: b }, { name: b, socket: ./b }]', 'have the socket /labs/b'],
    ['vpcs: []', 'not 0'],
    [`${policyLab}\ninstances: [{ display_name: x }]\n`, 'no interface is of x'],
    [`${policyLab}\ninstances: [{ display_name: x, cpu_count: 1 }]\n`, 'no field "cpu_count"'],
    ['{ instances: [], interfaces: [] }', 'a lab has no field "instances"'],
    [policyLab.replace('02:00:00:00:00:01', '""'), 'an interface has no mac_address'],
    [policyLab.replace('socket: a.sock, ', ''), 'an interface has no socket'],
    [policyLab.replace('b.sock', './a.sock'), 'have the socket /labs/a.sock'],
    [policyLab.replace('display_name: c', 'display_name: a'), 'there is a "a" at'],
  ])('refuses %j', (text, message) => {
    expect(() => readNetworkLab(text, path)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
