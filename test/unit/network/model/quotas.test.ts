// SPDX-License-Identifier: Apache-2.0

// Each published quota at its limit and one above: what a record has goes through the API, over the
// wire format and into a registry; how many records there are is asked of the check alone.

import { describe, expect, it } from 'vitest';

import type { MethodTypes } from '../../../../src/api/generated/argon/v1/methods.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { formatAddress, parseCidr, parseIpAddress } from '../../../../src/network/model/address.ts';
import { checkRecord } from '../../../../src/network/model/check.ts';
import { quotas } from '../../../../src/network/model/quotas.ts';
import type {
  NetworkKind,
  NetworkState,
  RecordOfKind,
} from '../../../../src/network/model/records.ts';
import { addVpc, openNetworks } from '../../controller/handlers/network-scene.ts';
import { call } from '../../controller/handlers/requests.ts';
import {
  networkId,
  sampleAcl,
  sampleGroup,
  sampleInterface,
  sampleList,
  sampleOptions,
  sampleState,
  sampleSubnet,
  sampleTable,
  sampleVpc,
  sampleZone,
} from '../samples.ts';

type Made = Awaited<ReturnType<typeof addVpc>>;
type Handlers = ReturnType<typeof openNetworks>;

/** Makes a record with so many of what the quota is about. */
type Maker = (handlers: Handlers, made: Made, count: number) => Promise<unknown>;

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function making<Name extends keyof MethodTypes>(
  name: Name,
  requestOf: (made: Made, count: number) => Init<MethodTypes[Name]['request']>,
): Maker {
  return async (handlers, made, count) => call(handlers, name, requestOf(made, count));
}

const ofRecord: readonly [string, number, Maker][] = [
  [
    'IPv4 blocks of a VPC',
    quotas.cidrsOfVpc,
    making('Networks.CreateVpc', (_, count) => {
      return { vpc: { ipv4Cidrs: numbers(count).map((index) => `10.${index}.0.0/16`) } };
    }),
  ],
  [
    'IPv6 blocks of a VPC',
    quotas.cidrsOfVpc,
    making('Networks.CreateVpc', (_, count) => {
      return { vpc: { ipv6Cidrs: numbers(count).map((index) => `fd00:${index + 2}::/56`) } };
    }),
  ],
  ...(
    [
      ['IPv4', (index: number) => `192.0.2.${index}/32`],
      ['IPv6', (index: number) => `2001:db8::${(index + 1).toString(16)}/128`],
    ] as const
  ).flatMap(([family, cidrOf]): [string, number, Maker][] => [
    [
      `RT-7: ${family} routes of a table`,
      quotas.routesOfTable,
      making('Networks.CreateRouteTable', ({ vpc }, count) => {
        const routes = numbers(count).map((index) => {
          return { destination: cidrOf(index), target: 'ROUTE_TARGET_BLACKHOLE' as const };
        });
        return { routeTable: { vpc, routes } };
      }),
    ],
    ...(['ingress', 'egress'] as const).map((direction): [string, number, Maker] => [
      `SG-5: ${family} rules of a group, ${direction}`,
      quotas.rulesOfGroup,
      making('Networks.CreateSecurityGroup', ({ vpc }, count) => {
        const rules = numbers(count).map((index) => ({ protocol: 'all', cidr: cidrOf(index) }));
        return { securityGroup: { vpc, [direction]: rules } };
      }),
    ]),
  ]),
  ...(
    [
      ['a prefix list as rules', quotas.rulesOfGroup],
      ['a prefix list as routes', quotas.routesOfTable],
    ] as const
  ).map(([what, limit]): [string, number, Maker] => [
    what,
    limit,
    async (handlers, { vpc }, maxEntries) => {
      const { name: prefixList } = await call(handlers, 'PrefixLists.CreatePrefixList', {
        prefixList: { maxEntries },
      });
      const ingress = [{ protocol: 'all', prefixList }];
      const routes = [{ prefixList, target: 'ROUTE_TARGET_BLACKHOLE' as const }];
      return what.endsWith('rules')
        ? call(handlers, 'Networks.CreateSecurityGroup', { securityGroup: { vpc, ingress } })
        : call(handlers, 'Networks.CreateRouteTable', { routeTable: { vpc, routes } });
    },
  ]),
  [
    'entries of a prefix list',
    quotas.entriesOfPrefixList,
    making('PrefixLists.CreatePrefixList', (_, maxEntries) => ({ prefixList: { maxEntries } })),
  ],
  [
    'SG-5: rules that name a group, which are of both families',
    quotas.rulesOfGroup,
    making('Networks.CreateSecurityGroup', ({ vpc, group }, count) => {
      const ingress = numbers(count).map((index) => {
        return { protocol: 'tcp', fromPort: index, toPort: index + 1, securityGroup: group };
      });
      return { securityGroup: { vpc, ingress } };
    }),
  ],
  ...(['ingress', 'egress'] as const).map((direction): [string, number, Maker] => [
    `NA-6: entries of an ACL, ${direction}`,
    quotas.entriesOfAcl,
    making('Networks.CreateNetworkAcl', ({ vpc }, count) => {
      const entries = numbers(count).map((index) => {
        const action = 'ACL_ACTION_ALLOW' as const;
        return { number: index + 1, protocol: 'all', cidr: '0.0.0.0/0', action };
      });
      return { networkAcl: { vpc, [direction]: entries } };
    }),
  ]),
  [
    'SG-5: groups of an interface',
    quotas.groupsOfInterface,
    async (handlers, { vpc, subnet }, count) => {
      const securityGroups: string[] = [];
      for (const _ of numbers(count)) {
        const made = await call(handlers, 'Networks.CreateSecurityGroup', {
          securityGroup: { vpc },
        });
        securityGroups.push(made.name);
      }
      return call(handlers, 'Interfaces.CreateInterface', {
        interface: { subnet, securityGroups },
      });
    },
  ],
  [
    'IPv4 addresses of an interface',
    quotas.addressesOfInterface,
    making('Interfaces.CreateInterface', ({ subnet, group }, count) => {
      const ipv4Addresses = numbers(count).map((index) => `10.0.1.${index + 10}`);
      return { interface: { subnet, securityGroups: [group], ipv4Addresses } };
    }),
  ],
  [
    'IPv6 addresses of an interface',
    quotas.addressesOfInterface,
    making('Interfaces.CreateInterface', ({ subnet, group }, count) => {
      const ipv6Addresses = numbers(count).map(
        (index) => `fd00:1:0:1::${(index + 16).toString(16)}`,
      );
      return { interface: { subnet, securityGroups: [group], ipv6Addresses } };
    }),
  ],
];

