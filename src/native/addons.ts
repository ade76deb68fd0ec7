// SPDX-License-Identifier: Apache-2.0

// The shape of the addons, as native/addon exports it; network-addon.ts has the network card's.
// Arguments cross as plain options objects; sizes and offsets are bigints.

import type { NetLoadOptions, NetLoadResult } from './net-load.ts';

export interface AddonCommon {
  /** Compared with what binding.ts expects when an addon is loaded. */
  readonly abiVersion: string;
  readonly errorKinds: readonly string[];
}

export type PollMode = 'off' | 'adaptive' | 'always';
export type NativeLogLevel = 0 | 1 | 2 | 3; // debug, info, warn, error

export type NativeStore =
  | { readonly kind: 'null' | 'memory' | 'broken'; readonly sizeBytes: bigint }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly caching: 'auto' | 'cached';
      /** The size that the file must have, or 0. */
      readonly expectedBytes: bigint;
    };

export type NativeCipher =
  | { readonly kind: 'none' | 'throwaway-key' }
  | {
      readonly kind: 'volume-key';
      readonly masterKeyPath: string;
      readonly wrappedKey: Uint8Array;
      readonly mapPath: string;
    };

export interface NativeDeviceOptions {
  /** The volume's id, which is also the driver's serial number: at most 20 bytes. */
  readonly id: string;
  readonly queues: number;
  /** The logical block that drivers see. */
  readonly blockBytes: 512 | 4096;
  readonly isReadOnly: boolean;
  /** Where front ends connect. A device has either this or a slot. */
  readonly socketPath?: string;
  /** Which slot of the backplane it serves; waits some time for the backplane to offer it. */
  readonly slot?: number;
  readonly memoryPolicy: 'sealed' | 'any';
  readonly store: NativeStore;
  readonly cipher: NativeCipher;
  /** Without it the device has neither limits nor faults, and nothing in its way to the store. */
  readonly controls?: DeviceControls;
}

export interface DeviceControls {
  /** The guest whose limits the volume shares; empty: none. */
  readonly guest: string;
  readonly hasFaults: boolean;
  /** Power cuts, with a volatile write cache over the disk. */
  readonly hasPower: boolean;
  readonly seed: bigint;
}

export type LimitScope = 'host' | 'guest' | 'volume';
export type LimitName =
  | 'readOperations'
  | 'writeOperations'
  | 'totalOperations'
  | 'readBytes'
  | 'writeBytes'
  | 'totalBytes';

export interface Limit {
  /** 0: no limit. */
  readonly perSecond: bigint;
  readonly burst: bigint;
}
export type LimitSet = Readonly<Record<LimitName, Limit>>;

/** The limits of the host, of a guest or of a volume, and how long requests waited for them. */
export interface LimitLevel {
  readonly scope: LimitScope;
  readonly name: string;
  readonly limits: LimitSet;
  readonly delayedRequests: bigint;
  readonly delayNs: bigint;
  readonly exceededOperationsNs: bigint;
  readonly exceededBytesNs: bigint;
}

export type FaultAction =
  | 'error'
  | 'no-space'
  | 'delay'
  | 'hang'
  | 'short'
  | 'torn'
  | 'flip'
  | 'lose-flush';

export interface FaultDelay {
  readonly shape: 'fixed' | 'uniform' | 'exponential' | 'normal';
  /** Fixed: the delay. Uniform: the least. Exponential, normal: the mean. */
  readonly baseNs: bigint;
  /** Uniform: the most. Normal: the standard deviation. */
  readonly spreadNs: bigint;
}

export interface FaultRule {
  readonly layer: 'device' | 'disk';
  /** Bits: read 1, write 2, flush 4, discard 8, write zeroes 16. */
  readonly operations: number;
  readonly firstByte: bigint;
  readonly endByte: bigint;
  /** 0: each, as for `every`; and for `times`: without end. */
  readonly nth: bigint;
  readonly every: bigint;
  readonly times: bigint;
  readonly chancePpm: number;
  readonly action: FaultAction;
  readonly delay: FaultDelay;
}

