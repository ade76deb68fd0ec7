// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  type CompiledRoute,
  hostBlockOf,
  localRoutes,
  ownBlock,
  routesOf,
  routesWithUplink,
} from '../../../src/network/compiled-routes.ts';
import { parseCidr, parseIpAddress } from '../../../src/network/model/address.ts';
import type { Uplink } from '../../../src/network/model/records.ts';
import { networkId, sampleState, sampleSubnet, sampleTable } from './samples.ts';

const narrow: Uplink = {
  tap: 'outside0',
  namespace: undefined,
  ipv4Cidr: parseCidr('198.51.100.0/30'),
};
const wide: Uplink = { ...narrow, ipv6Cidr: parseCidr('fd00:ffff::/64') };
const host = 'fd00:ffff::2/128';

function routes(...pairs: readonly (readonly [string, CompiledRoute['kind']])[]) {
  return pairs.map(([destination, kind]) => ({ destination: parseCidr(destination), kind }));
}

function wordsOf(compiled: readonly CompiledRoute[]) {
  return compiled.map(({ destination, kind }) => `${destination}=${kind}`);
}

describe('the routes of a subnet', () => {
  it('are those to its VPC and its table’s, the longest prefix first', () => {
    const table = sampleTable(1, {
      routes: [
        { destination: parseCidr('0.0.0.0/0'), target: { kind: 'uplink' } },
        {
          destination: parseCidr('10.0.1.0/24'),
          target: { kind: 'interface', interface: networkId('eni', 1) },
        },
      ],
    });
    const state = sampleState({ 'route-table': [table] });

    expect(wordsOf(routesOf(state, sampleSubnet(1, { routeTable: table.id })))).toEqual([
      '10.0.1.0/24=interface',
      '10.0.0.0/16=local',
      '0.0.0.0/0=uplink',
      'fd00:1::/56=local',
    ]);
  });

  it('of a link are the local ones', () => {
    const blocks = ['10.0.0.0/16', 'fd00:1::/56', '10.1.0.0/20'].map(parseCidr);

    expect(wordsOf(localRoutes(blocks))).toEqual([
      '10.1.0.0/20=local',
      '10.0.0.0/16=local',
      'fd00:1::/56=local',
    ]);
  });
});

describe('a route to the uplink', () => {
  const everywhere = routes(['0.0.0.0/0', 'uplink'], ['fd00:1::/56', 'local'], ['::/0', 'uplink']);

  it('is a black hole without one, and without its family', () => {
    const [, local] = wordsOf(everywhere);

    expect(wordsOf(routesWithUplink(everywhere, undefined))).toEqual([
      '0.0.0.0/0=blackhole',
      local,
      '::/0=blackhole',
    ]);
    expect(wordsOf(routesWithUplink(everywhere, narrow))).toEqual([
      '0.0.0.0/0=uplink',
      local,
      '::/0=blackhole',
    ]);
  });

  it('reaches of IPv6 the host, and nobody else', () => {
    expect(wordsOf(routesWithUplink(everywhere, wide))).toEqual([
      `${host}=uplink`,
      '0.0.0.0/0=uplink',
      'fd00:1::/56=local',
      '::/0=blackhole',
    ]);
  });

  it('does not reach the host where a longer prefix leads elsewhere, or none leads there', () => {
    const elsewhere = routes(['fd00:ffff::/64', 'blackhole'], ['::/0', 'uplink']);
    const nowhere = routes(['fd00:2::/64', 'uplink']);

    expect(wordsOf(routesWithUplink(elsewhere, wide))).toEqual([
      'fd00:ffff::/64=blackhole',
      '::/0=blackhole',
    ]);
    expect(wordsOf(routesWithUplink(nowhere, wide))).toEqual(['fd00:2::/64=blackhole']);
  });

  it('of the host alone stays what it is', () => {
    const exact = routes([host, 'uplink'], ['::/0', 'uplink']);

    expect(wordsOf(routesWithUplink(exact, wide))).toEqual([`${host}=uplink`, '::/0=blackhole']);
  });
});

describe('the block of an address', () => {
  it('is of its family', () => {
    expect(ownBlock(parseIpAddress('10.0.0.1'))).toBe('10.0.0.1/32');
    expect(hostBlockOf(wide)).toBe(host);
    expect(hostBlockOf(narrow)).toBeUndefined();
  });
});
