// SPDX-License-Identifier: Apache-2.0

// What frontend.node takes and gives for load on network back ends. As in addons.ts.

/** `flood` does not wait for what is under way. */
export type NetLoadPattern = 'forward' | 'flood' | 'ping-pong';

export interface NetLoadEnd {
  /** Six bytes. */
  readonly mac: Uint8Array;
  /** Of IPv4, as a number: 10.0.0.4 is 0x0a000004. */
  readonly address: number;
}

export interface NetLoadTraffic {
  readonly source: NetLoadEnd;
  readonly target: NetLoadEnd;
  readonly checksum: 'none' | 'full' | 'offloaded';
  /** Frames take turns. */
  readonly flowCount: number;
  /** A frame of each flow goes there and back before all else. */
  readonly isAnswered: boolean;
}

export interface NetLoadOptions {
  /** The sockets of two interfaces: frames go into the first and come out of the second. */
  readonly sourcePath: string;
  readonly targetPath: string;
  readonly pattern: NetLoadPattern;
  /** From the Ethernet header on: 42 or more. */
  readonly frameBytes: number;
  /** Frames under way; of a flood, those that wait to be taken. */
  readonly depth: number;
  readonly durationNs: bigint;
  readonly warmupNs: bigint;
  /** The load ends with so many frames, if that is sooner. */
  readonly sentCountMax?: bigint;
  readonly cpus: readonly number[];
  /** One flow between ends that a cable does not care about, if nothing is said. */
  readonly traffic?: NetLoadTraffic;
  /** Called at once with a function that cancels the load, which then rejects. */
  readonly onStart?: (cancel: () => void) => void;
}

export interface NetLoadResult {
  readonly frameCount: bigint;
  readonly byteCount: bigint;
  readonly elapsedNs: bigint;
  /** At any time, before and after what was measured too. */
  readonly sentCount: bigint;
  /** Of those, never seen again. */
  readonly lostCount: bigint;
  /** Of ping-pong, there and back; else 0. */
  readonly p50Ns: bigint;
  readonly p99Ns: bigint;
}
