// SPDX-License-Identifier: Apache-2.0

// What a host boots its guests from has to be there before: the controller builds no images.

import { join } from 'node:path';

import type { BootImage } from '../../api/generated/argon/v1/instances.ts';
import { ensureStateSubdir } from '../../base/state-dir.ts';
import { ensureDebianImage } from '../../image/debian.ts';
import { ensureTinyImage } from '../../image/tiny.ts';
import type { CommandContext } from '../context.ts';

/** Makes the images that are missing, with their progress on stderr. */
export async function ensureBootImages(
  { stateDir, stages, signal }: Pick<CommandContext, 'stateDir' | 'stages' | 'signal'>,
  images: readonly BootImage[],
): Promise<void> {
  const wanted = new Set(images.filter((image) => image !== 'BOOT_IMAGE_UNSPECIFIED'));
  if (wanted.size === 0) return;
  const options = {
    cacheDir: join(await ensureStateSubdir(stateDir), 'images'),
    progress: stages,
    signal,
  };
  if (wanted.has('BOOT_IMAGE_TINY')) await ensureTinyImage(options);
  if (wanted.has('BOOT_IMAGE_DEBIAN')) await ensureDebianImage(options);
}
