// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';

import type { Brand } from './brand.ts';
import { ArgonError } from './errors.ts';
import { textOf } from './text-of.ts';

/** `vol` and 17 lower-case hex digits: exactly the 20 bytes of a virtio-blk serial (claim G3). */
export type VolumeId = Brand<string, 'VolumeId'>;

export function isVolumeId(text: unknown): text is VolumeId {
  return typeof text === 'string' && /^vol[0-9a-f]{17}$/.test(text);
}

/** @throws ArgonError invalid-argument, naming the text. */
export function parseVolumeId(text: unknown): VolumeId {
  if (!isVolumeId(text)) {
    throw new ArgonError('invalid-argument', `"${textOf(text)}" is not a volume id`, {
      hint: 'a volume id is "vol" and 17 hex digits; argon volume list shows those there are',
    });
  }
  return text;
}

/**
 * The id in what a user calls a volume: the id itself, or its name in the management API
 * (`volumes/vol…`).
 * @throws ArgonError invalid-argument, naming the text.
 */
export function parseVolumeName(text: string): VolumeId {
  return parseVolumeId(text.replace(/^volumes\//, ''));
}

/** A new id; 68 random bits. */
export function createVolumeId(): VolumeId {
  return parseVolumeId(`vol${randomBytes(9).toString('hex').slice(0, 17)}`);
}