export interface FaultState {
  readonly id: number;
  readonly rule: FaultRule;
  /** Requests that the rule was for, and those for which it fired. */
  readonly matches: bigint;
  readonly hits: bigint;
}

/** What a power cut did, in writes that no flush had covered. */
export interface PowerCut {
  readonly pending: bigint;
  readonly kept: bigint;
  readonly torn: bigint;
  readonly lost: bigint;
}

/** What one ring has done since its device was added. */
export interface QueueCounters {
  readonly reads: bigint;
  readonly readBytes: bigint;
  readonly writes: bigint;
  readonly writtenBytes: bigint;
  readonly flushes: bigint;
  readonly discards: bigint;
  readonly discardedBytes: bigint;
  readonly writeZeroes: bigint;
  readonly zeroedBytes: bigint;
  readonly failures: bigint;
  readonly malformedChains: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
}

/** A histogram as it was read. Buckets are pairs: the largest value in it, and how many. */
export interface HistogramValues {
  readonly count: number;
  readonly sum: number;
  readonly max: number;
  readonly buckets: readonly (readonly [upperEnd: number, count: number])[];
}

export const requestKinds = ['read', 'write', 'flush', 'discard', 'writeZeroes'] as const;
export type RequestKind = (typeof requestKinds)[number];
export const waitStages = ['wait', 'crypto', 'device', 'complete'] as const;
export type WaitStage = (typeof waitStages)[number];
export const cpuStages = ['ring', 'store', 'crypto', 'complete'] as const;
export type CpuStage = (typeof cpuStages)[number];

/** A ring's counters with its gauges and histograms. */
export interface QueueMetrics extends QueueCounters {
  /** Now: chains that were taken and are not answered. */
  readonly inFlight: bigint;
  /** Now: for how long the oldest of them has been; 0 if there is none. */
  readonly oldestNs: bigint;
  readonly chainsPerRound: HistogramValues;
  readonly answersPerPublish: HistogramValues;
  /** From taken to answered, of every request that succeeded. */
  readonly latencyNs: Readonly<Record<RequestKind, HistogramValues>>;
  /** The parts of that time, of one request of many. */
  readonly stageNs: Readonly<Record<WaitStage, HistogramValues>>;
}

/** What a worker, which all devices of a card share, has done since it was started. */
export interface WorkerMetrics {
  readonly busyRounds: bigint;
  /** Times that looking on for a while found something, and did not. */
  readonly pollHits: bigint;
  readonly pollMisses: bigint;
  readonly sleeps: bigint;
  /** Requests in the rounds whose CPU time was measured, and that time by stage. */
  readonly measuredRequests: bigint;
  readonly stageTicks: Readonly<Record<CpuStage, bigint>>;
  readonly ticksPerSecond: bigint;
}

export interface DeviceMetrics {
  readonly queues: readonly QueueMetrics[];
  readonly workers: readonly WorkerMetrics[];
}

export interface NativeBlockCard {
  addDevice(options: NativeDeviceOptions): Promise<number>;
  removeDevice(id: number): Promise<void>;
  /** Makes the store larger; drivers see nothing of it yet. */
  growStore(id: number, sizeBytes: bigint): Promise<void>;
  /** Makes the store and the device larger, and tells the driver. */
  growDevice(id: number, sizeBytes: bigint): Promise<void>;
  counters(id: number): Promise<readonly QueueCounters[]>;
  /** No queues if there is no such device. */
  metrics(id: number): Promise<DeviceMetrics>;
  setLimits(request: {
    readonly scope: LimitScope;
    readonly name: string;
    readonly limits: LimitSet;
  }): void;
  /** The host first, then guests, then volumes. */
  limits(): readonly LimitLevel[];
  /** The number of the new rule. */
  addFault(id: number, rule: FaultRule): number;
  removeFault(id: number, rule: number): void;
  clearFaults(id: number): void;
  /** Starts what hangs. */
  releaseFaults(id: number): void;
  faults(id: number): readonly FaultState[];
  cutPower(id: number, options: { readonly seed: bigint }): Promise<PowerCut>;
  restorePower(id: number): Promise<void>;
  /** Removes all devices and ends the threads. The process can end only after this. */
  stop(): Promise<void>;
}

