// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

const precondition = { code: 'failed-precondition' };

describe('the service PrefixLists', () => {
  it('makes, finds, changes and deletes a list, which rules and routes may name', async () => {
    const handlers = openNetworks();
    const { vpc, group } = await addVpc(handlers);
    const made = await call(handlers, 'PrefixLists.CreatePrefixList', {
      prefixList: { maxEntries: 5, entries: [{ cidr: '192.0.2.0/24', description: 'office' }] },
    });
    const { name } = made;
    expect(made).toMatchObject({ addressFamily: 'ADDRESS_FAMILY_IPV4', version: 1n });

    const named = await call(handlers, 'Networks.UpdateSecurityGroup', {
      securityGroup: { name: group, ingress: [{ protocol: 'all', prefixList: name }] },
      updateMask: ['ingress'],
    });
    const { name: table } = await call(handlers, 'Networks.CreateRouteTable', {
      routeTable: { vpc, routes: [{ prefixList: name, target: 'ROUTE_TARGET_BLACKHOLE' }] },
    });
    const changed = await call(handlers, 'PrefixLists.UpdatePrefixList', {
      prefixList: { name, entries: [] },
      updateMask: ['entries'],
    });

    expect(named.ingress).toMatchObject([{ prefixList: name, cidr: '', securityGroup: '' }]);
    const { routes } = await call(handlers, 'Networks.GetRouteTable', { name: table });
    expect(routes).toMatchObject([{ prefixList: name, destination: '' }]);
    expect(changed).toMatchObject({ entries: [], version: 2n, maxEntries: 5 });
    const deletion = call(handlers, 'PrefixLists.DeletePrefixList', { name });
    await expect(deletion).rejects.toMatchObject(precondition);
    await expect(deletion).rejects.toThrow(/is in use by sg-\w+, rtb-/);
    await call(handlers, 'Networks.DeleteRouteTable', { name: table });
    await call(handlers, 'Networks.DeleteSecurityGroup', { name: group });
    expect(await call(handlers, 'PrefixLists.GetPrefixList', { name })).toEqual(changed);
    const { prefixLists } = await call(handlers, 'PrefixLists.ListPrefixLists', {});
    expect(prefixLists).toEqual([changed]);
    await call(handlers, 'PrefixLists.DeletePrefixList', { name });
    await expect(call(handlers, 'PrefixLists.GetPrefixList', { name })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('refuses a route and a rule of a list and a block', async () => {
    const handlers = openNetworks();
    const { vpc, group } = await addVpc(handlers);
    const { name: prefixList } = await call(handlers, 'PrefixLists.CreatePrefixList', {
      prefixList: { maxEntries: 5 },
    });
    const target = 'ROUTE_TARGET_BLACKHOLE' as const;

    for (const route of [{ target }, { target, prefixList, destination: '0.0.0.0/0' }]) {
      await expect(
        call(handlers, 'Networks.CreateRouteTable', { routeTable: { vpc, routes: [route] } }),
      ).rejects.toThrow('prefix_list too');
    }
    await expect(
      call(handlers, 'Networks.UpdateSecurityGroup', {
        securityGroup: {
          name: group,
          ingress: [{ protocol: 'all', prefixList, cidr: '0.0.0.0/0' }],
        },
        updateMask: ['ingress'],
      }),
    ).rejects.toThrow('ingress[0].prefix_list is given, and cidr too');
  });
});
