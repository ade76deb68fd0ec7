// SPDX-License-Identifier: Apache-2.0

// A block card in this process: what `argon serve block` and a card process run.

import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type {
  BlockAddon,
  DeviceMetrics,
  FaultRule,
  FaultState,
  LimitLevel,
  LimitScope,
  LimitSet,
  NativeBlockCard,
  NativeCipher,
  NativeDeviceOptions,
  NativeStore,
  PollMode,
  PowerCut,
  QueueCounters,
} from '../native/addons.ts';
import { fromNative, native } from '../native/error-kind.ts';
import { logNative } from './native-log.ts';

export interface BlockCardOptions {
  readonly workers: number;
  readonly pollMode: PollMode;
  /** CPUs for the workers; none: any. */
  readonly cpus: readonly number[];
}

/** What a card needs of its surroundings, beside what it is asked for. */
export interface BlockCardSurroundings {
  /** The card's end of the backplane's slot channel, which it takes over. */
  readonly backplaneFd?: number;
  /** Memory for counters that others read, which it takes over. */
  readonly counterFd?: number;
}

export type StoreOptions = NativeStore;
export type CipherOptions = NativeCipher;
export type DeviceOptions = NativeDeviceOptions;

/** What can be done to devices that were given controls, while they are served. */
export interface CardControls {
  counters(id: number): Promise<readonly QueueCounters[]>;
  /** Those with gauges and histograms, and what all workers counted. */
  metrics(id: number): Promise<DeviceMetrics>;
  /** Makes a device's store larger, for a size that is written down before it is announced. */
  growStore(id: number, sizeBytes: bigint): Promise<void>;
  /** Makes a device larger; its driver is told. */
  growDevice(id: number, sizeBytes: bigint): Promise<void>;
  setLimits(scope: LimitScope, name: string, limits: LimitSet): void;
  limits(): readonly LimitLevel[];
  addFault(id: number, rule: FaultRule): number;
  removeFault(id: number, rule: number): void;
  clearFaults(id: number): void;
  releaseFaults(id: number): void;
  faults(id: number): readonly FaultState[];
  /** Ends when what survives is on the disk. */
  cutPower(id: number, seed: bigint): Promise<PowerCut>;
  restorePower(id: number): Promise<void>;
}

export interface BlockCard extends CardControls, AsyncDisposable {
  /** Opens the store and serves it; front ends can connect when this returns. */
  addDevice(options: DeviceOptions): Promise<number>;
  /** Ends the session, flushes and closes the store. */
  removeDevice(id: number): Promise<void>;
}

export function startBlockCard(
  addon: BlockAddon,
  options: BlockCardOptions,
  logger: Logger,
  surroundings: BlockCardSurroundings = {},
): BlockCard {
  const card = construct(addon, options, logger, surroundings);
  return {
    addDevice: async (device) => addDevice(card, device),
    removeDevice: async (id) => native(card.removeDevice(id)),
    growStore: async (id, sizeBytes) => native(card.growStore(id, sizeBytes)),
    growDevice: async (id, sizeBytes) => native(card.growDevice(id, sizeBytes)),
    counters: async (id) => native(card.counters(id)),
    metrics: async (id) => native(card.metrics(id)),
    setLimits: (scope, name, limits) => direct(() => card.setLimits({ scope, name, limits })),
    limits: () => card.limits(),
    addFault: (id, rule) => direct(() => card.addFault(id, rule)),
    removeFault: (id, rule) => direct(() => card.removeFault(id, rule)),
    clearFaults: (id) => direct(() => card.clearFaults(id)),
    releaseFaults: (id) => direct(() => card.releaseFaults(id)),
    faults: (id) => direct(() => card.faults(id)),
    cutPower: async (id, seed) => hinted(card.cutPower(id, { seed })),
    restorePower: async (id) => hinted(card.restorePower(id)),
    [Symbol.asyncDispose]: async () => native(card.stop()),
  };
}

function direct<Value>(call: () => Value): Value {
  try {
    return call();
  } catch (thrown) {
    throw withHint(thrown);
  }
}

async function hinted<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    throw withHint(thrown);
  }
}

// For a device that was not given what it would take.
function withHint(thrown: unknown): ArgonError {
  const error = fromNative(thrown);
  const hint = 'argon serve block takes --faults for rules and --power for power cuts';
  return error.code === 'unimplemented' ? fromNative(thrown, hint) : error;
}

async function addDevice(card: NativeBlockCard, device: DeviceOptions): Promise<number> {
  try {
    return await card.addDevice(device);
  } catch (thrown) {
    throw fromNative(thrown, hintFor(device, ArgonError.from(thrown).message));
  }
}

function construct(
  addon: BlockAddon,
  options: BlockCardOptions,
  logger: Logger,
  surroundings: BlockCardSurroundings,
): NativeBlockCard {
  try {
    return new addon.BlockCard({ ...options, ...surroundings }, (level, object, message) => {
      logNative(logger, level, object, message);
    });
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

// Native messages name the path that the failure is about.
function hintFor(device: DeviceOptions, message: string): string | undefined {
  const { socketPath, store, cipher } = device;
  if (socketPath !== undefined && message.includes(socketPath)) {
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