export interface BlockAddon extends AddonCommon {
  readonly BlockCard: new (
    options: {
      readonly workers: number;
      readonly pollMode: PollMode;
      readonly cpus: readonly number[];
      /** The card's end of the backplane's slot channel; the card's from now on. */
      readonly backplaneFd?: number;
      /** Memory for counters that others read; the card's from now on. */
      readonly counterFd?: number;
    },
    onLog: (level: NativeLogLevel, object: string, message: string) => void,
  ) => NativeBlockCard;
}

export interface CryptoRate {
  readonly cipher: string;
  readonly operation: string;
  readonly unitBytes: number;
  readonly bytesPerSecond: bigint;
}

export interface HostInspection {
  /** Empty if an io_uring can be made, else why not. */
  readonly uringProblem: string;
  readonly hasSecretMemory: boolean;
  /** How a store in the folder would be opened: `O_DIRECT` or `through the page cache`. */
  readonly storage: string;
}

/** A message of a stream of frames, and what travelled beside it. */
export interface FdFrame {
  readonly bytes: Uint8Array;
  /** Descriptors of this process. */
  readonly fds: readonly number[];
}

/** A connected unix socket that carries frames with descriptors; Node's own carry none. */
export interface NativeFdStream {
  /** Connects to a listening socket. Once, before anything else. */
  open(path: string): Promise<void>;
  /**
   * Sends a frame and waits for the one that answers it. Its descriptors stay the caller's and are
   * duplicated at once; those of the answer are the caller's too. After an error the stream is
   * closed, because nobody knows where a frame begins.
   */
  exchange(frame: FdFrame & { readonly timeoutMs: number }): Promise<FdFrame>;
  /** Harmless when closed; what is under way fails. */
  close(): void;
}

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Reads what the devices of a card count, and asks nobody for it. */
export interface NativeCounterReader {
  /** @throws not-found if no device of the id counts there. */
  read(id: string): DeviceMetrics;
}

export interface HostAddon extends AddonCommon {
  createMasterKey(path: string): Promise<void>;
  createVolumeKey(options: {
    readonly masterKeyPath: string;
    readonly volumeId: string;
  }): Promise<Uint8Array>;
  createMapFile(options: {
    readonly path: string;
    readonly unitCount: bigint;
    readonly volumeId: string;
  }): Promise<void>;
  /** Makes the files of a volume that nobody has open larger. `mapPath` is empty without a map. */
  growVolume(options: {
    readonly dataPath: string;
    readonly mapPath: string;
    readonly sizeBytes: bigint;
  }): Promise<void>;
  /** True if another process has the file open as a store. */
  isLocked(path: string): boolean;
  guardProcess(): void;
  /** Who is at the other end of a connected unix socket, as the kernel noted it at connect. */
  peerCredentials(fd: number): PeerCredentials;
  readonly FdStream: new () => NativeFdStream;
  /** Two descriptors, connected to each other: both are the caller's to close or to hand on. */
  createSocketPair(kind: 'stream' | 'seqpacket'): readonly [number, number];
  /** Memory for a card's counters, zero, whose size is sealed: the caller's to close. */
  createCounterMemory(): number;
  /** `fd` stays the caller's. @throws corrupt if no card of this release uses the memory. */
  readonly CounterReader: new (
    fd: number,
  ) => NativeCounterReader;
  /** Tries what a card needs. `folder` gets a small file for a moment. */
  inspectHost(folder: string): Promise<HostInspection>;
  measureCrypto(options: {
    readonly durationNs: bigint;
    readonly cpus: readonly number[];
  }): Promise<readonly CryptoRate[]>;
}

export interface FrontendInfo {
  readonly sizeBytes: bigint;
  readonly blockBytes: number;
  readonly queues: number;
  readonly segmentCountMax: number;
  readonly offeredFeatures: bigint;
  readonly features: bigint;
  readonly protocolFeatures: bigint;
}

