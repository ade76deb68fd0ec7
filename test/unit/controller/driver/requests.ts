// SPDX-License-Identifier: Apache-2.0

// Requests as callers send them, with what a test does not care about filled in.

import { parseBytes } from '../../../../src/base/byte-size.ts';
import type { InstanceId } from '../../../../src/base/instance-id.ts';
import type { VolumeId } from '../../../../src/base/volume-id.ts';
import type {
  AttachVolumeRequest,
  DetachVolumeRequest,
} from '../../../../src/controller/driver/attachments.ts';
import type {
  CreateInstanceRequest,
  InstanceRequest,
  StopInstanceRequest,
} from '../../../../src/controller/driver/instances.ts';
import type {
  CreateVolumeRequest,
  DeleteVolumeRequest,
  UpdateVolumeRequest,
} from '../../../../src/controller/driver/volumes.ts';
import { defaultAllowance, defaultMetadata, noLimits } from '../../../../src/controller/model.ts';
import { scope, type TestDriver } from './fake-host.ts';

const once = { requestId: '', isValidateOnly: false } as const;

export function createVolume(changes: Partial<CreateVolumeRequest> = {}): CreateVolumeRequest {
  return {
    ...once,
    displayName: '',
    sizeBytes: parseBytes('1MiB'),
    cipher: 'aes-256-xts',
    limits: noLimits,
    ...changes,
  };
}

export function updateVolume(
  id: VolumeId,
  changes: UpdateVolumeRequest['changes'],
  others: Partial<UpdateVolumeRequest> = {},
): UpdateVolumeRequest {
  return { ...once, id, changes, etag: '', ...others };
}

export function deleteVolume(
  id: VolumeId,
  changes: Partial<DeleteVolumeRequest> = {},
): DeleteVolumeRequest {
  return { ...once, id, etag: '', isMissingAllowed: false, ...changes };
}

export function createInstance(
  changes: Partial<CreateInstanceRequest> = {},
): CreateInstanceRequest {
  return {
    ...once,
    displayName: '',
    image: 'tiny',
    bootVolume: undefined,
    cpuCount: 2,
    memoryBytes: parseBytes('512MiB'),
    limits: noLimits,
    userData: new Uint8Array(),
    publicKeys: [],
    tags: [],
    metadata: defaultMetadata,
    networkAllowance: defaultAllowance,
    ...changes,
  };
}

export function onInstance(
  id: InstanceId,
  changes: Partial<InstanceRequest> = {},
): InstanceRequest {
  return { ...once, id, ...changes };
}

export function stopInstance(
  id: InstanceId,
  changes: Partial<StopInstanceRequest> = {},
): StopInstanceRequest {
  return { ...once, id, timeoutMs: 0, isForced: false, ...changes };
}

export function attachVolume(
  volume: VolumeId,
  instance: InstanceId,
  changes: Partial<AttachVolumeRequest> = {},
): AttachVolumeRequest {
  return { ...once, volume, instance, isReadOnly: false, ...changes };
}

export function detachVolume(
  volume: VolumeId,
  changes: Partial<DetachVolumeRequest> = {},
): DetachVolumeRequest {
  return { ...once, volume, isForced: false, ...changes };
}

export async function makeVolume(driver: TestDriver): Promise<VolumeId> {
  return (await driver.volumes.create(createVolume(), scope)).volume.id;
}

export async function makeInstance(
  driver: TestDriver,
  changes: Partial<CreateInstanceRequest> = {},
): Promise<InstanceId> {
  return (await driver.instances.create(createInstance(changes), scope)).instance.id;
}

/** An instance that runs. */
export async function runInstance(driver: TestDriver): Promise<InstanceId> {
  const id = await makeInstance(driver);
  await driver.instances.start(onInstance(id), scope);
  return id;
}
