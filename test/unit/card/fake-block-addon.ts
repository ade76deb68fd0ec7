// SPDX-License-Identifier: Apache-2.0

// A block addon without its native side: it keeps what it was given and answers as the test says.

import type {
  BlockAddon,
  FaultState,
  HistogramValues,
  LimitLevel,
  NativeBlockCard,
  NativeDeviceOptions,
  NativeLogLevel,
  PollMode,
  QueueCounters,
  QueueMetrics,
  WorkerMetrics,
} from '../../../src/native/addons.ts';
import { abiVersion } from '../../../src/native/binding.ts';
import { errorKinds } from '../../../src/native/error-kind.ts';
import { nativeError } from '../fake-host.ts';

export const noCounters: QueueCounters = {
  reads: 0n,
  readBytes: 0n,
  writes: 0n,
  writtenBytes: 0n,
  flushes: 0n,
  discards: 0n,
  discardedBytes: 0n,
  writeZeroes: 0n,
  zeroedBytes: 0n,
  failures: 0n,
  malformedChains: 0n,
  kicks: 0n,
  calls: 0n,
};

const noValues: HistogramValues = { count: 0, sum: 0, max: 0, buckets: [] };

export const noMetrics: QueueMetrics = {
  ...noCounters,
  inFlight: 0n,
  oldestNs: 0n,
  chainsPerRound: noValues,
  answersPerPublish: noValues,
  latencyNs: {
    read: noValues,
    write: noValues,
    flush: noValues,
    discard: noValues,
    writeZeroes: noValues,
  },
  stageNs: { wait: noValues, crypto: noValues, device: noValues, complete: noValues },
};

export const idleWorker: WorkerMetrics = {
  busyRounds: 0n,
  pollHits: 0n,
  pollMisses: 0n,
  sleeps: 1n,
  measuredRequests: 0n,
  stageTicks: { ring: 0n, store: 0n, crypto: 0n, complete: 0n },
  ticksPerSecond: 2_000_000_000n,
};

type OnLog = (level: NativeLogLevel, object: string, message: string) => void;

interface CardStart {
  readonly workers: number;
  readonly pollMode: PollMode;
  readonly cpus: readonly number[];
}

export class FakeBlockAddon implements BlockAddon {
  readonly abiVersion = abiVersion;
  readonly errorKinds = errorKinds;
  readonly BlockCard: BlockAddon['BlockCard'];
  /** What cards were started with. */
  readonly starts: CardStart[] = [];
  /** Every call on a card, in order: `addDevice`, `stop` … */
  readonly calls: string[] = [];
  readonly devices = new Map<number, NativeDeviceOptions>();
  /** Thrown by the constructor, or rejected with by addDevice. */
  startFailure: Error | undefined;
  addFailure: Error | undefined;
  /** Thrown by what changes limits and faults. */
  controlFailure: Error | undefined;
  levels: LimitLevel[] = [];
  rules: FaultState[] = [];
  /** Awaited by addDevice. */
  addGate: Promise<void> = Promise.resolve();
  /** Writes a log line as native code does. */
  onLog: OnLog = () => {};

  constructor() {
    this.BlockCard = fakeClass(this);
  }

  start(options: CardStart, onLog: OnLog): NativeBlockCard {
    if (this.startFailure !== undefined) throw this.startFailure;
    this.starts.push(options);
    this.onLog = onLog;
    return {
      addDevice: async (device) => {
        this.calls.push('addDevice');
        await this.addGate;
        if (this.addFailure !== undefined) throw this.addFailure;
        const id = this.devices.size + 1;
        this.devices.set(id, device);
        return id;
      },
      growStore: async (id, sizeBytes) => this.#grow(`growStore ${id} ${sizeBytes}`),
      growDevice: async (id, sizeBytes) => this.#grow(`growDevice ${id} ${sizeBytes}`),
      removeDevice: async (id) => {
        this.calls.push('removeDevice');
        if (!this.devices.delete(id)) throw nativeError('not-found', 'there is no such device');
      },
      metrics: async (id) => {
        this.calls.push('metrics');
        const queues = this.devices.has(id) ? [{ ...noMetrics, writes: 2n ** 64n - 1n }] : [];
        return { queues, workers: [idleWorker] };
      },
      counters: async (id) => {
        this.calls.push('counters');
        return this.devices.has(id) ? [{ ...noCounters, reads: 2n ** 64n - 1n }] : [];
      },
      setLimits: ({ scope, name, limits }) => {
        this.#control(`setLimits ${scope} ${name}`);
        const others = this.levels.filter((level) => level.scope !== scope || level.name !== name);
        this.levels = [...others, { ...noDelays, scope, name, limits }];
      },
      limits: () => this.levels,
      addFault: (id, rule) => {
        this.#control(`addFault ${id}`);
        this.rules.push({ id: this.rules.length + 1, rule, matches: 0n, hits: 0n });
        return this.rules.length;
      },
      removeFault: (id, rule) => {
        this.#control(`removeFault ${id} ${rule}`);
      },
      clearFaults: (id) => {
        this.#control(`clearFaults ${id}`);
        this.rules = [];
      },
      releaseFaults: (id) => {
        this.#control(`releaseFaults ${id}`);
      },
      faults: (id) => {
        this.#control(`faults ${id}`);
        return this.rules;
      },
      cutPower: async (id, { seed }) => {
        this.#control(`cutPower ${id} ${seed}`);
        return { pending: 4n, kept: 2n, torn: 1n, lost: 1n };
      },
      restorePower: async (id) => {
        this.#control(`restorePower ${id}`);
      },
      stop: async () => {
        this.calls.push('stop');
      },
    };
  }

  async #grow(call: string): Promise<void> {
    this.calls.push(call);
    await Promise.resolve();
  }

  #control(call: string): void {
    if (this.controlFailure !== undefined) throw this.controlFailure;
    this.calls.push(call);
  }
}

const noDelays = {
  delayedRequests: 0n,
  delayNs: 0n,
  exceededOperationsNs: 0n,
  exceededBytesNs: 0n,
};

// What a constructor returns, `new` gives.
function fakeClass(addon: FakeBlockAddon): BlockAddon['BlockCard'] {
  return function construct(options: CardStart, onLog: OnLog) {
    return addon.start(options, onLog);
  } as unknown as BlockAddon['BlockCard'];
}
