// SPDX-License-Identifier: Apache-2.0

// What a host boots its guests from has to be there before: the controller builds no images.

import { join } from 'node:path';

import type { BootImage } from '../../api/generated/argon/v1/instances.ts';
import { ensureStateSubdir } from '../../base/state-dir.ts';
import { ensureDebianImage } from '../../image/debian.ts';
import { ensureTinyImage } from '../../image/tiny.ts';
import type { CommandContext } from '../context.ts';

/**
 * Makes the images that are missing, with their progress on stderr: those that instances boot, and
 * for any instance the tiny one, which finds out whether KVM works.
 */
export async function ensureBootImages(
  { stateDir, stages, signal }: Pick<CommandContext, 'stateDir' | 'stages' | 'signal'>,
  images: readonly BootImage[],
): Promise<void> {
  if (images.length === 0) return;
  const options = {
    cacheDir: join(await ensureStateSubdir(stateDir), 'images'),
    progress: stages,
    signal,
  };
  await ensureTinyImage(options);
  if (images.includes('BOOT_IMAGE_DEBIAN')) await ensureDebianImage(options);
  stages.ok(); // Of the last step, if there was one.
}
