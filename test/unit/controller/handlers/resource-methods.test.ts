// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

describe('the standard methods', () => {
  it('name the field of the request, and keep limit and hint', async () => {
    const handlers = openNetworks();
    const { vpc } = await addVpc(handlers);
    const create = async (ipv4Cidr: string): Promise<unknown> =>
      call(handlers, 'Networks.CreateSubnet', { subnet: { vpc, ipv4Cidr } });

    await expect(create('10.0.1.1/24')).rejects.toMatchObject({
      code: 'invalid-argument',
      hint: 'write 10.0.1.0/24',
      violations: [{ field: 'subnet.ipv4_cidr' }],
    });
    await expect(create('10.0.0.0/23')).rejects.toThrow(
      'argon.v1.Subnet: subnet.ipv4_cidr overlaps',
    );

    const routes = Array.from({ length: 51 }, (_, index) => ({
      destination: `192.0.2.${index}/32`,
      target: 'ROUTE_TARGET_BLACKHOLE' as const,
    }));
    await expect(
      call(handlers, 'Networks.CreateRouteTable', { routeTable: { vpc, routes } }),
    ).rejects.toMatchObject({
      code: 'resource-exhausted',
      details: { limit: 50, count: 51 },
      violations: [{ field: 'route_table.routes' }],
    });
  });

  it('refuse a path within a field', async () => {
    const handlers = openNetworks();
    const { vpc: name } = await addVpc(handlers);

    await expect(
      call(handlers, 'Networks.UpdateVpc', {
        vpc: { name },
        updateMask: ['ipv4_cidrs.first'],
      }),
    ).rejects.toThrow('update_mask has ipv4_cidrs.first');
  });

  it('check and change nothing with validate_only, and do once what is asked twice', async () => {
    const handlers = openNetworks();
    const request = { vpc: { ipv4Cidrs: ['10.0.0.0/16'] }, requestId: 'request-1' };

    await call(handlers, 'Networks.CreateVpc', { ...request, validateOnly: true });
    expect((await call(handlers, 'Networks.ListVpcs', {})).vpcs).toEqual([]);
    const first = await call(handlers, 'Networks.CreateVpc', request);
    const again = await call(handlers, 'Networks.CreateVpc', request);

    expect(again).toEqual(first);
    const { name } = first;
    await call(handlers, 'Networks.DeleteVpc', { name, validateOnly: true });
    await call(handlers, 'Networks.DeleteVpc', { name });
    await call(handlers, 'Networks.DeleteVpc', { name, allowMissing: true });
    await expect(call(handlers, 'Networks.DeleteVpc', { name })).rejects.toThrow(ArgonError);
  });

  it('list page by page', async () => {
    const handlers = openNetworks();
    for (const number of [1, 2, 3]) {
      await call(handlers, 'Networks.CreateVpc', {
        vpc: { displayName: `v${number}`, ipv4Cidrs: ['10.0.0.0/16'] },
      });
    }

    const first = await call(handlers, 'Networks.ListVpcs', { pageSize: 2 });
    const pageToken = first.nextPageToken;
    const second = await call(handlers, 'Networks.ListVpcs', { pageSize: 2, pageToken });

    expect([...first.vpcs, ...second.vpcs].map(({ displayName }) => displayName)).toEqual([
      'v1',
      'v2',
      'v3',
    ]);
    expect(second.nextPageToken).toBe('');
    await expect(call(handlers, 'Networks.ListSubnets', { pageToken })).rejects.toThrow(
      'of no page of this list',
    );
  });
});
