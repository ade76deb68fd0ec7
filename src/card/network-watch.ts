// SPDX-License-Identifier: Apache-2.0

// What an operator asks a network card for, besides its counters: what would become of a packet,
// flow logs, and in a test environment a capture of headers.

import { native } from '../native/error-kind.ts';
import type {
  HostEnvironment,
  NativeFlowLogRecord,
  NativeWatch,
  Trace,
  TraceQuestion,
} from '../native/network-watch.ts';

/** Of all interfaces, with their names by their numbers; or of one, with its number and name. */
export type CaptureSubject =
  | { readonly names: readonly string[] }
  | { readonly only: number; readonly name: string };

export interface NetworkWatch {
  /**
   * What would become of a packet, and what decides. Changes nothing.
   * @throws ArgonError not-found if the interface is in no policy, invalid-argument if it has no
   * address of the destination's family.
   */
  trace(question: TraceQuestion): Promise<Trace>;
  /**
   * Logs an interface's flows in intervals; one that is logged has its interval changed.
   * @throws ArgonError not-found if it is in no policy.
   */
  startFlowLog(index: number, intervalSeconds: 60 | 600): Promise<void>;
  /** What was recorded can be taken once more. */
  stopFlowLog(index: number): Promise<void>;
  /** What was recorded since the last time: a part of it, or nothing. */
  takeFlowLog(): Promise<readonly NativeFlowLogRecord[]>;
  /**
   * Captures headers from now on, in the place of a capture that there is.
   * @returns the beginning of a pcapng file; takeCapture() has what follows.
   * @throws ArgonError permission-denied in production.
   */
  startCapture(environment: HostEnvironment, what: CaptureSubject): Promise<Uint8Array>;
  takeCapture(): Promise<Uint8Array>;
  stopCapture(): Promise<void>;
}

export function watchOf(card: NativeWatch): NetworkWatch {
  return {
    trace: async (question) => native(card.trace(question)),
    startFlowLog: async (index, intervalSeconds) =>
      native(card.startFlowLog({ index, intervalSeconds })),
    stopFlowLog: async (index) => native(card.stopFlowLog(index)),
    takeFlowLog: async () => native(card.takeFlowLog()),
    startCapture: async (environment, what) => {
      const isOfOne = 'only' in what;
      const options = { environment, ...(isOfOne && { only: what.only }) };
      await native(card.startCapture(options), 'give --environment test on a test host');
      return card.captureHeader({ names: isOfOne ? [what.name] : what.names });
    },
    takeCapture: async () => native(card.takeCapture()),
    stopCapture: async () => native(card.stopCapture()),
  };
}
