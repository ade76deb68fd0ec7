// SPDX-License-Identifier: Apache-2.0

// Goal: the buffer says what the records say. It is read back field by field, and it is the one of
// test/fixtures/network-policy.hex, which test/native/vpc/snapshot_test.cc has the card's own
// reader take. When the format changes, the hex of compile() is the new fixture.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compilePolicy, type Place, type PolicyInput } from '../../../src/network/compile.ts';
import { parseCidr, parseIpAddress } from '../../../src/network/model/address.ts';
import type { NetworkState } from '../../../src/network/model/records.ts';
import {
  networkId,
  sampleAcl,
  sampleEntry,
  sampleGroup,
  sampleInterface,
  sampleList,
  sampleRule,
  sampleState,
  sampleSubnet,
  sampleTable,
  sampleVpc,
} from './samples.ts';

const noLimit = { perSecond: 0n, burst: 0n };
const allowance = {
  identity: 0x1234_5678_9abc_def0n,
  bandwidthIn: { perSecond: 1_000_000n, burst: 2_000_000n },
  bandwidthOut: noLimit,
  packets: { perSecond: 5_000n, burst: 6_000n },
  trackedMax: 1_000,
  servicePacketsPerSecond: 1_024,
};
const places: readonly (Place | undefined)[] = [
  { interface: networkId('eni', 1), instance: 0 },
  undefined,
  { interface: networkId('eni', 2), instance: 1 },
];

/** Two subnets of a VPC, an ACL, a middlebox, a group in a rule, and a VPC of IPv6 alone. */
function state(changes: Partial<NetworkState> = {}): NetworkState {
  const peer = { kind: 'group', group: networkId('sg', 2) } as const;
  const icmp = { protocol: 'icmp', fromPort: 0, toPort: 0, icmpType: 8, icmpCode: -1 };
  const toMiddle = { kind: 'interface', interface: networkId('eni', 2) } as const;
  const toNobody = { kind: 'interface', interface: networkId('eni', 3) } as const;
  const vpc = networkId('vpc', 2);
  return sampleState({
    vpc: [sampleVpc(), sampleVpc(2, { ipv4Cidrs: [], ipv6Cidrs: [parseCidr('fd00:2::/56')] })],
    subnet: [
      sampleSubnet(1, { routeTable: networkId('rtb', 1), networkAcl: networkId('acl', 1) }),
      sampleSubnet(2, { ipv6Cidr: undefined }),
      sampleSubnet(3, { vpc, ipv4Cidr: undefined, ipv6Cidr: parseCidr('fd00:2::/64') }),
    ],
    'route-table': [
      sampleTable(1, {
        routes: [
          ...sampleTable().routes,
          { destination: parseCidr('192.0.2.0/24'), target: toMiddle },
          { destination: parseCidr('198.51.100.0/24'), target: toNobody },
        ],
      }),
    ],
    'security-group': [
      sampleGroup(1, { ingress: [sampleRule(), sampleRule({ peer }), sampleRule(icmp)] }),
      sampleGroup(2, { ingress: [sampleRule()] }),
    ],
    'network-acl': [
      sampleAcl(1, {
        ingress: [
          sampleEntry({ number: 200 }),
          sampleEntry({ number: 100, protocol: 'udp', toPort: 53, fromPort: 53, action: 'deny' }),
        ],
        egress: [],
      }),
    ],
    interface: [
      sampleInterface(1, { securityGroups: [networkId('sg', 1), networkId('sg', 2)] }),
      sampleInterface(2, {
        subnet: networkId('subnet', 2),
        ipv4Addresses: [parseIpAddress('10.0.2.20'), parseIpAddress('10.0.2.9')],
        ipv6Addresses: [],
        securityGroups: [networkId('sg', 2)],
        hasSourceDestCheck: false,
      }),
      sampleInterface(3),
    ],
    ...changes,
  });
}

function compile(changes: Partial<NetworkState> = {}): Buffer {
  const instances = [allowance, { ...allowance, identity: 2n, trackedMax: 9 }];
  return Buffer.from(compilePolicy({ state: state(changes), generation: 7n, places, instances }));
}

