// SPDX-License-Identifier: Apache-2.0

// What frontend.node takes and gives for load on network back ends. As in addons.ts.

export interface NetLoadOptions {
  /** The sockets of two interfaces: frames go into the first and come out of the second. */
  readonly sourcePath: string;
  readonly targetPath: string;
  readonly pattern: 'forward' | 'ping-pong';
  /** From the Ethernet header on: 42 or more. */
  readonly frameBytes: number;
  /** Frames under way. */
  readonly depth: number;
  readonly durationNs: bigint;
  readonly warmupNs: bigint;
  readonly cpus: readonly number[];
}

export interface NetLoadResult {
  readonly frameCount: bigint;
  readonly byteCount: bigint;
  readonly elapsedNs: bigint;
  readonly lostCount: bigint;
  /** Of ping-pong, there and back; else 0. */
  readonly p50Ns: bigint;
  readonly p99Ns: bigint;
}
