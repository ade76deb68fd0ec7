// SPDX-License-Identifier: Apache-2.0

// What can be measured, and the figures that come of it.

import type { CpuStage, LoadOptions } from '../native/addons.ts';

/** One way to load a device. */
export interface Workload {
  readonly rw: LoadOptions['rw'];
  readonly blockBytes: number;
  /** Requests under way on each queue. */
  readonly depth: number;
  readonly queues: number;
  /** How the front end waits for answers. */
  readonly wait: LoadOptions['wait'];
}

export type BenchStore = 'null' | 'memory' | 'tmpfs' | 'disk';
export type BenchCipher = 'none' | 'encrypted';

/** What a back end serves while it is measured. */
export interface BenchTarget {
  readonly store: BenchStore;
  readonly cipher: BenchCipher;
}

/** How a back end waits for requests: never asleep, as it does by itself, or asleep at once. */
export type BackendPolling = 'always' | 'adaptive' | 'off';

/** One measurement. Every figure in the unit that its name ends with. */
export interface BenchSample {
  readonly iops: number;
  readonly bytes_per_s: number;
  readonly p50_ns: number;
  readonly p99_ns?: number;
  readonly p999_ns?: number;
  /** CPU seconds that the back end's process used for each second measured. */
  readonly backend_cpu?: number;
  /** Pairs of a latency in nanoseconds and how many requests took up to that and above the last. */
  readonly latency_buckets?: readonly (readonly [number, number])[];
  /** Ticks of the time-stamp counter for each request by stage, from our own back end. */
  readonly stage_ticks?: Readonly<Record<CpuStage, number>>;
}

/** What a row is judged by. */
export type Measure = 'iops' | 'bytes_per_s' | 'p50_ns';

/** What is measured: a back end under load, a file without one, or a cipher alone. */
export type Contender =
  | {
      readonly kind: 'argon' | 'qemu-storage-daemon';
      readonly target: BenchTarget;
      readonly polling: BackendPolling;
      readonly workload: Workload;
    }
  | {
      readonly kind: 'fio';
      readonly store: 'tmpfs' | 'disk';
      readonly workload: Workload;
    }
  | { readonly kind: 'aes-256-xts'; readonly operation: 'encrypt' | 'decrypt' };

/** Random requests of 4 KiB on one queue, by a front end that polls. */
export function random4k(rw: 'randread' | 'randwrite', depth: number): Workload {
  return { rw, blockBytes: 4096, depth, queues: 1, wait: 'polling' };
}

/** Sequential requests of 128 KiB, eight under way. */
export function sequential128k(rw: 'read' | 'write'): Workload {
  return { rw, blockBytes: 131_072, depth: 8, queues: 1, wait: 'polling' };
}