const sizes = [24, 120, 64, 72, 24, 32, 24, 8, 32];
const names = [
  'vpcs',
  'subnets',
  'instances',
  'interfaces',
  'prefixes',
  'rules',
  'routes',
  'groupSets',
  'mappings',
] as const;

function records(buffer: Buffer, name: (typeof names)[number]): readonly Buffer[] {
  const section = names.indexOf(name);
  const [offset, count] = [0, 4].map((at) => buffer.readUInt32LE(24 + section * 8 + at));
  const size = sizes[section] ?? 0;
  return Array.from({ length: count ?? 0 }, (_, index) =>
    buffer.subarray((offset ?? 0) + index * size, (offset ?? 0) + (index + 1) * size),
  );
}

/** As `::ffff:a00:0/112`. */
function prefixOf(record: Buffer): string {
  const groups = [8, 0].flatMap((at) => {
    const word = record.readBigUInt64LE(8 - at);
    return [48n, 32n, 16n, 0n].map((shift) => ((word >> shift) & 0xffffn).toString(16));
  });
  return `${groups.join(':').replace(/^(0:)+/, '::')}/${record.readUInt8(16)}`;
}

function rangeOf(record: Buffer | undefined, offset: number): [number, number] {
  const first = record?.readUInt32LE(offset) ?? 0;
  return [first, first + (record?.readUInt32LE(offset + 4) ?? 0)];
}

