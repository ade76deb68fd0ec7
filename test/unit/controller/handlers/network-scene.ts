// SPDX-License-Identifier: Apache-2.0

// Handlers of networks over a registry in memory.

import { createNetworkDrivers } from '../../../../src/controller/driver/networks.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import {
  type FlowLogWriter,
  flowLogHandlers,
} from '../../../../src/controller/handlers/flow-logs.ts';
import type { HandlersOf } from '../../../../src/controller/handlers/handler.ts';
import { interfaceHandlers } from '../../../../src/controller/handlers/interfaces.ts';
import { networkServiceHandlers } from '../../../../src/controller/handlers/network-services.ts';
import { networkHandlers } from '../../../../src/controller/handlers/networks.ts';
import { prefixListHandlers } from '../../../../src/controller/handlers/prefix-lists.ts';
import type { FlowTracer } from '../../../../src/controller/handlers/traces.ts';
import type { UplinkMaker } from '../../../../src/controller/handlers/uplinks.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import type { TestDriver } from '../driver/fake-host.ts';
import { call } from './requests.ts';

const noInstances = async (): Promise<never> => {
  throw new Error('there are no instances here');
};

/** Of a host on which no interface is attached. */
export const idleCard: FlowLogWriter & UplinkMaker = {
  flowLogs: async () => [],
  uplinks: async () => 'no-card',
};

/** Of a registry without instances, or of a driver with them. */
export function openNetworks(
  driver?: Pick<TestDriver, 'networks' | 'interfaces'>,
  tracer: FlowTracer = { trace: noInstances },
  card: FlowLogWriter & UplinkMaker = idleCard,
): HandlersOf<'Networks' | 'NetworkServices' | 'PrefixLists' | 'Interfaces' | 'FlowLogs'> {
  const registry = new Registry(':memory:');
  const operations = new Operations(registry, new ResourceQueues(), async () => {});
  const context = driver?.networks ?? {
    registry,
    operations,
    allowsUplinks: true,
    onChange: async () => {},
    conditions: () => [],
  };
  const drivers = createNetworkDrivers(context);
  const attachments = driver?.interfaces ?? { attach: noInstances, detach: noInstances };
  const interfaces = interfaceHandlers(drivers.interface, attachments, tracer);
  const flowLogs = flowLogHandlers(drivers['flow-log'], card);
  const services = networkServiceHandlers(drivers);
  const lists = prefixListHandlers(drivers['prefix-list']);
  return { ...networkHandlers(drivers, card), ...services, ...lists, ...interfaces, ...flowLogs };
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
