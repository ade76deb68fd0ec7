// SPDX-License-Identifier: Apache-2.0

// Volumes, instances and attachments as tests of the controller describe them.

import { parseBytes } from '../../../src/base/byte-size.ts';
import { parseInstanceId } from '../../../src/base/instance-id.ts';
import { parseVolumeId } from '../../../src/base/volume-id.ts';
import {
  type Attachment,
  defaultAllowance,
  defaultMetadata,
  type HeldInterface,
  type HeldSlot,
  type Instance,
  type InterfaceAttachment,
  noLimits,
  type Part,
  type Volume,
} from '../../../src/controller/model.ts';

function digits(number: number): string {
  return number.toString(16).padStart(17, '0');
}

export function volumeId(number: number): Volume['id'] {
  return parseVolumeId(`vol${digits(number)}`);
}

export function instanceId(number: number): Instance['id'] {
  return parseInstanceId(`i-${digits(number)}`);
}

export function sampleVolume(number = 1, changes: Partial<Volume> = {}): Volume {
  return {
    id: volumeId(number),
    displayName: '',
    sizeBytes: parseBytes('16MiB'),
    cipher: 'aes-256-xts',
    source: '',
    phase: 'available',
    createTimeMs: 1_000 + number,
    limits: noLimits,
    conditions: [],
    revision: 1,
    ...changes,
  };
}

export function sampleInstance(number = 1, changes: Partial<Instance> = {}): Instance {
  return {
    id: instanceId(number),
    displayName: '',
    image: 'tiny',
    bootVolume: undefined,
    cpuCount: 2,
    memoryBytes: parseBytes('512MiB'),
    state: 'stopped',
    conditions: [],
    createTimeMs: 2_000 + number,
    startTimeMs: undefined,
    limits: noLimits,
    accelerator: '',
    machine: undefined,
    userData: new Uint8Array(),
    publicKeys: [],
    tags: [],
    metadata: defaultMetadata,
    networkAllowance: defaultAllowance,
    revision: 1,
    ...changes,
  };
}

/** A line of OpenSSH with a key of zeros. */
export function sampleKey(type: string): string {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  const bytes = Buffer.concat([length, Buffer.from(type), Buffer.alloc(36)]);
  return `${type} ${bytes.toString('base64')}`;
}

export function sampleAttachment(
  volume: number,
  instance: number,
  changes: Partial<Attachment> = {},
): Attachment {
  return {
    volume: volumeId(volume),
    instance: instanceId(instance),
    pciSlot: volume,
    slot: volume,
    phase: 'plugged',
    hasDriver: false,
    isReadOnly: false,
    isBoot: false,
    attachTimeMs: 3_000,
    ...changes,
  };
}

/** What instance `instance` holds of volume `volume`, in slots of the same number. */
export function sampleHeldSlot(
  volume: number,
  instance: number,
  changes: Partial<HeldSlot> = {},
): HeldSlot {
  return {
    instance: instanceId(instance),
    pciSlot: volume,
    slot: volume,
    volume: volumeId(volume),
    standIn: volumeId(1_000 + volume),
    sizeBytes: 16n * 1024n * 1024n,
    isReadOnly: false,
    hasMap: true,
    ...changes,
  };
}

/** What instance `instance` holds of interface `number`, in slots of the same number. */
export function sampleHeldInterface(
  number: number,
  instance: number,
  changes: Partial<HeldInterface> = {},
): HeldInterface {
  return {
    instance: instanceId(instance),
    pciSlot: number,
    slot: number,
    interface: `eni-${digits(number)}`,
    holdTimeMs: 4_000,
    ...changes,
  };
}

/** Interface n in slot n of the host, and in the instance's slot n. */
export function sampleInterfaceAttachment(
  number: number,
  instance: number,
  changes: Partial<InterfaceAttachment> = {},
): InterfaceAttachment {
  return {
    interface: `eni-${digits(number)}`,
    macAddress: `02:00:00:00:00:0${number}`,
    instance: instanceId(instance),
    pciSlot: number,
    slot: number,
    phase: 'plugged',
    hasDriver: false,
    attachTimeMs: 3_000 + number,
    ...changes,
  };
}

export function samplePart(changes: Partial<Part> = {}): Part {
  return {
    id: 'block-card',
    kind: 'block-card',
    process: { pid: 77, startTicks: '12345' },
    restarts: 0,
    startTimeMs: 4_000,
    ...changes,
  };
}
