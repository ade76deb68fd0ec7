// SPDX-License-Identifier: Apache-2.0

// A network card in this process: what `argon serve network` runs.

import type { Logger } from '../base/log.ts';
import type { PollMode } from '../native/addons.ts';
import { fromNative, native } from '../native/error-kind.ts';
import type {
  InterfaceCounters,
  NativeInterfaceOptions,
  NativeNetworkCard,
  NetworkAddon,
} from '../native/network-addon.ts';
import { logNative } from './native-log.ts';

export interface NetworkCardOptions {
  readonly pollMode: PollMode;
  /** CPUs for the data thread; none: any. */
  readonly cpus: readonly number[];
}

export interface NetworkCard extends AsyncDisposable {
  /** Serves an interface; front ends can connect when this returns. */
  addInterface(options: NativeInterfaceOptions): Promise<void>;
  removeInterface(index: number): Promise<void>;
  /**
   * Puts what compilePolicy() made in the place of the policy before, or of the cables.
   * @throws ArgonError data-loss if it is not whole; then all is as before.
   */
  setPolicy(policy: Uint8Array): Promise<void>;
  counters(index: number): Promise<InterfaceCounters>;
}

const takenHint = 'give each interface a socket path of its own; at one in use a process listens';

export function startNetworkCard(
  addon: NetworkAddon,
  options: NetworkCardOptions,
  logger: Logger,
): NetworkCard {
  const card = construct(addon, options, logger);
  return {
    addInterface: async (served) => native(card.addInterface(served), takenHint),
    removeInterface: async (index) => native(card.removeInterface(index)),
    setPolicy: async (policy) => native(card.setPolicy({ policy })),
    counters: async (index) => native(card.counters(index)),
    [Symbol.asyncDispose]: async () => native(card.stop()),
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
