// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { ensureBootImages } from '../../../../src/cli/host/boot-images.ts';
import { createTempDir } from '../../temp-dir.ts';
import { FakeContext } from '../fake-context.ts';

describe('ensureBootImages()', () => {
  it('makes nothing where nothing boots', async () => {
    await using dir = await createTempDir();
    const context = new FakeContext(join(dir.path, 'state'));

    await ensureBootImages(context, []);

    expect(existsSync(context.stateDir)).toBe(false);
  });

  it.each(['BOOT_IMAGE_TINY', 'BOOT_IMAGE_DEBIAN', 'BOOT_IMAGE_UNSPECIFIED'] as const)(
    'ends when the user ends it: %s',
    async (image) => {
      await using dir = await createTempDir();
      const context = new FakeContext(dir.path, { signal: AbortSignal.abort() });

      await expect(ensureBootImages(context, [image])).rejects.toMatchObject({
        code: 'cancelled',
      });
    },
  );
});
