// SPDX-License-Identifier: Apache-2.0

import { parseBytes } from '../../base/byte-size.ts';
import type { AttachmentDriver } from '../driver/attachments.ts';
import type { VolumeDriver } from '../driver/volumes.ts';
import type { HandlersOf } from './handler.ts';
import {
  describeVolume,
  parseCipher,
  parseInstanceName,
  parseLimits,
  parseVolumeName,
  present,
} from './words.ts';

/** The methods of the service Volumes. */
export function volumeHandlers(
  volumes: VolumeDriver,
  attachments: AttachmentDriver,
): HandlersOf<'Volumes'> {
  return {
    'Volumes.CreateVolume': async ({ volume, requestId, validateOnly }, scope) => {
      const asked = present(volume, 'volume');
      const request = {
        requestId,
        isValidateOnly: validateOnly,
        displayName: asked.displayName,
        sizeBytes: parseBytes(Number(asked.sizeBytes)),
        cipher: parseCipher(asked.cipher),
        limits: parseLimits(asked.limits),
      };
      return describeVolume(await volumes.create(request, scope));
    },
    'Volumes.GetVolume': async ({ name }) =>
      describeVolume(await volumes.get(parseVolumeName(name))),
    'Volumes.ListVolumes': async (request) => {
      const { items, nextPageToken } = await volumes.list(request);
      return { volumes: items.map(describeVolume), nextPageToken };
    },
    'Volumes.UpdateVolume': async ({ volume, updateMask, requestId, validateOnly }, scope) => {
      const asked = present(volume, 'volume');
      const mask = new Set(present(updateMask, 'update_mask').map((path) => path.split('.')[0]));
      const changes = {
        ...(mask.has('display_name') ? { displayName: asked.displayName } : {}),
        ...(mask.has('size_bytes') ? { sizeBytes: parseBytes(Number(asked.sizeBytes)) } : {}),
        ...(mask.has('limits') ? { limits: parseLimits(asked.limits) } : {}),
      };
      const id = parseVolumeName(asked.name);
      const request = { requestId, isValidateOnly: validateOnly, id, changes, etag: asked.etag };
      return describeVolume(await volumes.update(request, scope));
    },
    'Volumes.DeleteVolume': async (request, scope) => {
      const { name, etag, requestId, validateOnly, allowMissing } = request;
      await volumes.delete(
        {
          requestId,
          etag,
          id: parseVolumeName(name),
          isValidateOnly: validateOnly,
          isMissingAllowed: allowMissing,
        },
        scope,
      );
      return {};
    },
    'Volumes.AttachVolume': async (request, scope) => {
      const { name, instance, readOnly, requestId, validateOnly } = request;
      const volume = parseVolumeName(name);
      await volumes.notice(volume);
      const view = await attachments.attach(
        {
          requestId,
          volume,
          instance: parseInstanceName(instance),
          isReadOnly: readOnly,
          isValidateOnly: validateOnly,
        },
        scope,
      );
      return describeVolume(view);
    },
    'Volumes.DetachVolume': async ({ name, force, requestId, validateOnly }, scope) => {
      const volume = parseVolumeName(name);
      const request = { requestId, volume, isForced: force, isValidateOnly: validateOnly };
      return describeVolume(await attachments.detach(request, scope));
    },
  };
}
