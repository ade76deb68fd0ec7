// SPDX-License-Identifier: Apache-2.0

// What the controller knows of a host, in plain values: rows of the registry. The management API
// has its own words for them; handlers/ translates.

import type { Bytes } from '../base/byte-size.ts';
import type { InstanceId } from '../base/instance-id.ts';
import type { VolumeId } from '../base/volume-id.ts';
import type { Limit, LimitSet } from '../native/addons.ts';
import type { Trace, TraceQuestion } from '../native/network-watch.ts';
import type { NetworkState } from '../network/model/records.ts';
import type { MetadataOptions } from '../network/services/metadata/instance.ts';
import type { VolumeCipher } from '../volume/volume-record.ts';

/** Something that is true of a resource now. */
export interface Condition {
  /** In TitleCase, as the reason. */
  readonly type: string;
  readonly reason: string;
  /** A sentence. */
  readonly message: string;
  readonly changeTimeMs: number;
}

/** `creating` and `deleting`: a mutation is under way, or was when the controller was killed. */
export type VolumePhase = 'creating' | 'available' | 'deleting' | 'error';

export interface Volume {
  readonly id: VolumeId;
  /** Empty, or unique among the volumes of the host. */
  readonly displayName: string;
  readonly sizeBytes: Bytes;
  readonly cipher: VolumeCipher;
  readonly source: string;
  readonly phase: VolumePhase;
  readonly createTimeMs: number;
  readonly limits: LimitSet;
  readonly conditions: readonly Condition[];
  /** Raised by every change; the etag is made of it. */
  readonly revision: number;
}

export type BootImage = 'tiny' | 'debian' | 'none';

/** `restarting`: its machine has ended, and a new one takes its place. */
export type InstanceState =
  | 'stopped'
  | 'starting'
  | 'running'
  | 'restarting'
  | 'stopping'
  | 'error';

/** A process as it can be found again: a pid alone may be another's by now. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The kernel's clock ticks from boot to the start of the process. */
  readonly startTicks: string;
}

