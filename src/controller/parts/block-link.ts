// SPDX-License-Identifier: Apache-2.0

// Block cards as the host launches them, and their buses.

import { startSlotCard } from '../../card/bus/card-process.ts';
import type { CardBus } from '../../card/bus/client.ts';
import type { ServedDeviceOptions } from '../../card/bus/messages.ts';
import type { KeyService } from '../../keys/key-service.ts';
import type { NativeCounterReader } from '../../native/addons.ts';
import type { VolumeStore } from '../../volume/volume-store.ts';
import type { Attachment, ProcessIdentity } from '../model.ts';
import { deviceOfVolume } from '../volume-device.ts';
import { processLink } from './bus-link.ts';
import type { CardMaker } from './card-launcher.ts';
import type { CardLink } from './card-link.ts';

export interface BlockCardNeeds {
  readonly volumes: VolumeStore;
  readonly keys: KeyService;
}

// Guests share the host's cores with their cards.
const cardOptions = { workers: 1, pollMode: 'off', cpus: [] } as const;
// More than a guest here has CPUs, each of which gets a queue of its own.
const offeredQueues = 16;

/** How block cards are made. */
export function blockCardMaker(needs: BlockCardNeeds): CardMaker<CardLink> {
  return {
    spawn: async (options) => startSlotCard({ ...options, card: cardOptions }),
    link: (process, bus, counters) => blockLink(process, bus, counters, needs),
  };
}

async function describe(
  { volume, slot, instance, isReadOnly, standIn }: Attachment,
  { volumes, keys }: BlockCardNeeds,
): Promise<ServedDeviceOptions> {
  const serving = {
    slot,
    isReadOnly,
    queues: offeredQueues,
    blockBytes: 512, // Firmware boots from nothing else.
    memoryPolicy: 'sealed',
    controls: { guest: instance, hasFaults: true, hasPower: false, seed: 1n },
  } as const;
  if (standIn !== undefined) {
    const store = { kind: 'broken', sizeBytes: standIn.sizeBytes } as const;
    return { id: volume, ...serving, store, cipher: { kind: 'none' } };
  }
  return deviceOfVolume(await volumes.get(volume), volumes, keys, serving);
}

function blockLink(
  process: ProcessIdentity,
  bus: CardBus,
  counters: NativeCounterReader | undefined,
  needs: BlockCardNeeds,
): CardLink {
  return {
    ...processLink(process, bus),
    devices: async (scope) => bus.devices(scope),
    addDevice: async (attachment, scope) => bus.addDevice(await describe(attachment, needs), scope),
    removeDevice: async (id, scope) => bus.removeDevice(id, scope),
    growStore: async (id, size, scope) => bus.growStore(id, size, scope),
    growDevice: async (id, size, scope) => bus.growDevice(id, size, scope),
    setLimits: async (level, scope) => bus.setLimits(level, scope),
    addFault: async (id, rule, scope) => bus.addFault(id, rule, scope),
    removeFault: async (id, fault, scope) => bus.removeFault(id, fault, scope),
    releaseFaults: async (id, scope) => bus.releaseFaults(id, scope),
    faults: async (id, scope) => bus.faults(id, scope),
    metrics: async (id, scope) => bus.metrics(id, scope),
    readCounters: (volume) => {
      try {
        return counters?.read(volume);
      } catch {
        return undefined; // The card has no room for it there, or has written nonsense.
      }
    },
  };
}
