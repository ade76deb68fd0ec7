// SPDX-License-Identifier: Apache-2.0

// What the driver needs of the host's parts: devices that cards serve in slots, and machines. The
// real ones are in parts/; tests of the driver have others. Every effect may be repeated: after a
// controller was killed the next one does.

import type { Cancellable } from '../../base/deadline.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { Logger } from '../../base/log.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LevelLimits } from '../../card/bus/controls.ts';
import type { VolumeRecord } from '../../volume/volume-record.ts';
import type { VolumeStore } from '../../volume/volume-store.ts';
import type { Attachment, DeviceAttachment, Instance, ProcessIdentity } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import type { Operations, StepObserver } from './operations.ts';
import type { ResourceQueues } from './resource-queues.ts';

/** Devices of volumes and interfaces: each a slot that QEMU connects to, served by a card. */
export interface DeviceHost {
  /** When it returns QEMU can connect and is served. */
  open(device: DeviceAttachment, scope: Cancellable): Promise<void>;
  /** Takes the slot and the card's device away, as far as they are there. */
  close(device: DeviceAttachment, scope: Cancellable): Promise<void>;
  /** Serves the stand-in at the slot of the volume, which is free then. */
  replace(volume: VolumeId, standIn: Attachment, scope: Cancellable): Promise<void>;
  /** Whether the guest's driver has the device. */
  hasDriver(device: DeviceAttachment, scope: Cancellable): Promise<boolean>;
  /** Makes the store of a volume that is served larger. */
  growStore(volume: VolumeId, sizeBytes: bigint, scope: Cancellable): Promise<void>;
  /** Tells the guest of the size. */
  growDevice(volume: VolumeId, sizeBytes: bigint, scope: Cancellable): Promise<void>;
  /** Changes limits wherever something is served now. */
  setLimits(level: LevelLimits, scope: Cancellable): Promise<void>;
  /** From now on every request of the guest to the volume fails, and those that hang too. */
  failRequests(volume: VolumeId, scope: Cancellable): Promise<void>;
}

/** How a machine came to its end. */
export interface MachineEnd {
  /** QEMU's word for it, as `guest-shutdown`; undefined if it gave none. */
  readonly reason: string | undefined;
  readonly hasPanicked: boolean;
  /** For people: how the process ended and what it said last. */
  readonly how: string;
}

/** A QEMU that runs. */
export interface Machine {
  readonly process: ProcessIdentity;
  /** Resolves when the process is gone; never rejects. */
  readonly ended: Promise<MachineEnd>;
  plug(device: DeviceAttachment, scope: Cancellable): Promise<void>;
  /** `busy`: the guest did not let go within the time. */
  unplug(
    device: DeviceAttachment,
    options: Cancellable & { readonly timeoutMs: number },
  ): Promise<'removed' | 'busy'>;
  /** Presses the power button. */
  powerDown(scope: Cancellable): Promise<void>;
  /** Presses the reset button: the machine ends with the reason `host-qmp-system-reset`. */
  reset(scope: Cancellable): Promise<void>;
  /** Cuts the power and waits until the process is gone. */
  cut(): Promise<void>;
}

export interface MachineStart {
  readonly instance: Instance;
  /** What is plugged from the start; their devices are open. */
  readonly attachments: readonly DeviceAttachment[];
  /** Called as soon as there is a process, before anything waits for it. */
  readonly onSpawned: (process: ProcessIdentity, accelerator: 'kvm' | 'tcg') => void;
}

export interface MachineHost {
  /** How many devices a machine has slots for. */
  readonly slotCount: number;
  /** When it returns the guest's CPUs run. @throws after taking everything down again. */
  start(start: MachineStart, scope: Cancellable): Promise<Machine>;
  /** The machine of an instance that a controller before started; how it ended if it is gone. */
  adopt(instance: Instance, scope: Cancellable): Promise<Machine | MachineEnd>;
  /** Ends whatever process is left of an instance and forgets its channels. */
  clear(instance: Pick<Instance, 'id' | 'machine'>, scope: Cancellable): Promise<void>;
  /** Deletes what an instance left on disk. */
  erase(id: InstanceId): Promise<void>;
}

/** A disk image of the cache. */
export interface HostImage {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** Images that volumes are made of. */
export interface ImageHost {
  /** @throws ArgonError failed-precondition if it has not been built. */
  findDebian(): Promise<HostImage>;
  /** Fills a volume that nobody uses. */
  write(record: VolumeRecord, image: HostImage, scope: Cancellable): Promise<void>;
}

/** What all parts of the driver share. */
export interface DriverContext {
  readonly registry: Registry;
  readonly operations: Operations;
  readonly queues: ResourceQueues;
  readonly volumes: VolumeStore;
  readonly devices: DeviceHost;
  readonly machines: MachineHost;
  readonly images: ImageHost;
  /** The machines of instances that run. */
  readonly running: Map<InstanceId, Machine>;
  readonly step: StepObserver;
  readonly log: Logger;
  readonly timeouts: DriverTimeouts;
}

export interface DriverTimeouts {
  /** How long a guest's driver may take to have a new device before the answer says ATTACHING. */
  readonly driverMs: number;
  /** How long a guest may take to let go of a device. */
  readonly unplugMs: number;
  /** The same where the caller forces it. */
  readonly forcedUnplugMs: number;
  /** How long a roll-back may take, whatever the caller's own deadline is. */
  readonly rollBackMs: number;
  /** How long a machine may take that nobody waits for. */
  readonly startMs: number;
  /** How long a guest may take to power off if the caller does not say. */
  readonly powerOffMs: number;
}

/** A guest without KVM on a busy host needs seconds for what takes milliseconds elsewhere. */
export const defaultTimeouts: DriverTimeouts = {
  driverMs: 10_000,
  unplugMs: 15_000,
  forcedUnplugMs: 3_000,
  rollBackMs: 30_000,
  startMs: 120_000,
  powerOffMs: 60_000,
};

export function isMachine(found: Machine | MachineEnd): found is Machine {
  return 'ended' in found;
}