/** A key that a guest lets in by SSH. */
export interface PublicKey {
  readonly name: string;
  /** A line of OpenSSH. */
  readonly key: string;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** How the metadata service behaves for an instance. */
export interface MetadataSettings extends MetadataOptions {
  /** The guest sees the tags. */
  readonly hasTags: boolean;
}

export const defaultMetadata: MetadataSettings = {
  endpoint: 'enabled',
  tokens: 'required',
  tokenHopLimit: 1,
  hasTags: false,
};

/** What the network interfaces of an instance share (BW-1, BW-2, CT-8, LL-1). */
export interface NetworkAllowance {
  readonly bytesIn: Limit;
  readonly bytesOut: Limit;
  readonly packets: Limit;
  /** Tracked at a time. */
  readonly connections: number;
  /** A second, of each interface to services. */
  readonly servicePackets: number;
}

/**
 * The published allowances are of instance types, which Argon has not: rates have no limit, and one
 * guest may track a sixteenth of what the card can (arbitrary).
 */
export const defaultAllowance: NetworkAllowance = {
  bytesIn: { perSecond: 0n, burst: 0n },
  bytesOut: { perSecond: 0n, burst: 0n },
  packets: { perSecond: 0n, burst: 0n },
  connections: 65_536,
  servicePackets: 1_024, // LL-1
};

export interface Instance {
  readonly id: InstanceId;
  /** Empty, or unique among the instances of the host. */
  readonly displayName: string;
  /** `none`: it boots from `bootVolume`. */
  readonly image: BootImage;
  readonly bootVolume: VolumeId | undefined;
  readonly cpuCount: number;
  readonly memoryBytes: Bytes;
  readonly state: InstanceState;
  readonly conditions: readonly Condition[];
  readonly createTimeMs: number;
  readonly startTimeMs: number | undefined;
  readonly limits: LimitSet;
  readonly accelerator: '' | 'kvm' | 'tcg';
  /** QEMU, from before it runs until it is known to have ended. */
  readonly machine: ProcessIdentity | undefined;
  /** What its guest gets, empty for none. It may have secrets: nobody writes it out. */
  readonly userData: Uint8Array;
  readonly publicKeys: readonly PublicKey[];
  readonly tags: readonly Tag[];
  readonly metadata: MetadataSettings;
  readonly networkAllowance: NetworkAllowance;
  readonly revision: number;
}

/**
 * `reserved`: it is being plugged, and is undone if that breaks off. `plugged`: it belongs to the
 * machine. `releasing`: it is being taken out. `busy`: the guest did not let go, nothing changed.
 */
export type AttachmentPhase = 'reserved' | 'plugged' | 'releasing' | 'busy';

/** What is plugged into an instance, whichever kind of card serves it. */
export interface PluggedDevice {
  readonly instance: InstanceId;
  /** Which of the instance's hot-plug slots. */
  readonly pciSlot: number;
  /** Which of the backplane's slots. */
  readonly slot: number;
  readonly phase: AttachmentPhase;
  /** The guest's driver has it. Never of an instance that does not run. */
  readonly hasDriver: boolean;
  readonly attachTimeMs: number;
}

export interface Attachment extends PluggedDevice {
  readonly volume: VolumeId;
  readonly isReadOnly: boolean;
  readonly isBoot: boolean;
  /** Of a stand-in, and of no attachment that the registry has. */
  readonly standIn?: { readonly sizeBytes: bigint; readonly hasMap: boolean };
}

/** A network interface of an instance. The card and its policy know it by its slot. */
export interface InterfaceAttachment extends PluggedDevice {
  readonly interface: string;
  /** The record's, which never changes. */
  readonly macAddress: string;
}

export type DeviceAttachment = Attachment | InterfaceAttachment;

export function isOfInterface(device: DeviceAttachment): device is InterfaceAttachment {
  return 'interface' in device;
}

/** What the device is called: the id of its volume or interface. */
export function deviceId(device: DeviceAttachment): string {
  return isOfInterface(device) ? device.interface : device.volume;
}

/**
 * What a machine holds of a volume that was taken by force, until its guest lets go or it ends: a
 * stand-in serves it, which fails every request.
 */
export interface HeldSlot {
  readonly instance: InstanceId;
  readonly pciSlot: number;
  /** Of the backplane, as the volume had it. */
  readonly slot: number;
  /** QEMU's device has its name still. */
  readonly volume: VolumeId;
  /** What the card calls the stand-in; no volume has this id. */
  readonly standIn: VolumeId;
  readonly sizeBytes: bigint;
  readonly isReadOnly: boolean;
  /** Whether the slot was opened with memory for an allocation map. */
  readonly hasMap: boolean;
}

/**
 * What a machine holds of an interface that was taken by force, until its guest lets go or it ends.
 * Nothing serves it, so that it has no link; QEMU tries its slot's socket for as long, which is
 * therefore nobody else's.
 */
export interface HeldInterface {
  readonly instance: InstanceId;
  readonly pciSlot: number;
  /** Of the backplane. */
  readonly slot: number;
  /** QEMU's device has its name still. */
  readonly interface: string;
  readonly holdTimeMs: number;
}

/** A packet that the guest of an interface might send. */
export type TracePacket = Omit<TraceQuestion, 'from'>;

/** What a card says of such a packet, and what its numbers are of. */
export interface TracedFlow {
  readonly trace: Trace;
  /** The records that the policy was made of. */
  readonly state: NetworkState;
  /** The interface of each number; the VPC of an uplink's. */
  readonly interfaces: ReadonlyMap<number, string>;
}

export type PartKind = 'backplane' | 'block-card' | 'network-card';

/** A process of the host besides controller and QEMU. */
export interface Part {
  /** As in `block-card`. */
  readonly id: string;
  readonly kind: PartKind;
  readonly process: ProcessIdentity;
  /** How often it was started after the first time. */
  readonly restarts: number;
  readonly startTimeMs: number;
}

export const noLimits: LimitSet = {
  readOperations: { perSecond: 0n, burst: 0n },
  writeOperations: { perSecond: 0n, burst: 0n },
  totalOperations: { perSecond: 0n, burst: 0n },
  readBytes: { perSecond: 0n, burst: 0n },
  writeBytes: { perSecond: 0n, burst: 0n },
  totalBytes: { perSecond: 0n, burst: 0n },
};

/** Why a host tells of no device of an uplink. */
export type UplinkAbsence = 'not-allowed' | 'no-card' | 'silent';
