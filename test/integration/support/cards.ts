// SPDX-License-Identifier: Apache-2.0

// Devices of cards that tests start without the command line.

import { join } from 'node:path';

import { parseVolumeId } from '../../../src/base/volume-id.ts';
import type { CardProcess } from '../../../src/card/bus/card-process.ts';
import { deviceOfVolume } from '../../../src/controller/volume-device.ts';
import type {
  BlockAddon,
  NativeBlockCard,
  NativeDeviceOptions,
} from '../../../src/native/addons.ts';
import { openVolumes } from './volumes.ts';

/** A megabyte of memory at a socket of the folder. */
export function memoryDevice(
  folder: string,
  changes: Partial<NativeDeviceOptions> = {},
): NativeDeviceOptions & { readonly socketPath: string } {
  const socketPath = join(folder, 'b.sock');
  return {
    id: 'vol0123456789abcdef0',
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    memoryPolicy: 'sealed',
    store: { kind: 'memory', sizeBytes: 1_048_576n },
    cipher: { kind: 'none' },
    ...changes,
    socketPath: changes.socketPath ?? socketPath,
  };
}

/** A native card in this process whose log goes nowhere. */
export function startNativeCard(addon: BlockAddon, workers = 1): NativeBlockCard {
  return new addon.BlockCard({ workers, pollMode: 'off', cpus: [] }, () => {});
}

/** Has a card serve a volume of a state folder at `b.sock` of another folder. */
export async function serveVolume(
  card: CardProcess,
  { state, volumeId, folder }: Readonly<Record<'state' | 'volumeId' | 'folder', string>>,
): Promise<number> {
  const { volumes, keys } = await openVolumes(state);
  const record = await volumes.get(parseVolumeId(volumeId));
  const serving = {
    socketPath: join(folder, 'b.sock'),
    queues: 1,
    blockBytes: 512,
    isReadOnly: false,
    memoryPolicy: 'sealed',
  } as const;
  const signal = AbortSignal.timeout(40_000);
  return await card.addDevice(deviceOfVolume(record, volumes, keys, serving), { signal });
}