describe('compilePolicy()', () => {
  it('gives the bytes that the card is tested with', () => {
    const fixture = join(import.meta.dirname, '../../fixtures/network-policy.hex');
    const golden = readFileSync(fixture, 'utf8').replaceAll('\n', '');

    expect(compile().toString('hex')).toBe(golden);
  });

  it('has a header that says where everything is', () => {
    const buffer = compile();

    expect(buffer.toString('latin1', 0, 4)).toBe('AVPC');
    expect(buffer.readUInt32LE(8)).toBe(buffer.length);
    expect(buffer.readUInt32LE(12)).toBe(1);
    expect(buffer.readBigUInt64LE(16)).toBe(7n);
    expect(names.map((name) => records(buffer, name).length)).toEqual([2, 3, 2, 3, 7, 16, 8, 2, 4]);
  });

  it('routes by the longest prefix, and to nobody where nobody is', () => {
    const buffer = compile();
    const [subnet] = records(buffer, 'subnets');
    const [from, to] = rangeOf(subnet, 104);

    const routes = records(buffer, 'routes').slice(from, to);

    expect(routes.map((route) => [prefixOf(route), route[17], route.readUInt32LE(20)])).toEqual([
      ['::ffff:c000:200/120', 2, 2],
      ['::ffff:c633:6400/120', 3, 0],
      ['::ffff:a00:0/112', 1, 0],
      ['::ffff:0:0/96', 3, 0],
      ['fd00:1:0:0:0:0:0:0/56', 1, 0],
    ]);
  });

  it('routes by the main table where a subnet has none (RT-5)', () => {
    const target = { kind: 'blackhole' } as const;
    const routes = [{ destination: parseCidr('203.0.113.0/24'), target }];
    const main = sampleTable(2, { isMain: true, routes });
    const buffer = compile({ 'route-table': [...state()['route-table'], main] });
    const routesOf = (subnet: number) =>
      records(buffer, 'routes').slice(...rangeOf(records(buffer, 'subnets')[subnet], 104));

    expect(routesOf(1).map(prefixOf)).toContain('::ffff:cb00:7100/120');
    expect(routesOf(0).map(prefixOf)).not.toContain('::ffff:cb00:7100/120');
  });

  it('orders entries by number, and lets everything pass without an ACL', () => {
    const buffer = compile();
    const [first, second] = records(buffer, 'subnets');
    const rules = records(buffer, 'rules');
    const flags = (range: [number, number]) => rules.slice(...range).map((rule) => rule[18]);

    expect(flags(rangeOf(first, 88))).toEqual([4, 1]);
    expect(flags(rangeOf(first, 96))).toEqual([]);
    expect(flags(rangeOf(second, 88))).toEqual([1, 1]);
  });

  it('merges the rules of all groups, each once (SG-1)', () => {
    const buffer = compile();
    const [one] = records(buffer, 'interfaces');
    const rules = records(buffer, 'rules').slice(...rangeOf(one, 32));

    expect(
      rules.map((rule) => [rule[17], rule[18], rule.readUInt16LE(20), rule.readUInt16LE(22)]),
    ).toEqual([
      [6, 0, 22, 22],
      [6, 2, 22, 22],
      [1, 0, 8, 0xffff],
    ]);
    expect(rules[1]?.readUInt32LE(24)).toBe(1);
    expect(records(buffer, 'rules').slice(...rangeOf(one, 40))).toHaveLength(1);
  });

  it('numbers rules by their group and place, and entries by their number', () => {
    const buffer = compile();
    const [one] = records(buffer, 'interfaces');
    const [subnet, open] = records(buffer, 'subnets');
    const idsOf = (record: Buffer | undefined, offset: number) =>
      records(buffer, 'rules')
        .slice(...rangeOf(record, offset))
        .map((rule) => rule.readUInt32LE(28));

    expect(idsOf(one, 32)).toEqual([0x1_0001, 0x1_0002, 0x1_0003]);
    expect(idsOf(subnet, 88)).toEqual([100, 200]);
    expect(idsOf(open, 88)).toEqual([0, 0]);
  });

  it('maps the addresses of who is served, in order', () => {
    const mappings = records(compile(), 'mappings').map((mapping) => [
      mapping.readBigUInt64LE(8).toString(16),
      ...[16, 20, 24].map((at) => mapping.readUInt32LE(at)),
    ]);

    expect(mappings).toEqual([
      ['ffff0a00010a', 0, 0, 0],
      ['ffff0a000209', 0, 2, 1],
      ['ffff0a000214', 0, 2, 1],
      ['a', 0, 0, 0],
    ]);
  });

  it('has a subnet and an interface for an uplink, and routes that lead there', () => {
    const [ipv4Cidr, ipv6Cidr] = ['198.51.100.8/30', 'fd00:ffff::/64'].map(parseCidr);
    if (ipv4Cidr === undefined) throw new Error('there are two');
    const uplink = { tap: 'a', namespace: undefined, ipv4Cidr, ipv6Cidr };
    const [vpc = sampleVpc(), other = sampleVpc(2)] = state().vpc;
    const uplinks = [{ vpc: vpc.id, index: 5 }];
    const everywhere = sampleTable(1, {
      routes: ['0.0.0.0/0', '::/0'].map((text) => {
        return { destination: parseCidr(text), target: { kind: 'uplink' as const } };
      }),
    });
    const with1 = state({ vpc: [{ ...vpc, uplink }, other], 'route-table': [everywhere] });
    const compiled = (generation: bigint, lists: Partial<PolicyInput> = {}) =>
      Buffer.from(
        compilePolicy({
          state: with1,
          generation,
          places,
          instances: [allowance, allowance],
          ...lists,
        }),
      );
    const buffer = compiled(1n, { uplinks });

    const interfaces = records(buffer, 'interfaces');
    const outside = interfaces[5];
    expect(interfaces).toHaveLength(6);
    expect(outside?.readUInt16LE(22)).toBe(2);
    expect([outside?.readUInt32LE(48), outside?.readUInt32LE(52)]).toEqual([3, 2]);
    expect(outside?.subarray(16, 22).toString('hex')).toBe('060000000001');
    expect(records(buffer, 'instances')[2]?.readUInt32LE(56)).toBe(65_536);
    const subnets = records(buffer, 'subnets');
    expect(prefixOf(subnets[3] ?? Buffer.alloc(24))).toBe('::ffff:c633:6408/126');
    const routesOf = (subnet: Buffer | undefined, of: Buffer) =>
      records(of, 'routes')
        .slice(...rangeOf(subnet, 104))
        .map((route) => [prefixOf(route), route[17], route.readUInt32LE(20)]);
    expect(prefixOf((subnets[3] ?? Buffer.alloc(48)).subarray(24))).toMatch(/^fd00:ffff:.*\/64$/);
    expect(outside?.readUInt32LE(28)).toBe(2);
    expect(routesOf(subnets[3], buffer)).toEqual([
      ['::ffff:a00:0/112', 1, 0],
      ['fd00:1:0:0:0:0:0:0/56', 1, 0],
    ]);
    // Of IPv6 the host alone is there.
    expect(routesOf(subnets[0], buffer)).toEqual([
      ['fd00:ffff:0:0:0:0:0:2/128', 2, 5],
      ['::ffff:a00:0/112', 1, 0],
      ['::ffff:0:0/96', 2, 5],
      ['fd00:1:0:0:0:0:0:0/56', 1, 0],
      ['::0/0', 3, 0],
    ]);
    // Without a place it is nowhere, and what was decided by it is decided anew.
    const without = compiled(1n);
    expect(routesOf(records(without, 'subnets')[0], without)[1]).toEqual(['::ffff:0:0/96', 3, 0]);
    const hashOf = (of: Buffer) => records(of, 'interfaces')[0]?.readBigUInt64LE(8);
    expect(hashOf(without)).not.toBe(hashOf(buffer));
    expect(hashOf(compiled(2n, { uplinks: [{ vpc: vpc.id, index: 7 }] }))).toBe(hashOf(buffer));
    expect(() => compiled(1n, { uplinks: [{ vpc: other.id, index: 5 }] })).toThrow(TypeError);
  });

  it('changes an interface’s hash with what concerns it, and with nothing else', () => {
    const hashes = (changes: Partial<NetworkState>) =>
      records(compile(changes), 'interfaces').map((one) => one.readBigUInt64LE(8));
    const before = hashes({});
    const groups = state()['security-group'];
    const [web] = groups;
    if (web === undefined) throw new Error('there is a group');

    expect(before[1]).toBe(0n);
    expect(hashes({})).toEqual(before);
    expect(hashes({ 'security-group': [sampleGroup(9), ...groups] })).toEqual(before);
    const tightened = hashes({
      'security-group': [{ ...web, ingress: [] }, ...groups.slice(1)],
    });
    expect(tightened[0]).not.toBe(before[0]);
    expect(tightened[2]).toBe(before[2]);
  });

  it('has the blocks of a prefix list in its place, and changes with them', () => {
    const prefixList = networkId('pl', 1);
    const cidr = parseCidr('192.0.2.0/24');
    const target = { kind: 'blackhole' } as const;
    const of = (lists: Parameters<typeof sampleList>[1], isNamed = true) => {
      const peer = isNamed ? { kind: 'prefix-list' as const, prefixList } : undefined;
      const route = isNamed
        ? { destination: undefined, prefixList, target }
        : { destination: cidr, target };
      return compile({
        'prefix-list': [sampleList(1, lists)],
        'security-group': [
          sampleGroup(1, { ingress: [sampleRule(peer === undefined ? {} : { peer })] }),
          sampleGroup(2, { ingress: [] }),
        ],
        'route-table': [sampleTable(1, { routes: [route] })],
      });
    };
    const entries = [cidr, parseCidr('198.51.100.0/24')].map((one) => {
      return { cidr: one, description: '' };
    });
    const hashOf = (buffer: Buffer) => records(buffer, 'interfaces')[0]?.readBigUInt64LE(8);
    const rulesOf = (buffer: Buffer) => records(buffer, 'rules').length;
    const routesOf = (buffer: Buffer) => records(buffer, 'routes').length;
    const [none, one, both] = [[], entries.slice(0, 1), entries].map((all) => of({ entries: all }));
    if (none === undefined || one === undefined || both === undefined) throw new TypeError('three');

    expect(one).toEqual(of({}, false));
    expect([none, one, both].map(routesOf)).toEqual([0, 1, 2].map((n) => n + routesOf(none)));
    expect([none, one, both].map(rulesOf)).toEqual([0, 1, 2].map((n) => n + rulesOf(none)));
    expect(new Set([none, one, both].map(hashOf)).size).toBe(3);
  });

  it('has no place for an interface that there is not', () => {
    const input = { state: state(), generation: 1n, instances: [allowance] };

    expect(() =>
      compilePolicy({ ...input, places: [{ interface: 'eni-9', instance: 0 }] }),
    ).toThrow(TypeError);
  });
});
