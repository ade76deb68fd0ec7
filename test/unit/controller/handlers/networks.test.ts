// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

const gone = { code: 'not-found' };
const ssh = { protocol: 'tcp', fromPort: 22, toPort: 22, cidr: '192.0.2.0/24' };
const everything = { protocol: 'all', cidr: '0.0.0.0/0' };

describe('the service Networks', () => {
  it('makes, finds, changes and deletes a VPC', async () => {
    const handlers = openNetworks();
    const ipv4Cidrs = ['10.0.0.0/16'];
    const made = await call(handlers, 'Networks.CreateVpc', { vpc: { ipv4Cidrs } });
    const { name } = made;
    expect(made).toMatchObject({ ipv4Cidrs, ipv6Cidrs: [] });

    const changed = await call(handlers, 'Networks.UpdateVpc', {
      vpc: { name, displayName: 'lab', ipv4Cidrs: [] },
      updateMask: ['display_name'],
    });

    expect(changed).toMatchObject({ displayName: 'lab', ipv4Cidrs });
    expect(await call(handlers, 'Networks.GetVpc', { name })).toEqual(changed);
    expect((await call(handlers, 'Networks.ListVpcs', {})).vpcs).toEqual([changed]);
    await call(handlers, 'Networks.DeleteVpc', { name });
    await expect(call(handlers, 'Networks.GetVpc', { name })).rejects.toMatchObject(gone);
  });

  it('makes, finds, changes and deletes a subnet with its table and ACL', async () => {
    const handlers = openNetworks();
    const { vpc, subnet: name } = await addVpc(handlers);
    const { name: routeTable } = await call(handlers, 'Networks.CreateRouteTable', {
      routeTable: { vpc },
    });
    const { name: networkAcl } = await call(handlers, 'Networks.CreateNetworkAcl', {
      networkAcl: { vpc },
    });

    const changed = await call(handlers, 'Networks.UpdateSubnet', {
      subnet: { name, routeTable, networkAcl },
      updateMask: ['route_table', 'network_acl'],
    });

    expect(changed).toMatchObject({ vpc, routeTable, networkAcl, ipv4Cidr: '10.0.1.0/24' });
    expect(await call(handlers, 'Networks.GetSubnet', { name })).toEqual(changed);
    expect((await call(handlers, 'Networks.ListSubnets', {})).subnets).toEqual([changed]);
    await expect(
      call(handlers, 'Networks.DeleteRouteTable', { name: routeTable }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    await call(handlers, 'Networks.DeleteSubnet', { name });
    await call(handlers, 'Networks.DeleteRouteTable', { name: routeTable });
    await call(handlers, 'Networks.DeleteNetworkAcl', { name: networkAcl });
    await expect(call(handlers, 'Networks.GetSubnet', { name })).rejects.toMatchObject(gone);
  });

  it('makes, finds, changes and deletes a route table', async () => {
    const handlers = openNetworks();
    const { vpc } = await addVpc(handlers);
    const uplink = { destination: '0.0.0.0/0', target: 'ROUTE_TARGET_UPLINK' } as const;
    const made = await call(handlers, 'Networks.CreateRouteTable', {
      routeTable: { vpc, isMain: true, routes: [uplink] },
    });
    const { name } = made;
    expect(made).toMatchObject({ isMain: true, routes: [uplink] });

    const hole = { destination: '::/0', target: 'ROUTE_TARGET_BLACKHOLE' } as const;
    const changed = await call(handlers, 'Networks.UpdateRouteTable', {
      routeTable: { name, routes: [uplink, hole] },
      updateMask: ['routes'],
    });

    expect(changed).toMatchObject({ isMain: true, routes: [uplink, hole] });
    expect(await call(handlers, 'Networks.GetRouteTable', { name })).toEqual(changed);
    const { routeTables } = await call(handlers, 'Networks.ListRouteTables', {});
    expect(routeTables).toEqual([changed]);
  });

  it('makes, finds, changes and deletes a security group', async () => {
    const handlers = openNetworks();
    const { group: name } = await addVpc(handlers);
    const made = await call(handlers, 'Networks.GetSecurityGroup', { name });
    // SG-1: a new group lets nothing in and everything out.
    expect(made).toMatchObject({
      ingress: [],
      egress: [everything, { ...everything, cidr: '::/0' }],
      isEgressClosed: false,
    });

    const changed = await call(handlers, 'Networks.UpdateSecurityGroup', {
      securityGroup: { name, ingress: [ssh, { protocol: 'all', securityGroup: name }] },
      updateMask: ['ingress', 'egress'],
    });

    expect(changed).toMatchObject({
      ingress: [ssh, { securityGroup: name, cidr: '' }],
      egress: [],
      isEgressClosed: true,
    });
    const { securityGroups } = await call(handlers, 'Networks.ListSecurityGroups', {});
    expect(securityGroups).toEqual([changed]);
    await call(handlers, 'Networks.DeleteSecurityGroup', { name });
    await expect(call(handlers, 'Networks.GetSecurityGroup', { name })).rejects.toMatchObject(gone);
  });

  it('makes, finds, changes and deletes a network ACL', async () => {
    const handlers = openNetworks();
    const { vpc } = await addVpc(handlers);
    const made = await call(handlers, 'Networks.CreateNetworkAcl', { networkAcl: { vpc } });
    const { name } = made;
    expect(made).toMatchObject({ ingress: [], egress: [] });

    const entry = { ...everything, number: 100, action: 'ACL_ACTION_DENY' } as const;
    const changed = await call(handlers, 'Networks.UpdateNetworkAcl', {
      networkAcl: { name, egress: [entry, { ...entry, number: 1, action: 'ACL_ACTION_ALLOW' }] },
      updateMask: ['egress'],
    });

    expect(changed.egress).toMatchObject([entry, { action: 'ACL_ACTION_ALLOW' }]);
    expect(await call(handlers, 'Networks.GetNetworkAcl', { name })).toEqual(changed);
    const { networkAcls } = await call(handlers, 'Networks.ListNetworkAcls', {});
    expect(networkAcls).toEqual([changed]);
  });

  it('keeps a VPC that something is of, and says what', async () => {
    const handlers = openNetworks();
    const { vpc: name } = await addVpc(handlers);

    await expect(call(handlers, 'Networks.DeleteVpc', { name })).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringMatching(/is in use by subnet-\w+, sg-\w+$/) as unknown,
    });
  });
});
