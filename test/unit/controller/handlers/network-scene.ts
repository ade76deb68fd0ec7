// SPDX-License-Identifier: Apache-2.0

// Handlers of networks over a registry in memory.

import { NetworkDriver } from '../../../../src/controller/driver/networks.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { interfaceHandlers } from '../../../../src/controller/handlers/interfaces.ts';
import { networkHandlers } from '../../../../src/controller/handlers/networks.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { call } from './requests.ts';

export function openNetworks() {
  const registry = new Registry(':memory:');
  const operations = new Operations(registry, new ResourceQueues(), async () => {});
  const drivers = {
    vpc: new NetworkDriver('vpc', registry, operations),
    subnet: new NetworkDriver('subnet', registry, operations),
    'route-table': new NetworkDriver('route-table', registry, operations),
    'security-group': new NetworkDriver('security-group', registry, operations),
    'network-acl': new NetworkDriver('network-acl', registry, operations),
    interface: new NetworkDriver('interface', registry, operations),
  };
  return { ...networkHandlers(drivers), ...interfaceHandlers(drivers.interface) };
}

/** A VPC of both families with a subnet and a group. */
export async function addVpc(handlers: ReturnType<typeof openNetworks>) {
  const { name: vpc } = await call(handlers, 'Networks.CreateVpc', {
    vpc: { displayName: 'lab', ipv4Cidrs: ['10.0.0.0/16'], ipv6Cidrs: ['fd00:1::/56'] },
  });
  const { name: subnet } = await call(handlers, 'Networks.CreateSubnet', {
    subnet: { vpc, ipv4Cidr: '10.0.1.0/24', ipv6Cidr: 'fd00:1:0:1::/64' },
  });
  const { name: group } = await call(handlers, 'Networks.CreateSecurityGroup', {
    securityGroup: { vpc },
  });
  return { vpc, subnet, group };
}
