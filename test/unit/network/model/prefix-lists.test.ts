// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatCidr, parseCidr } from '../../../../src/network/model/address.ts';
import { checkRecord } from '../../../../src/network/model/check.ts';
import {
  blockRoutes,
  checkPrefixList,
  peerBlocks,
  usersOfPrefixList,
  weightOf,
  withVersion,
} from '../../../../src/network/model/prefix-lists.ts';
import type { PrefixList, Route } from '../../../../src/network/model/records.ts';
import {
  networkId,
  sampleGroup,
  sampleList,
  sampleRule,
  sampleState,
  sampleTable,
} from '../samples.ts';

const list = networkId('pl', 1);
const peer = { kind: 'prefix-list', prefixList: list } as const;
const uplink = { kind: 'uplink' } as const;
const hole = { kind: 'blackhole' } as const;
const entry = (cidr: string) => ({ cidr: parseCidr(cidr), description: '' });
const toList: Route = { destination: undefined, prefixList: list, target: uplink };

describe('checkPrefixList()', () => {
  it.each<Partial<PrefixList>>([
    {},
    { entries: [] },
    { maxEntries: 2 },
    { maxEntries: 1_000 },
    { family: 'ipv6', entries: [entry('2001:db8::/32'), entry('::/0')] },
  ])('takes %j', (changes) => {
    expect(() => {
      checkPrefixList(sampleState(), sampleList(1, changes));
    }).not.toThrow();
  });

  it.each<[Partial<PrefixList>, string]>([
    [{ maxEntries: 0 }, 'max_entries is missing'],
    [{ maxEntries: 1_001 }, 'max_entries is too much: 1000 '],
    [{ maxEntries: 1 }, 'entries is too much: 1 entries, as max_entries says'],
    [{ family: 'ipv6' }, 'entries[0].cidr is ipv4, and the list of ipv6'],
    [{ entries: [entry('10.0.0.0/8'), entry('10.0.0.0/8')] }, 'entries[1] is 10.0.0.0/8 once more'],
  ])('refuses %j', (changes, message) => {
    expect(() => {
      checkPrefixList(sampleState(), sampleList(1, changes));
    }).toThrow(message);
  });
});

describe('what names a prefix list', () => {
  const group = sampleGroup(1, { ingress: [sampleRule({ peer })] });
  const table = sampleTable(1, { routes: [toList] });
  const state = sampleState({
    'prefix-list': [sampleList()],
    'security-group': [group],
    'route-table': [table],
  });

  it('is found, and holds it', () => {
    expect(usersOfPrefixList(state, list)).toEqual({ groups: [group], tables: [table] });
    expect(usersOfPrefixList(state, networkId('pl', 2))).toEqual({ groups: [], tables: [] });
  });

  it('counts its most entries, of its family alone (SG-5, RT-7)', () => {
    expect(weightOf(state, 'ipv4', { prefixList: list })).toBe(10);
    expect(weightOf(state, 'ipv6', { prefixList: list })).toBe(0);
    expect(weightOf(state, 'ipv6', { cidr: parseCidr('::/0') })).toBe(1);
  });

  it.each([
    [60, 'security-group', 'sg-'],
    [50, 'route-table', 'rtb-'],
  ] as const)('lets it grow to %i entries for a %s and no further', (most, kind, holder) => {
    const alone = { ...state, 'route-table': [], 'security-group': [], [kind]: state[kind] };

    expect(() => {
      checkRecord(alone, 'prefix-list', sampleList(1, { maxEntries: most }));
    }).not.toThrow();
    expect(() => {
      checkRecord(alone, 'prefix-list', sampleList(1, { maxEntries: most + 1 }));
    }).toThrow(
      expect.objectContaining({
        code: 'resource-exhausted',
        message: expect.stringContaining(`at odds with ${holder}`) as unknown,
      }),
    );
  });

  it('lets no entry become a route that could not be one (RT-3, RT-4)', () => {
    for (const cidr of ['10.0.0.0/20', '169.254.169.254/32']) {
      expect(() => {
        checkRecord(state, 'prefix-list', sampleList(1, { entries: [entry(cidr)] }));
      }).toThrow('at odds with rtb-');
    }
  });

  it('has to be of a list that is there, and of the protocol’s family', () => {
    const unknown = { ...peer, prefixList: networkId('pl', 9) };
    const icmp = { protocol: 'icmpv6', fromPort: 0, toPort: 0, icmpType: -1, icmpCode: -1 };
    const check = (rule: Parameters<typeof sampleRule>[0]) => () => {
      checkRecord(state, 'security-group', sampleGroup(1, { ingress: [sampleRule(rule)] }));
    };

    expect(check({ peer: unknown })).toThrow('ingress[0].prefix_list does not exist');
    expect(check({ peer, ...icmp })).toThrow('ingress[0].prefix_list is ipv4');
    expect(() => {
      checkRecord(state, 'route-table', { ...table, routes: [{ ...toList, prefixList: 'pl-9' }] });
    }).toThrow('routes[0].prefix_list does not exist');
    expect(() => {
      checkRecord(state, 'route-table', { ...table, routes: [toList, toList] });
    }).toThrow('routes[1].destination is that of routes[0] too');
  });
});

describe('withVersion()', () => {
  it('counts changes of the entries, and no others', () => {
    const before = sampleList(1, { version: 7 });

    expect(withVersion(before, { ...before, maxEntries: 20 }).version).toBe(7);
    expect(withVersion(before, { ...before, entries: [] }).version).toBe(8);
  });
});

describe('what rules and routes mean by a prefix list', () => {
  it('is a rule for each block', () => {
    const state = sampleState({ 'prefix-list': [sampleList()] });

    expect(peerBlocks(state, sampleRule({ peer }))).toEqual(['192.0.2.0/24', '198.51.100.0/24']);
    expect(peerBlocks(state, sampleRule())).toEqual(['192.0.2.0/24']);
    const group = { kind: 'group', group: networkId('sg', 1) } as const;
    expect(peerBlocks(state, sampleRule({ peer: group }))).toEqual([]);
  });

  it('is a route for each block that has none of its own (RT-1)', () => {
    const block = fc
      .integer({ min: 0, max: 7 })
      .map((n) => formatCidr('ipv4', BigInt(n) << 8n, 24));
    const lists = fc.array(fc.uniqueArray(block), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.uniqueArray(block), lists, (own, all) => {
        const state = sampleState({
          'prefix-list': all.map((cidrs, index) =>
            sampleList(index + 1, { entries: cidrs.map((cidr) => ({ cidr, description: '' })) }),
          ),
        });
        const ofLists = all.map((_, index): Route => {
          return { ...toList, prefixList: networkId('pl', index + 1) };
        });
        const routes = [...ofLists, ...own.map((destination) => ({ destination, target: hole }))];

        const meant = blockRoutes(state, routes);

        const blocks = meant.map(({ destination }) => destination);
        expect(new Set(blocks)).toEqual(new Set([...own, ...all.flat()]));
        expect(blocks).toHaveLength(new Set(blocks).size);
        for (const { destination, target } of meant) {
          expect(target).toEqual(own.includes(destination) ? hole : uplink);
        }
      }),
    );
  });
});
