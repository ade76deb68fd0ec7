// SPDX-License-Identifier: Apache-2.0

// What network.node exports. As in addons.ts.

import type { AddonCommon, NativeLogLevel, PollMode } from './addons.ts';

/** What an interface counted since it was added, as its guest sees it. */
export interface InterfaceCounters {
  readonly txFrames: bigint;
  readonly txBytes: bigint;
  /** Sent, and of no meaning. */
  readonly txMalformed: bigint;
  /** Sent to where nobody is. */
  readonly txUnreachable: bigint;
  readonly rxFrames: bigint;
  readonly rxBytes: bigint;
  /** Lost for want of buffers. */
  readonly rxOverruns: bigint;
  /** Lost because they fit no buffer, or nothing that the guest agreed to. */
  readonly rxUnfit: bigint;
  readonly brokenRings: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
}

export interface NativeInterfaceOptions {
  /** For logs. */
  readonly name: string;
  /** 2n and 2n + 1 are the ends of a cable. */
  readonly index: number;
  /** Pairs of rings that a front end may use: 1 to 8. */
  readonly pairs: number;
  readonly socketPath: string;
  readonly memoryPolicy: 'sealed' | 'any';
}

export interface NativeNetworkCard {
  /** Serves an interface; front ends can connect when this returns. */
  addInterface(options: NativeInterfaceOptions): Promise<void>;
  removeInterface(index: number): Promise<void>;
  counters(index: number): Promise<InterfaceCounters>;
  /** Removes all interfaces and ends the threads. The process can end only after this. */
  stop(): Promise<void>;
}

export interface NetworkAddon extends AddonCommon {
  readonly NetworkCard: new (
    options: { readonly pollMode: PollMode; readonly cpus: readonly number[] },
    onLog: (level: NativeLogLevel, object: string, message: string) => void,
  ) => NativeNetworkCard;
}
