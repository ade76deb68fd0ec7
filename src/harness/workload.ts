// SPDX-License-Identifier: Apache-2.0

// What a block benchmark measures, and the rows it gives.

import type { LoadOptions } from '../native/addons.ts';

/** One way to load a device. */
export interface Workload {
  readonly rw: LoadOptions['rw'];
  readonly blockBytes: number;
  readonly depth: number;
  readonly queues: number;
}

/** Random 4 KiB at depths 1 and 32, sequential 128 KiB at depth 8. */
export const standardWorkloads: readonly Workload[] = [
  { rw: 'randread', blockBytes: 4096, depth: 1, queues: 1 },
  { rw: 'randread', blockBytes: 4096, depth: 32, queues: 1 },
  { rw: 'randwrite', blockBytes: 4096, depth: 1, queues: 1 },
  { rw: 'randwrite', blockBytes: 4096, depth: 32, queues: 1 },
  { rw: 'read', blockBytes: 131_072, depth: 8, queues: 1 },
  { rw: 'write', blockBytes: 131_072, depth: 8, queues: 1 },
];

export type BenchStore = 'null' | 'memory' | 'tmpfs' | 'disk';
export type BenchCipher = 'none' | 'encrypted';

/** What a back end serves while it is measured. */
export interface BenchTarget {
  readonly store: BenchStore;
  readonly cipher: BenchCipher;
}

/** Every figure in the unit that its name ends with; times in nanoseconds. */
export interface BenchRow {
  readonly backend: string;
  readonly store: BenchStore;
  /** `none`, `aes-256-xts`, or what the peer calls its encryption. */
  readonly cipher: string;
  readonly rw: string;
  readonly bs: number;
  readonly iodepth: number;
  readonly queues: number;
  readonly iops: number;
  readonly bytes_per_s: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
  readonly p999_ns: number;
  /** CPU seconds that the back end's process used for each second measured. */
  readonly backend_cpu: number;
}
