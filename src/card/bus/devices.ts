// SPDX-License-Identifier: Apache-2.0

// Devices as they go over the card bus, and as native code takes them.

import type { AddDevice } from '../../api/generated/argon/card/v1/card-bus.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseInteger } from '../../base/parse.ts';
import { parseVolumeId } from '../../base/volume-id.ts';
import type { CipherOptions, DeviceOptions, StoreOptions } from '../block-card.ts';
import { cachings, memoryPolicies, wordOf } from './words.ts';

/** A device, and where the card is to offer its controls, if it is. */
export type ServedDeviceOptions = DeviceOptions & { readonly controlPath?: string };

export function deviceToWire(device: ServedDeviceOptions): Init<AddDevice> {
  const { id, queues, blockBytes, isReadOnly, memoryPolicy, controls, controlPath = '' } = device;
  return {
    volume: id,
    queues,
    blockBytes,
    isReadOnly,
    socketPath: device.socketPath,
    slot: device.slot,
    memoryPolicy: memoryPolicies[memoryPolicy],
    ...storeToWire(device.store),
    ...cipherToWire(device.cipher),
    controls,
    controlPath,
  };
}

function storeToWire(store: StoreOptions): Init<AddDevice> {
  if (store.kind !== 'file') {
    const { kind, sizeBytes } = store;
    if (kind === 'broken') return { brokenStore: { sizeBytes } };
    return kind === 'null' ? { nullStore: { sizeBytes } } : { memoryStore: { sizeBytes } };
  }
  const { path, caching, expectedBytes } = store;
  return { fileStore: { path, caching: cachings[caching], expectedBytes } };
}

function cipherToWire(cipher: CipherOptions): Init<AddDevice> {
  if (cipher.kind !== 'volume-key') {
    return cipher.kind === 'none' ? { noCipher: {} } : { throwawayKey: {} };
  }
  const { masterKeyPath, wrappedKey, mapPath } = cipher;
  return { volumeKey: { masterKeyPath, wrappedKey, mapPath } };
}

/** @throws ArgonError invalid-argument. */
export function deviceFromWire(message: AddDevice): ServedDeviceOptions {
  const { queues, isReadOnly, socketPath, slot, controls, controlPath } = message;
  return {
    // Native code takes a volume's id for granted where it has a key.
    id: parseVolumeId(message.volume),
    queues,
    blockBytes: parseBlockBytes(message.blockBytes, 'block_bytes'),
    isReadOnly,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(slot === undefined ? {} : { slot }),
    memoryPolicy: wordOf(memoryPolicies, message.memoryPolicy),
    store: storeFromWire(message),
    cipher: cipherFromWire(message),
    ...(controls === undefined ? {} : { controls }),
    ...(controlPath === '' ? {} : { controlPath }),
  };
}

function storeFromWire({
  nullStore,
  memoryStore,
  fileStore,
  brokenStore,
}: AddDevice): StoreOptions {
  if (fileStore !== undefined) {
    const { path, caching, expectedBytes } = fileStore;
    return { kind: 'file', path, caching: wordOf(cachings, caching), expectedBytes };
  }
  if (brokenStore !== undefined) return { kind: 'broken', sizeBytes: brokenStore.sizeBytes };
  if (nullStore !== undefined) return { kind: 'null', sizeBytes: nullStore.sizeBytes };
  if (memoryStore !== undefined) return { kind: 'memory', sizeBytes: memoryStore.sizeBytes };
  throw new ArgonError('invalid-argument', 'a device without a store');
}

function cipherFromWire({ throwawayKey, volumeKey, noCipher }: AddDevice): CipherOptions {
  if (volumeKey !== undefined) return { kind: 'volume-key', ...volumeKey };
  if (throwawayKey !== undefined) return { kind: 'throwaway-key' };
  if (noCipher !== undefined) return { kind: 'none' };
  throw new ArgonError('invalid-argument', 'a device without a cipher');
}

/** @throws ArgonError invalid-argument if it is no size of a logical block. */
export function parseBlockBytes(value: unknown, what: string): 512 | 4096 {
  const bytes = parseInteger(value, what, { min: 512, max: 4096 });
  if (bytes !== 512 && bytes !== 4096) {
    throw new ArgonError('invalid-argument', `${what} is ${bytes}, and can be 512 or 4096`);
  }
  return bytes;
}
