// SPDX-License-Identifier: Apache-2.0

import type { Instance } from '../../api/generated/argon/v1/instances.ts';
import { type Bytes, parseBytes } from '../../base/byte-size.ts';
import type { InstanceDriver } from '../driver/instances.ts';
import { parseNetworkAllowance } from './allowance-words.ts';
import type { HandlersOf } from './handler.ts';
import { parseMetadataOptions } from './metadata-words.ts';
import {
  describeInstance,
  parseImage,
  parseInstanceName,
  parseLimits,
  parseVolumeName,
  present,
} from './words.ts';

const defaultCpuCount = 2;
// The initramfs unpacked, and room for a file system's cache; Debian's package manager wants more.
const directMemory = parseBytes('512MiB');
const diskMemory = parseBytes('1GiB');

/** The methods of the service Instances. */
export function instanceHandlers(instances: InstanceDriver): HandlersOf<'Instances'> {
  return { ...recordHandlers(instances), ...machineHandlers(instances) };
}

type MachineMethod =
  | 'Instances.DeleteInstance'
  | 'Instances.StartInstance'
  | 'Instances.StopInstance'
  | 'Instances.ResetInstance';

function recordHandlers(instances: InstanceDriver): Omit<HandlersOf<'Instances'>, MachineMethod> {
  return {
    'Instances.CreateInstance': async ({ instance, requestId, validateOnly }, scope) => {
      const asked = present(instance, 'instance');
      const request = {
        requestId,
        isValidateOnly: validateOnly,
        displayName: asked.displayName,
        image: parseImage(asked.image),
        bootVolume: asked.bootVolume === '' ? undefined : parseVolumeName(asked.bootVolume),
        cpuCount: asked.cpuCount || defaultCpuCount,
        memoryBytes: memoryOf(asked),
        limits: parseLimits(asked.limits),
        userData: asked.userData ?? new Uint8Array(),
        publicKeys: asked.publicKeys,
        tags: asked.tags,
        metadata: parseMetadataOptions(asked.metadataOptions),
        networkAllowance: parseNetworkAllowance(asked.networkAllowance),
      };
      return describeInstance(await instances.create(request, scope));
    },
    'Instances.GetInstance': async ({ name }) =>
      describeInstance(instances.get(parseInstanceName(name))),
    'Instances.ListInstances': async (request) => {
      const { items, nextPageToken } = instances.list(request);
      return { instances: items.map(describeInstance), nextPageToken };
    },
    'Instances.UpdateInstance': async (request, scope) => {
      const { instance, updateMask, requestId, validateOnly } = request;
      const asked = present(instance, 'instance');
      const mask = new Set(present(updateMask, 'update_mask').map((path) => path.split('.')[0]));
      const changes = {
        ...(mask.has('display_name') ? { displayName: asked.displayName } : {}),
        ...(mask.has('limits') ? { limits: parseLimits(asked.limits) } : {}),
        ...(mask.has('tags') ? { tags: asked.tags } : {}),
        ...(mask.has('metadata_options')
          ? { metadata: parseMetadataOptions(asked.metadataOptions) }
          : {}),
        ...(mask.has('network_allowance')
          ? { networkAllowance: parseNetworkAllowance(asked.networkAllowance) }
          : {}),
      };
      const id = parseInstanceName(asked.name);
      const { etag } = asked;
      return describeInstance(
        await instances.update(
          { requestId, isValidateOnly: validateOnly, id, changes, etag },
          scope,
        ),
      );
    },
  };
}

function machineHandlers(instances: InstanceDriver): Pick<HandlersOf<'Instances'>, MachineMethod> {
  return {
    'Instances.DeleteInstance': async (request, scope) => {
      const { name, etag, requestId, validateOnly, allowMissing } = request;
      await instances.delete(
        {
          requestId,
          etag,
          id: parseInstanceName(name),
          isValidateOnly: validateOnly,
          isMissingAllowed: allowMissing,
        },
        scope,
      );
      return {};
    },
    'Instances.StartInstance': async ({ name, requestId, validateOnly }, scope) => {
      const id = parseInstanceName(name);
      return describeInstance(
        await instances.start({ requestId, isValidateOnly: validateOnly, id }, scope),
      );
    },
    'Instances.StopInstance': async (request, scope) => {
      const { name, timeoutMs, force, requestId, validateOnly } = request;
      const id = parseInstanceName(name);
      const options = { requestId, isValidateOnly: validateOnly, timeoutMs, isForced: force };
      return describeInstance(await instances.stop({ ...options, id }, scope));
    },
    'Instances.ResetInstance': async ({ name, requestId, validateOnly }, scope) => {
      const id = parseInstanceName(name);
      return describeInstance(
        await instances.reset({ requestId, isValidateOnly: validateOnly, id }, scope),
      );
    },
  };
}

function memoryOf({ memoryBytes, image, bootVolume }: Instance): Bytes {
  if (memoryBytes !== 0n) return parseBytes(Number(memoryBytes));
  return image === 'BOOT_IMAGE_DEBIAN' || bootVolume !== '' ? diskMemory : directMemory;
}
