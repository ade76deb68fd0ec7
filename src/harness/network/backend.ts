// SPDX-License-Identifier: Apache-2.0

import type { Cancellable } from '../../base/deadline.ts';

/**
 * What is between the interfaces: `cable`, a patch from the first to the second and back; `groups`,
 * security groups at both ends that track connections and let UDP of the VPC in.
 */
export type NetPipeline = 'cable' | 'groups';

/** How a back end waits for frames. */
export type NetPolling = 'always' | 'adaptive';

/** `offloads`: a back end passes on checksums and segments that drivers leave to the device. */
export type NetOffers = 'frames' | 'offloads';

export interface NetSetup {
  readonly pipeline: NetPipeline;
  /** What `groups` let in; UDP if nothing is said. */
  readonly protocols?: 'udp' | 'all';
  /** Who is at the first interface, by `netEnd`; 0 if nothing is said. */
  readonly firstEnd?: number;
  readonly polling: NetPolling;
  readonly interfaceCount: number;
}

/** A network back end at its sockets. Paused when it is handed over. */
export interface NetBackend extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** What it says it is. */
  readonly version: string;
  /** Sockets of its interfaces, in the order of `netEnd`. */
  readonly socketPaths: readonly string[];
  /** Runs again; those that poll take all of their CPU from then on. */
  resume(): void;
  pause(): void;
}

export interface NetBackendOptions extends Cancellable {
  readonly setup: NetSetup;
  /** The CPU of its data thread. */
  readonly cpu: number;
}

/** A kind of back end that can be measured. */
export interface NetBackendKind {
  readonly name: string;
  start(options: NetBackendOptions): Promise<NetBackend>;
}
