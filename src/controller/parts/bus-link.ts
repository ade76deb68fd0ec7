// SPDX-License-Identifier: Apache-2.0

// What the buses of all kinds of cards have in common.

import { deadlineSignal } from '../../base/deadline.ts';
import type { CardBus } from '../../card/bus/client.ts';
import { slotChannelFlag } from '../../card/bus/frames.ts';
import type { ProcessIdentity } from '../model.ts';
import { cardStopTimeoutMs, type ProcessLink } from './card-link.ts';
import { killProcess, waitForEnd } from './process-identity.ts';

/** The process at the other end of a bus, which is the link's from now on. */
export function processLink(process: ProcessIdentity, bus: CardBus): ProcessLink {
  const kill = async (): Promise<void> => {
    bus.end();
    await killProcess(process, slotChannelFlag);
  };
  return {
    process,
    lost: untilLost(bus),
    ping: async (scope) => bus.ping(scope),
    stop: async () => {
      bus.end();
      try {
        await waitForEnd(process, { signal: deadlineSignal(cardStopTimeoutMs) });
      } catch {
        await kill();
      }
    },
    kill,
    abandon: () => {
      bus.close();
    },
  };
}

async function untilLost(bus: CardBus): Promise<string> {
  await bus.closed;
  return 'its bus was closed';
}