describe('a quota of what a record has', () => {
  it.each(ofRecord)('%s: %i, and not one more', async (_, limit, make) => {
    const handlers = openNetworks();
    const made = await addVpc(handlers);

    await expect(make(handlers, made, limit)).resolves.toBeDefined();
    // The wire format has a bound of its own where it is no looser than the quota.
    await expect(make(handlers, made, limit + 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^(resource-exhausted|invalid-argument)$/) as unknown,
      message: expect.stringMatching(
        `${limit} .*at most|more than ${limit}|at most ${limit}`,
      ) as unknown,
    });
  });
});

interface OfKind<Kind extends NetworkKind> {
  readonly kind: Kind;
  readonly limit: number;
  /** One that is like no other. */
  readonly recordOf: (number: number) => RecordOfKind[Kind];
}

function ofKind<Kind extends NetworkKind>(
  kind: Kind,
  limit: number,
  recordOf: (number: number) => RecordOfKind[Kind],
): readonly [string, number, (count: number) => void] {
  const { recordOf: make }: OfKind<Kind> = { kind, limit, recordOf };
  const check = (count: number): void => {
    const others: readonly RecordOfKind[Kind][] = numbers(count - 1).map((index) =>
      make(index + 1),
    );
    const state: NetworkState = { ...sampleState({ interface: [] }), [kind]: others };
    checkRecord(state, kind, make(count));
  };
  return [kind, limit, check];
}

function nthAddress(first: string, number: number) {
  const value = BigInt(`0x${first}`) + BigInt(number);
  return formatAddress('ipv4', value);
}

describe('a quota of how many records there are', () => {
  it.each([
    ofKind('vpc', quotas.vpcs, (number) => sampleVpc(number)),
    ofKind('subnet', quotas.subnetsOfVpc, (number) =>
      sampleSubnet(number, {
        ipv4Cidr: parseCidr(`${nthAddress('0a000000', number * 16)}/28`),
        ipv6Cidr: undefined,
      }),
    ),
    ofKind('route-table', quotas.routeTablesOfVpc, (number) => sampleTable(number)),
    ofKind('security-group', quotas.securityGroups, (number) => sampleGroup(number)),
    ofKind('network-acl', quotas.networkAclsOfVpc, (number) => sampleAcl(number)),
    ofKind('prefix-list', quotas.prefixLists, (number) => sampleList(number)),
    ofKind('dhcp-options', quotas.dhcpOptions, (number) => sampleOptions(number)),
    ofKind('private-zone', quotas.privateZones, (number) =>
      sampleZone(number, { domainName: `zone-${number}`, records: [] }),
    ),
    ofKind('interface', quotas.interfaces, (number) =>
      sampleInterface(1, {
        id: networkId('eni', number),
        displayName: `eni-${number}`,
        subnet: networkId('subnet', 1),
        macAddress: `02:00:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255)
          .toString(16)
          .padStart(2, '0')}`,
        ipv4Addresses: [],
        ipv6Addresses: [parseIpAddress(`fd00:1:0:1::${(number + 100).toString(16)}`)],
      }),
    ),
  ])('%s: %i, and not one more', (_, limit, check) => {
    expect(() => check(limit)).not.toThrow();
    expect(() => check(limit + 1)).toThrow(`${limit} `);
    expect(() => check(limit + 1)).toThrow(expect.objectContaining({ code: 'resource-exhausted' }));
  });
});
