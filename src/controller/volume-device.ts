// SPDX-License-Identifier: Apache-2.0

import { ArgonError } from '../base/errors.ts';
import type { DeviceOptions } from '../card/bus/messages.ts';
import type { KeyService } from '../keys/key-service.ts';
import type { NativeCipher } from '../native/addons.ts';
import type { VolumeRecord } from '../volume/volume-record.ts';
import type { VolumeStore } from '../volume/volume-store.ts';

/** What a card needs to serve a volume at a socket. */
export function deviceOfVolume(
  record: VolumeRecord,
  volumes: Pick<VolumeStore, 'paths'>,
  keys: KeyService,
  serving: Omit<DeviceOptions, 'id' | 'store' | 'cipher'>,
): DeviceOptions {
  const paths = volumes.paths(record.id);
  return {
    id: record.id,
    ...serving,
    store: {
      kind: 'file',
      path: paths.data,
      caching: 'auto',
      expectedBytes: BigInt(record.sizeBytes),
    },
    cipher: cipherOf(record, paths.map, keys),
  };
}

function cipherOf(record: VolumeRecord, mapPath: string, keys: KeyService): NativeCipher {
  if (record.cipher === 'none') return { kind: 'none' };
  if (record.wrappedKey === undefined) {
    throw new ArgonError('data-loss', `volume ${record.id} has no key`);
  }
  const { masterKeyPath, wrappedKey } = keys.grant(record.wrappedKey);
  return { kind: 'volume-key', masterKeyPath, wrappedKey, mapPath };
}
