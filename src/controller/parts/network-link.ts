// SPDX-License-Identifier: Apache-2.0

// Network cards as the host launches them, and their buses.

import { dirname, join } from 'node:path';

import { startSlotNetworkCard } from '../../card/bus/card-process.ts';
import type { CardBus } from '../../card/bus/client.ts';
import type { HostEnvironment } from '../../native/network-watch.ts';
import type { ProcessIdentity } from '../model.ts';
import { processLink } from './bus-link.ts';
import type { CardMaker } from './card-launcher.ts';
import type { NetworkLink } from './card-link.ts';

// Guests share the host's cores with their cards.
const cardOptions = { pollMode: 'off', cpus: [] } as const;
// As many as an interface has at most; a guest uses one for each CPU.
const offeredPairs = 8;

/** How network cards of such a host are made. */
export function networkCardMaker(environment: HostEnvironment): CardMaker<NetworkLink> {
  return {
    spawn: async (options) => {
      const flowLogFolder = join(dirname(options.logFile), 'flow-logs');
      const card = { ...cardOptions, flowLogFolder, environment };
      return startSlotNetworkCard({ ...options, card });
    },
    link: linkTo,
  };
}

function linkTo(process: ProcessIdentity, bus: CardBus): NetworkLink {
  return {
    ...processLink(process, bus),
    interfaces: async (scope) => bus.interfaces(scope),
    addInterface: async ({ interface: id, slot }, scope) =>
      bus.addInterface({ interface: id, index: slot, pairs: offeredPairs, slot }, scope),
    removeInterface: async (index, scope) => bus.removeInterface(index, scope),
    setPolicy: async (policy, scope) => bus.setPolicy(policy, scope),
    trace: async (question, scope) => bus.trace(question, scope),
    counters: async (index, scope) => bus.interfaceCounters(index, scope),
    serviceCounters: async (scope) => bus.serviceCounters(scope),
    flowLogs: async (scope) => bus.flowLogs(scope),
    uplinks: async (scope) => bus.uplinks(scope),
    startCapture: async (options, scope) => bus.startCapture(options, scope),
    readCapture: async (capture, offset, scope) => bus.readCapture(capture, offset, scope),
    stopCapture: async (capture, scope) => bus.stopCapture(capture, scope),
  };
}
