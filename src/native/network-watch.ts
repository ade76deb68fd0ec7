// SPDX-License-Identifier: Apache-2.0

// What network.node's cards tell an operator of their data plane. As in addons.ts.

/** A packet that the guest of an interface might send. */
export interface TraceQuestion {
  /** The interface's number. */
  readonly from: number;
  /** Its first address of the destination's family if nothing is said. */
  readonly source?: string;
  readonly destination: string;
  /** IANA's number. */
  readonly protocol: number;
  /** Of ICMP the identifier of a request to echo. 0 where a protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** TCP's control bits: 2 is SYN. */
  readonly tcpFlags: number;
}

/** One thing that decided, in the order of the packet's way. */
export interface TraceStep {
  readonly stage: 'connection' | 'security-groups' | 'acl' | 'route';
  /** The number of the interface whose policy it was. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  readonly isAllowed: boolean;
  /** Of security groups: answers are remembered. */
  readonly isTracked: boolean;
  /** Rule::id of native/vpc/snapshot_format.h; undefined if no rule covers the packet. */
  readonly rule?: number;
  /** Undefined if there is none. */
  readonly route?: {
    readonly target: 'local' | 'interface' | 'blackhole';
    readonly network: string;
    readonly prefixLength: number;
  };
}

export interface Trace {
  /** Of the policy. */
  readonly generation: bigint;
  readonly steps: readonly TraceStep[];
  readonly outcome: 'drop' | 'deliver' | 'answer' | 'punt' | 'hold';
  /** Why it is dropped, as docs/network-semantics.md names it; `none` if it is not. */
  readonly reason: string;
  /**
   * Who it is handed to: `dhcpv4`, `dhcpv6`, `dns`, `dns-over-tcp`, `ntp`, `metadata`, or `none`.
   */
  readonly service: string;
  /** The number of the interface that it gets to, or at which it is dropped. */
  readonly at: number;
}

/** What an interface sent or got in an interval, or that there is nothing to say of one. */
export type NativeFlowLogRecord = {
  /** The interface's, as compilePolicy() wrote it. */
  readonly identity: bigint;
  /** Seconds since 1970: of the first and the last packet, or of the interval. */
  readonly start: bigint;
  readonly end: bigint;
} & (
  | {
      readonly status: 'OK';
      readonly source: string;
      readonly destination: string;
      /** The addresses that packets had (FL-2). */
      readonly packetSource: string;
      readonly packetDestination: string;
      /** Seen from the interface. */
      readonly direction: 'in' | 'out';
      /** FL-3: of TCP, of all packets together. */
      readonly tcpFlags: number;
      readonly sourcePort: number;
      readonly destinationPort: number;
      /** IANA's number. */
      readonly protocol: number;
      readonly packets: bigint;
      readonly bytes: bigint;
      readonly action: 'ACCEPT' | 'REJECT';
    }
  | { readonly status: 'NODATA' | 'SKIPDATA' }
);

/** What a host is for. Captures are refused in production. */
export const hostEnvironments = ['production', 'test'] as const;
export type HostEnvironment = (typeof hostEnvironments)[number];

export interface NativeWatch {
  trace(question: TraceQuestion): Promise<Trace>;
  /** The interface is in the policy. */
  startFlowLog(options: {
    readonly index: number;
    readonly intervalSeconds: number;
  }): Promise<void>;
  stopFlowLog(index: number): Promise<void>;
  /** What was recorded since the last time, at most 4096 records. */
  takeFlowLog(): Promise<readonly NativeFlowLogRecord[]>;
  /** Of the interface with the number `only`, which the file has as its first; else of all. */
  startCapture(options: {
    readonly environment: HostEnvironment;
    readonly only?: number;
  }): Promise<void>;
  stopCapture(): Promise<void>;
  /** The beginning of a pcapng file; `names` are of the interfaces, by their numbers. */
  captureHeader(options: { readonly names: readonly string[] }): Uint8Array;
  /** What was captured since the last time, at most 4096 frames: blocks of a pcapng file. */
  takeCapture(): Promise<Uint8Array>;
}
