// SPDX-License-Identifier: Apache-2.0

// What the metadata service tells a guest of its instance, from the registry's row.

import { createHash } from 'node:crypto';

import type { InstanceFacts } from '../../network/services/service-records.ts';
import type { Instance } from '../model.ts';

const imageIdDigits = 17; // As many as in the ids of EC2.

/** Tags only if the guest may see them. */
export function factsOf(instance: Instance): Partial<InstanceFacts> {
  const { image, bootVolume, createTimeMs, userData, publicKeys, tags, metadata } = instance;
  const { endpoint, tokens, tokenHopLimit, hasTags } = metadata;
  // Its own of each image, and of each volume that somebody boots from.
  const origin = image === 'none' ? (bootVolume ?? '') : image;
  const digits = createHash('sha256').update(origin).digest('hex').slice(0, imageIdDigits);
  const bootDevice = '/dev/vda'; // In the first slot.
  return {
    imageId: `ami-${digits}`,
    launchTimeMs: createTimeMs,
    publicKeys,
    blockDevices: bootVolume === undefined ? {} : { ami: bootDevice, root: bootDevice },
    tags: hasTags ? Object.fromEntries(tags.map(({ key, value }) => [key, value])) : {},
    options: { endpoint, tokens, tokenHopLimit },
    ...(userData.length === 0 ? {} : { userData: Buffer.from(userData).toString('base64') }),
  };
}
