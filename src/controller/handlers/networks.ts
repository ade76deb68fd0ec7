// SPDX-License-Identifier: Apache-2.0

import type { Vpc } from '../../api/generated/argon/v1/network-resources.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { NetworkDrivers } from '../driver/networks.ts';
import type { HandlersOf } from './handler.ts';
import { aclWords, groupWords, subnetWords, tableWords, vpcWords } from './network-words.ts';
import { resourceMethods } from './resource-methods.ts';
import { type UplinkMaker, withUplinkStates } from './uplinks.ts';

/** The methods of the service Networks. */
export function networkHandlers(
  drivers: NetworkDrivers,
  uplinks: UplinkMaker,
): HandlersOf<'Networks'> {
  const vpcs = resourceMethods(drivers.vpc, vpcWords);
  const subnets = resourceMethods(drivers.subnet, subnetWords);
  const tables = resourceMethods(drivers['route-table'], tableWords);
  const groups = resourceMethods(drivers['security-group'], groupWords);
  const acls = resourceMethods(drivers['network-acl'], aclWords);
  const withState = async (vpc: Vpc, scope: Cancellable): Promise<Vpc> => {
    const [described = vpc] = await withUplinkStates([vpc], uplinks, scope);
    return described;
  };
  return {
    'Networks.CreateVpc': async ({ vpc, ...options }, scope) =>
      withState(await vpcs.create(vpc, options, scope), scope),
    'Networks.GetVpc': async (request, scope) => withState(vpcs.get(request), scope),
    'Networks.ListVpcs': async (request, scope) => {
      const { items, nextPageToken } = vpcs.list(request);
      return { vpcs: await withUplinkStates(items, uplinks, scope), nextPageToken };
    },
    'Networks.UpdateVpc': async ({ vpc, ...options }, scope) =>
      withState(await vpcs.update(vpc, options, scope), scope),
    'Networks.DeleteVpc': async (request, scope) => vpcs.delete(request, scope),

    'Networks.CreateSubnet': async ({ subnet, ...options }, scope) =>
      subnets.create(subnet, options, scope),
    'Networks.GetSubnet': async (request) => subnets.get(request),
    'Networks.ListSubnets': async (request) => {
      const { items, nextPageToken } = subnets.list(request);
      return { subnets: items, nextPageToken };
    },
    'Networks.UpdateSubnet': async ({ subnet, ...options }, scope) =>
      subnets.update(subnet, options, scope),
    'Networks.DeleteSubnet': async (request, scope) => subnets.delete(request, scope),

    'Networks.CreateRouteTable': async ({ routeTable, ...options }, scope) =>
      tables.create(routeTable, options, scope),
    'Networks.GetRouteTable': async (request) => tables.get(request),
    'Networks.ListRouteTables': async (request) => {
      const { items, nextPageToken } = tables.list(request);
      return { routeTables: items, nextPageToken };
    },
    'Networks.UpdateRouteTable': async ({ routeTable, ...options }, scope) =>
      tables.update(routeTable, options, scope),
    'Networks.DeleteRouteTable': async (request, scope) => tables.delete(request, scope),

    'Networks.CreateSecurityGroup': async ({ securityGroup, ...options }, scope) =>
      groups.create(securityGroup, options, scope),
    'Networks.GetSecurityGroup': async (request) => groups.get(request),
    'Networks.ListSecurityGroups': async (request) => {
      const { items, nextPageToken } = groups.list(request);
      return { securityGroups: items, nextPageToken };
    },
    'Networks.UpdateSecurityGroup': async ({ securityGroup, ...options }, scope) =>
      groups.update(securityGroup, options, scope),
    'Networks.DeleteSecurityGroup': async (request, scope) => groups.delete(request, scope),

    'Networks.CreateNetworkAcl': async ({ networkAcl, ...options }, scope) =>
      acls.create(networkAcl, options, scope),
    'Networks.GetNetworkAcl': async (request) => acls.get(request),
    'Networks.ListNetworkAcls': async (request) => {
      const { items, nextPageToken } = acls.list(request);
      return { networkAcls: items, nextPageToken };
    },
    'Networks.UpdateNetworkAcl': async ({ networkAcl, ...options }, scope) =>
      acls.update(networkAcl, options, scope),
    'Networks.DeleteNetworkAcl': async (request, scope) => acls.delete(request, scope),
  };
}
