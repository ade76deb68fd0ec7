// SPDX-License-Identifier: Apache-2.0

// A network card in this process: what `argon serve network` runs.

import type { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { PollMode } from '../native/addons.ts';
import { fromNative, native } from '../native/error-kind.ts';
import type {
  InterfaceCounters,
  NativeInterfaceOptions,
  NativeNetworkCard,
  NetworkAddon,
} from '../native/network-addon.ts';
import type { CardNetwork } from '../network/card-network.ts';
import type { UplinkState } from './bus/interfaces.ts';
import { logNative } from './native-log.ts';
import { type NetworkServices, startNetworkServices } from './network-services.ts';
import { type NetworkWatch, watchOf } from './network-watch.ts';
import { Uplinks } from './uplinks.ts';

export interface NetworkCardOptions {
  readonly pollMode: PollMode;
  /** CPUs for the data thread; none: any. */
  readonly cpus: readonly number[];
  /** The card's end of the backplane's slot channel, which it takes over. */
  readonly backplaneFd?: number;
}

export interface NetworkCard extends NetworkWatch, AsyncDisposable {
  /** Serves an interface; front ends can connect when this returns. */
  addInterface(options: NativeInterfaceOptions): Promise<void>;
  removeInterface(index: number): Promise<void>;
  /**
   * Puts what compilePolicy() made in the place of the policy before, or of the cables.
   * @throws ArgonError data-loss if it is not whole; then all is as before.
   */
  setPolicy(policy: Uint8Array): Promise<void>;
  /**
   * A policy, what the services say under it, and its uplinks. Returns why some of these are not
   * there; they are tried again, and all else is in force.
   * @throws ArgonError as setPolicy() does; then the services answer as before, too.
   */
  setNetwork(network: CardNetwork): Promise<readonly ArgonError[]>;
  /** DHCP, DNS and time answer from the first setNetwork() on; services over TCP when opened. */
  readonly services: NetworkServices;
  /** What has become of the uplinks of the last setNetwork(). */
  uplinks(): readonly UplinkState[];
  counters(index: number): Promise<InterfaceCounters>;
}

const takenHint = 'give each interface a socket path of its own; at one in use a process listens';

export function startNetworkCard(
  addon: NetworkAddon,
  options: NetworkCardOptions,
  logger: Logger,
): NetworkCard {
  const card = construct(addon, options, logger);
  const services = startNetworkServices({
    card,
    setHopLimit: (fd, hopLimit) => {
      addon.setHopLimit(fd, hopLimit);
    },
  });
  const uplinks = new Uplinks(card, logger);
  return {
    services,
    setNetwork: async ({ policy, services: records, uplinks: devices = [] }) => {
      await uplinks.close(devices);
      await native(card.setPolicy({ policy }));
      services.setRecords(records);
      return uplinks.open(devices);
    },
    addInterface: async (served) => native(card.addInterface(served), takenHint),
    removeInterface: async (index) => native(card.removeInterface(index)),
    setPolicy: async (policy) => native(card.setPolicy({ policy })),
    uplinks: () => uplinks.states(),
    counters: async (index) => native(card.counters(index)),
    ...watchOf(card),
    [Symbol.asyncDispose]: async () => {
      await uplinks[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
      await native(card.stop());
    },
  };
}

function construct(
  addon: NetworkAddon,
  options: NetworkCardOptions,
  logger: Logger,
): NativeNetworkCard {
  try {
    return new addon.NetworkCard(options, (level, object, message) => {
      logNative(logger, level, object, message);
    });
  } catch (thrown) {
    throw fromNative(thrown);
  }
}