export interface LoadOptions {
  readonly rw: 'read' | 'write' | 'randread' | 'randwrite';
  readonly wait: 'polling' | 'eventfd';
  readonly blockBytes: number;
  readonly depth: number;
  readonly durationNs: bigint;
  readonly warmupNs: bigint;
  /** How much of the device to use, from its start; 0: all of it. */
  readonly spanBytes: bigint;
  readonly seed: bigint;
  readonly cpus: readonly number[];
}

export interface LoadResult {
  readonly operationCount: bigint;
  readonly byteCount: bigint;
  readonly elapsedNs: bigint;
  readonly errorCount: bigint;
  readonly p50Ns: bigint;
  readonly p99Ns: bigint;
  readonly p999Ns: bigint;
  readonly maxNs: bigint;
  /** All latencies in nanoseconds: what HistogramSnapshot::toJson() says. */
  readonly latencyJson: string;
}

export interface ImageTotals {
  readonly imageBytes: bigint;
  readonly writtenBytes: bigint;
}

export interface NativeBlockFrontend {
  connect(options: {
    readonly socketPath: string;
    readonly queues: number;
    readonly queueSize: number;
    readonly arenaBytes: bigint;
    /** Features to accept of those offered. */
    readonly features: bigint;
    /** Has the back end track requests, as QEMU does, so that another one can take over. */
    readonly tracksInflight?: boolean;
  }): Promise<void>;
  info(): Promise<FrontendInfo>;
  read(offsetBytes: bigint, lengthBytes: number): Promise<Uint8Array>;
  write(offsetBytes: bigint, data: { readonly bytes: Uint8Array }): Promise<void>;
  flush(): Promise<void>;
  identify(): Promise<Uint8Array>;
  runLoad(options: LoadOptions): Promise<LoadResult>;
  /** Ends the load under way, which rejects, and every later one; from a signal. */
  cancelLoad(): void;
  writeImage(path: string): Promise<ImageTotals>;
  /** Bytes of the image that writeImage has gone through. */
  imageProgress(): bigint;
  cancelImage(): void;
  runChainCase(name: string): Promise<void>;
  close(): Promise<void>;
}

export interface ChainCase {
  readonly name: string;
  readonly expected: string;
}

export interface ConformanceCase {
  readonly name: string;
  /** Where it is written that a back end has to be so. */
  readonly section: string;
  /** Features that a back end must offer for the case to make sense. */
  readonly needs: readonly string[];
  /** It writes to the device, and is skipped if that is read-only. */
  readonly isWriting: boolean;
}

export interface ConformanceOutcome {
  readonly state: 'passed' | 'failed' | 'skipped';
  /** Why it failed, or what the back end lacks. */
  readonly reason: string;
  readonly durationNs: bigint;
}

export interface ConformanceTarget {
  readonly socketPath: string;
  /** For each wait: a message's answer, or a request's. */
  readonly timeoutMs: number;
}

export interface ConformanceFacts {
  readonly isReadOnly: boolean;
  readonly sizeBytes: bigint;
  readonly features: bigint;
  readonly protocolFeatures: bigint;
}

export interface FrontendAddon extends AddonCommon {
  readonly BlockFrontend: new () => NativeBlockFrontend;
  listConformanceCases(): readonly ConformanceCase[];
  conformanceFacts(target: ConformanceTarget): Promise<ConformanceFacts>;
  runConformanceCase(
    options: ConformanceTarget & { readonly name: string },
  ): Promise<ConformanceOutcome>;
  listChainCases(): readonly ChainCase[];
  runNetLoad(options: NetLoadOptions): Promise<NetLoadResult>;
  /** Uses interfaces for nothing, until the function that it resolves with is called. */
  holdNetInterfaces(paths: readonly string[]): Promise<() => void>;
  sizesForLoad(options: {
    readonly blockBytes: number;
    readonly depth: number;
    readonly queues: number;
  }): { readonly queueSize: number; readonly arenaBytes: bigint };
}
