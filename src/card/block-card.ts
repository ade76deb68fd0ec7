// SPDX-License-Identifier: Apache-2.0

// A block card in this process: what `argon serve block` and a card process run.

import { ArgonError, assertNever } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type {
  BlockAddon,
  NativeBlockCard,
  NativeCipher,
  NativeDeviceOptions,
  NativeLogLevel,
  NativeStore,
  PollMode,
  QueueCounters,
} from '../native/addons.ts';
import { fromNative, native } from '../native/error-kind.ts';

export interface BlockCardOptions {
  readonly workers: number;
  readonly pollMode: PollMode;
  /** CPUs for the workers; none: any. */
  readonly cpus: readonly number[];
}

export type StoreOptions = NativeStore;
export type CipherOptions = NativeCipher;
export type DeviceOptions = NativeDeviceOptions;

export interface BlockCard extends AsyncDisposable {
  /** Opens the store and serves it; front ends can connect when this returns. */
  addDevice(options: DeviceOptions): Promise<number>;
  /** Ends the session, flushes and closes the store. */
  removeDevice(id: number): Promise<void>;
  counters(id: number): Promise<readonly QueueCounters[]>;
}

export function startBlockCard(
  addon: BlockAddon,
  options: BlockCardOptions,
  logger: Logger,
): BlockCard {
  const card = construct(addon, options, logger);
  return {
    addDevice: async (device) => addDevice(card, device),
    removeDevice: async (id) => native(card.removeDevice(id)),
    counters: async (id) => native(card.counters(id)),
    [Symbol.asyncDispose]: async () => native(card.stop()),
  };
}

async function addDevice(card: NativeBlockCard, device: DeviceOptions): Promise<number> {
  try {
    return await card.addDevice(device);
  } catch (thrown) {
    throw fromNative(thrown, hintFor(device, ArgonError.from(thrown).message));
  }
}

function construct(addon: BlockAddon, options: BlockCardOptions, logger: Logger): NativeBlockCard {
  try {
    return new addon.BlockCard(options, (level, object, message) => {
      logAt(logger, level, object, message);
    });
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

function logAt(logger: Logger, level: NativeLogLevel, object: string, message: string): void {
  switch (level) {
    case 0:
      logger.debug({ object }, message);
      return;
    case 1:
      logger.info({ object }, message);
      return;
    case 2:
      logger.warn({ object }, message);
      return;
    case 3:
      logger.error({ object }, message);
      return;
  }
  assertNever(level);
}

// Native messages name the path that the failure is about.
function hintFor(device: DeviceOptions, message: string): string | undefined {
  const { socketPath, store, cipher } = device;
  if (message.includes(socketPath)) {
    return 'give the socket another path; at one in use a process listens';
  }
  if (cipher.kind === 'volume-key') {
    if (message.includes(cipher.masterKeyPath)) {
      return `it must be the master key that Argon made; chmod 600 ${cipher.masterKeyPath}`;
    }
    if (message.includes(cipher.mapPath)) {
      return "put this volume's own allocation map back: without it no data is told from noise";
    }
    if (message.includes('wrapped key')) {
      return 'put back the wrapped key of this volume and the master key that it was made under';
    }
  }
  return store.kind === 'file'
    ? 'see that the file is there, has the right size and is not in use by another process'
    : undefined;
}
