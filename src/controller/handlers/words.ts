// SPDX-License-Identifier: Apache-2.0

// The words of the management API for what the controller knows, and back.

import type {
  Condition as ApiCondition,
  BlockLimits,
} from '../../api/generated/argon/v1/common.ts';
import type {
  BootImage as ApiBootImage,
  Instance as ApiInstance,
  InstanceState as ApiInstanceState,
} from '../../api/generated/argon/v1/instances.ts';
import type {
  Attachment as ApiAttachment,
  Volume as ApiVolume,
  VolumeCipher as ApiVolumeCipher,
  AttachmentState,
  VolumeState,
} from '../../api/generated/argon/v1/volumes.ts';
import { ArgonError } from '../../base/errors.ts';
import { type InstanceId, parseInstanceId } from '../../base/instance-id.ts';
import { parseVolumeId, type VolumeId } from '../../base/volume-id.ts';
import type { Limit, LimitSet } from '../../native/addons.ts';
import type { VolumeCipher } from '../../volume/volume-record.ts';
import type { InstanceView } from '../driver/instances.ts';
import type { VolumeView } from '../driver/volumes.ts';
import type { Attachment, BootImage, Condition, InstanceState } from '../model.ts';
import { describeNetworkAllowance } from './allowance-words.ts';
import { describeMetadata } from './metadata-words.ts';

/** `volumes/vol…` to the id. */
export function parseVolumeName(name: string): VolumeId {
  return parseVolumeId(name.replace(/^volumes\//, ''));
}

/** `instances/i-…` to the id. */
export function parseInstanceName(name: string): InstanceId {
  return parseInstanceId(name.replace(/^instances\//, ''));
}

/** What is not there is no limit. */
export function parseLimits(limits: BlockLimits | undefined): LimitSet {
  const limit = (rate: Limit | undefined): Limit => rate ?? { perSecond: 0n, burst: 0n };
  return {
    readOperations: limit(limits?.readOperations),
    writeOperations: limit(limits?.writeOperations),
    totalOperations: limit(limits?.totalOperations),
    readBytes: limit(limits?.readBytes),
    writeBytes: limit(limits?.writeBytes),
    totalBytes: limit(limits?.totalBytes),
  };
}

/** Without those that are none. */
export function describeLimits(limits: LimitSet): BlockLimits {
  return Object.fromEntries(
    Object.entries(limits).filter(([, { perSecond }]: [string, Limit]) => perSecond !== 0n),
  );
}

const cipherWords: Readonly<Record<VolumeCipher, ApiVolumeCipher>> = {
  'aes-256-xts': 'VOLUME_CIPHER_AES_256_XTS',
  none: 'VOLUME_CIPHER_NONE',
};

/** Encrypted unless the caller says otherwise. */
export function parseCipher(cipher: ApiVolumeCipher): VolumeCipher {
  return cipher === 'VOLUME_CIPHER_NONE' ? 'none' : 'aes-256-xts';
}

const volumeStates = {
  creating: 'VOLUME_STATE_CREATING',
  available: 'VOLUME_STATE_AVAILABLE',
  deleting: 'VOLUME_STATE_DELETING',
  error: 'VOLUME_STATE_ERROR',
} as const;

export function describeVolume({ volume, attachment, etag }: VolumeView): ApiVolume {
  const { phase } = volume;
  const isInUse = phase === 'available' && attachment !== undefined;
  const state: VolumeState = isInUse ? 'VOLUME_STATE_IN_USE' : volumeStates[phase];
  return {
    name: `volumes/${volume.id}`,
    displayName: volume.displayName,
    sizeBytes: BigInt(volume.sizeBytes),
    cipher: cipherWords[volume.cipher],
    state,
    conditions: volume.conditions.map(describeCondition),
    source: volume.source.slice(0, sourceMaxChars),
    createTime: new Date(volume.createTimeMs),
    limits: describeLimits(volume.limits),
    attachment: attachment === undefined ? undefined : describeAttachment(attachment),
    etag,
  };
}

const sourceMaxChars = 256;

function describeAttachment(attachment: Attachment): ApiAttachment {
  return {
    instance: `instances/${attachment.instance}`,
    state: attachmentState(attachment),
    slot: attachment.pciSlot,
    readOnly: attachment.isReadOnly,
    attachTime: new Date(attachment.attachTimeMs),
  };
}

function attachmentState({ phase, hasDriver }: Attachment): AttachmentState {
  if (phase === 'busy') return 'ATTACHMENT_STATE_BUSY';
  if (phase === 'releasing') return 'ATTACHMENT_STATE_DETACHING';
  return hasDriver ? 'ATTACHMENT_STATE_ATTACHED' : 'ATTACHMENT_STATE_ATTACHING';
}

const images = {
  tiny: 'BOOT_IMAGE_TINY',
  debian: 'BOOT_IMAGE_DEBIAN',
  none: 'BOOT_IMAGE_UNSPECIFIED',
} as const;

export function parseImage(image: ApiBootImage): BootImage {
  if (image === 'BOOT_IMAGE_TINY') return 'tiny';
  return image === 'BOOT_IMAGE_DEBIAN' ? 'debian' : 'none';
}

const instanceStates: Readonly<Record<InstanceState, ApiInstanceState>> = {
  stopped: 'INSTANCE_STATE_STOPPED',
  starting: 'INSTANCE_STATE_STARTING',
  running: 'INSTANCE_STATE_RUNNING',
  restarting: 'INSTANCE_STATE_STARTING',
  stopping: 'INSTANCE_STATE_STOPPING',
  error: 'INSTANCE_STATE_ERROR',
};

export function describeInstance({ instance, attachments, etag }: InstanceView): ApiInstance {
  const { bootVolume, startTimeMs } = instance;
  return {
    name: `instances/${instance.id}`,
    displayName: instance.displayName,
    image: images[instance.image],
    bootVolume: bootVolume === undefined ? '' : `volumes/${bootVolume}`,
    cpuCount: instance.cpuCount,
    memoryBytes: BigInt(instance.memoryBytes),
    state: instanceStates[instance.state],
    conditions: instance.conditions.map(describeCondition),
    createTime: new Date(instance.createTimeMs),
    startTime: startTimeMs === undefined ? undefined : new Date(startTimeMs),
    volumes: attachments.map(({ volume }) => `volumes/${volume}`),
    limits: describeLimits(instance.limits),
    accelerator: instance.accelerator,
    etag,
    ...describeMetadata(instance),
    networkAllowance: describeNetworkAllowance(instance.networkAllowance),
  };
}

export function describeCondition(condition: Condition): ApiCondition {
  return {
    type: condition.type,
    isTrue: true,
    reason: condition.reason,
    message: condition.message.slice(0, messageMaxChars),
    changeTime: new Date(condition.changeTimeMs),
  };
}

const messageMaxChars = 1_024;

/** What a request must have; the schema requires it too. */
export function present<Value>(value: Value | undefined, field: string): Value {
  if (value !== undefined) return value;
  throw new ArgonError('invalid-argument', `${field} is missing`);
}
