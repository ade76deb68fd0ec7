// SPDX-License-Identifier: Apache-2.0

// What the supervisor needs of a card process and of whoever starts one.

import type { Cancellable } from '../../base/deadline.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { CaptureOptions, CaptureReading } from '../../card/bus/captures.ts';
import type { ServedDevice } from '../../card/bus/client.ts';
import type { LevelLimits } from '../../card/bus/controls.ts';
import type { CardServiceCounters } from '../../card/bus/interface-counters.ts';
import type { FlowLogState, ServedInterface, UplinkState } from '../../card/bus/interfaces.ts';
import type { DeviceMetrics, FaultRule, FaultState } from '../../native/addons.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { Trace, TraceQuestion } from '../../native/network-watch.ts';
import type { Attachment, InterfaceAttachment, ProcessIdentity } from '../model.ts';

/** Draining waits for the disk; a card that takes longer is ended by force. */
export const cardStopTimeoutMs = 20_000;

/** A card process and its bus, whatever kind of card it is. */
export interface ProcessLink {
  readonly process: ProcessIdentity;
  /** Resolves with the reason when the process is gone or its bus is closed. Never rejects. */
  readonly lost: Promise<string>;
  ping(scope: Cancellable): Promise<void>;
  /** Lets it end in stages, then ends it. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Lets go of its bus; it goes on. */
  abandon(): void;
}

/** A block card. */
export interface CardLink extends ProcessLink {
  devices(scope: Cancellable): Promise<readonly ServedDevice[]>;
  /** Serves the volume at the attachment's slot; its number is the card's. */
  addDevice(attachment: Attachment, scope: Cancellable): Promise<number>;
  removeDevice(id: number, scope: Cancellable): Promise<void>;
  growStore(id: number, sizeBytes: bigint, scope: Cancellable): Promise<void>;
  growDevice(id: number, sizeBytes: bigint, scope: Cancellable): Promise<void>;
  setLimits(level: LevelLimits, scope: Cancellable): Promise<void>;
  addFault(id: number, rule: FaultRule, scope: Cancellable): Promise<number>;
  removeFault(id: number, fault: number, scope: Cancellable): Promise<void>;
  releaseFaults(id: number, scope: Cancellable): Promise<void>;
  faults(id: number, scope: Cancellable): Promise<readonly FaultState[]>;
  metrics(id: number, scope: Cancellable): Promise<DeviceMetrics>;
  /**
   * What a volume's device counts, or did until the card ended, out of memory that the card shares:
   * it is not asked. Undefined if the volume is not found there.
   */
  readCounters(volume: VolumeId): DeviceMetrics | undefined;
}

/** A network card. */
export interface NetworkLink extends ProcessLink {
  /** What it serves, by index. */
  interfaces(scope: Cancellable): Promise<readonly ServedInterface[]>;
  /** Serves the interface at the attachment's slot, which is its index too. */
  addInterface(attachment: InterfaceAttachment, scope: Cancellable): Promise<void>;
  removeInterface(index: number, scope: Cancellable): Promise<void>;
  /** Settles when the policy is in force. One at a time. */
  setPolicy(policy: Uint8Array, scope: Cancellable): Promise<void>;
  /** What would become of a packet. */
  trace(question: TraceQuestion, scope: Cancellable): Promise<Trace>;
  counters(index: number, scope: Cancellable): Promise<InterfaceCounters>;
  serviceCounters(scope: Cancellable): Promise<CardServiceCounters>;
  flowLogs(scope: Cancellable): Promise<readonly FlowLogState[]>;
  uplinks(scope: Cancellable): Promise<readonly UplinkState[]>;
  startCapture(options: CaptureOptions, scope: Cancellable): Promise<CaptureReading>;
  readCapture(capture: string, offset: number, scope: Cancellable): Promise<CaptureReading>;
  stopCapture(capture: string, scope: Cancellable): Promise<CaptureReading>;
}

export interface CardLauncher<Link extends ProcessLink> {
  /** Starts a card; the backplane has its slot channel and its bus when this returns. */
  start(id: string, scope: Cancellable): Promise<Link>;
  /** Takes over a card that a controller before started. @throws ArgonError if it cannot be. */
  adopt(id: string, process: ProcessIdentity, scope: Cancellable): Promise<Link>;
  /** Forgets a card that is gone, and ends what may be left of it. */
  forget(id: string, process: ProcessIdentity | undefined, scope: Cancellable): Promise<void>;
  /** Has the backplane give a slot to a card. */
  assign(slot: number, card: string, scope: Cancellable): Promise<void>;
}

/** A fault of a volume, by a number that outlives its card. */
export interface VolumeFault extends FaultState {
  readonly volume: VolumeId;
}
