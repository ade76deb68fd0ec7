// SPDX-License-Identifier: Apache-2.0

// What network.node exports. As in addons.ts.

import type { AddonCommon, NativeLogLevel, PollMode } from './addons.ts';
import type { NativeWatch } from './network-watch.ts';

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
  /** For services that are not there, or had no room. */
  readonly puntsLost: bigint;
  readonly policy: PolicyCounters;
}

/** What policies did to an interface's frames. */
export interface PolicyCounters {
  /** Answered by the router, and handed to services. */
  readonly answers: bigint;
  readonly punts: bigint;
  // As ENA has them: packets that were queued or dropped.
  readonly bwInAllowanceExceeded: bigint;
  readonly bwOutAllowanceExceeded: bigint;
  readonly ppsAllowanceExceeded: bigint;
  readonly conntrackAllowanceExceeded: bigint;
  readonly linklocalAllowanceExceeded: bigint;
  /** Connections that the instance may still have tracked; none if it is in no policy. */
  readonly conntrackAllowanceAvailable?: number;
  /** Dropped, by the reason (`security-group-in`); without those that are 0. */
  readonly drops: Readonly<Record<string, bigint>>;
  /** Of drops that are `malformed`: what was wrong. */
  readonly faults: Readonly<Record<string, bigint>>;
}

export interface NativeInterfaceOptions {
  /** For logs. */
  readonly name: string;
  /** The policy's number of it; without a policy 2n and 2n + 1 are the ends of a cable. */
  readonly index: number;
  /** Pairs of rings that a front end may use: 1 to 8. */
  readonly pairs: number;
  /** At a socket of its own, or in a slot of the backplane: one of the two. */
  readonly socketPath?: string;
  readonly slot?: number;
  readonly memoryPolicy: 'sealed' | 'any';
}

/** A TAP device that a host, or a network namespace of it, reaches a VPC by. */
export interface NativeUplinkOptions {
  /** For logs. */
  readonly name: string;
  /** The policy's number of its interface. */
  readonly index: number;
  /** The device's name: at most 15 small letters, digits and dashes, a letter first. */
  readonly tap: string;
  /** A file that is a network namespace; empty: the process's own. */
  readonly namespacePath: string;
  readonly mac: Uint8Array;
  readonly ipv4: NativeUplinkLink;
  readonly ipv6?: NativeUplinkLink;
}

/** What a device has of one family; addresses are their 4 or 16 bytes. */
export interface NativeUplinkLink {
  /** The host's end and the card's. */
  readonly address: Uint8Array;
  readonly gateway: Uint8Array;
  readonly prefixLength: number;
  /** What is behind the gateway. */
  readonly routes: readonly { readonly network: Uint8Array; readonly prefixLength: number }[];
}

/** Equal to the names in native/addon/service_binding.cc. */
export type NativeService = 'dhcp4' | 'dhcp6' | 'dns' | 'ntp';

/** A frame that a guest has sent to a service. */
export interface NativeQuestion {
  /** The interface's. */
  readonly index: number;
  readonly service: NativeService;
  /** From the destination's MAC on; JavaScript's own copy. */
  readonly frame: Uint8Array;
}

/** Listening sockets in a namespace of their own: the caller's. No IPv6, no sockets of it. */
export interface StreamSockets {
  readonly metadata: readonly number[];
  readonly resolver: readonly number[];
}

/** Frames on the way to services of a card and back, since it was started. */
export interface ServiceTraffic {
  readonly questions: bigint;
  /** The interface had its share of what waits. */
  readonly questionsOverShare: bigint;
  readonly questionsTooLong: bigint;
  readonly answers: bigint;
  readonly answersOverShare: bigint;
  readonly answersTooLong: bigint;
}

/** What a card has for whoever answers its guests' questions. */
export interface NativeServices {
  /** Once: has `onQuestions` called when questions come and takeQuestions() had said no more. */
  serveQuestions(onQuestions: () => void): void;
  /** Some of the questions that wait, and whether to ask again instead of waiting to be called. */
  takeQuestions(): { readonly questions: readonly NativeQuestion[]; readonly hasMore: boolean };
  /** Sends a frame with its checksums to an interface; false if it was dropped. */
  answer(index: number, frame: Uint8Array): boolean;
  /**
   * Makes the namespace of the services over TCP. Once.
   * @throws permission-denied, for all but root.
   */
  openStreams(): Promise<StreamSockets>;
  /** Over UDP, and over TCP. */
  serviceTraffic(): { readonly datagrams: ServiceTraffic; readonly streams: ServiceTraffic };
}

export interface NativeNetworkCard extends NativeServices, NativeWatch {
  /** Serves an interface; front ends can connect when this returns. */
  addInterface(options: NativeInterfaceOptions): Promise<void>;
  /**
   * Makes a TAP device, which is there as long as the interface is, and no longer than the process.
   * Once nothing goes by it any more, as after it was deleted, `onFailure` is called; the interface
   * is there until it is removed.
   * @throws permission-denied without CAP_NET_ADMIN, already-exists for the name of a device.
   */
  addUplink(options: NativeUplinkOptions, onFailure: () => void): Promise<void>;
  removeInterface(index: number): Promise<void>;
  /** Puts a policy, as native/vpc/snapshot_format.h has it, in the place of the one before. */
  setPolicy(options: { readonly policy: Uint8Array }): Promise<void>;
  counters(index: number): Promise<InterfaceCounters>;
  /** Removes all interfaces and ends the threads. The process can end only after this. */
  stop(): Promise<void>;
}

export interface NetworkAddon extends AddonCommon {
  /** Sets the time to live of what a connected TCP socket sends; 0: what the system takes. */
  setHopLimit(fd: number, hopLimit: number): void;
  readonly NetworkCard: new (
    options: {
      readonly pollMode: PollMode;
      readonly cpus: readonly number[];
      /** The card's end of a slot channel, which it takes over. */
      readonly backplaneFd?: number;
    },
    onLog: (level: NativeLogLevel, object: string, message: string) => void,
  ) => NativeNetworkCard;
}
