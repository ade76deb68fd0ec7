// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { Interface } from '../../../../src/api/generated/argon/v1/interfaces.ts';
import type {
  NetworkAcl,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
} from '../../../../src/api/generated/argon/v1/network-resources.ts';
import type {
  DhcpOptions,
  PrivateZone,
} from '../../../../src/api/generated/argon/v1/network-services.ts';
import type { PrefixList } from '../../../../src/api/generated/argon/v1/prefix-lists.ts';
import type { Init } from '../../../../src/api/schema.ts';
import {
  dhcpOptionsPart,
  interfacePart,
  networkAclPart,
  type Part,
  prefixListPart,
  privateZonePart,
  routeTablePart,
  securityGroupPart,
  subnetPart,
  vpcPart,
} from '../../../../src/cli/host/network-parts.ts';
import { addVpc } from '../../controller/handlers/network-scene.ts';
import { FakeHostClient } from './fake-host-client.ts';

const scope = { signal: new AbortController().signal };
const requestId = '';
const updateMask = ['display_name'];

async function live<Resource extends { readonly name: string; readonly displayName: string }>(
  part: Part<Resource>,
  fields: (made: Awaited<ReturnType<typeof addVpc>>) => Init<Resource>,
): Promise<readonly string[]> {
  const host = new FakeHostClient();
  const given = fields(await addVpc(host.networks));
  const request = { resource: given, updateMask: [], requestId };
  const { name } = await part.create(host, request, scope);
  const change = { ...({ name, displayName: 'changed' } as Init<Resource>) };
  await part.update(host, { resource: change, updateMask, requestId }, scope);
  const { displayName } = await part.get(host, name, scope);
  const before = await part.list(host, scope);
  await part.delete(host, { name, requestId }, scope);
  const after = await part.list(host, scope);
  return [displayName, String(before.length - after.length)];
}

describe('a part of networks', () => {
  it('is made, changed, found, listed and deleted by the methods of its kind', async () => {
    const expected = ['changed', '1'];

    expect(await live<Vpc>(vpcPart, () => ({ ipv4Cidrs: ['10.9.0.0/16'] }))).toEqual(expected);
    expect(await live<Subnet>(subnetPart, ({ vpc }) => ({ vpc, ipv4Cidr: '10.0.9.0/24' }))).toEqual(
      expected,
    );
    expect(await live<RouteTable>(routeTablePart, ({ vpc }) => ({ vpc }))).toEqual(expected);
    expect(await live<SecurityGroup>(securityGroupPart, ({ vpc }) => ({ vpc }))).toEqual(expected);
    expect(await live<NetworkAcl>(networkAclPart, ({ vpc }) => ({ vpc }))).toEqual(expected);
    expect(await live<PrefixList>(prefixListPart, () => ({ maxEntries: 1 }))).toEqual(expected);
    const named = { domainName: 'corp' };
    expect(await live<DhcpOptions>(dhcpOptionsPart, () => named)).toEqual(expected);
    const zoned = await live<PrivateZone>(privateZonePart, ({ vpc }) => ({
      ...named,
      vpcs: [vpc],
    }));
    expect(zoned).toEqual(expected);
    expect(
      await live<Interface>(interfacePart, ({ subnet, group }) => ({
        subnet,
        securityGroups: [group],
      })),
    ).toEqual(expected);
  });
});
