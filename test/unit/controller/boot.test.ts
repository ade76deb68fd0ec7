// SPDX-License-Identifier: Apache-2.0

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateStateDir } from '../../../src/base/state-dir.ts';
import { bootSourceOf, kernelSource } from '../../../src/controller/boot.ts';
import { createTempDir } from '../temp-dir.ts';
import { volumeId } from './samples.ts';

describe('kernelSource', () => {
  const image = {
    kind: 'direct-boot',
    name: 'tiny',
    digest: 'd',
    kernelPath: '/k',
    initrdPath: '/i',
    commandLine: 'quiet',
  } as const;

  it('is kernel, initrd and command line', () => {
    expect(kernelSource(image)).toEqual({
      kind: 'kernel',
      kernel: { kind: 'path', path: '/k' },
      initrd: { kind: 'path', path: '/i' },
      commandLine: 'quiet',
    });
  });

  it('has no initrd where there is none', () => {
    expect(kernelSource({ ...image, initrdPath: undefined })).not.toHaveProperty('initrd');
  });
});

describe('bootSourceOf', () => {
  it('builds no image that is not there', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');
    await mkdir(join(dir.path, 'images'));

    await expect(
      bootSourceOf({ image: 'tiny', bootVolume: undefined }, { stateDir, folder: dir.path }),
    ).rejects.toMatchObject({ code: 'failed-precondition', hint: expect.stringContaining('run') });
  });

  it('is firmware for a volume, with the variable store of the folder', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');
    const options = { stateDir, folder: dir.path };

    const source = await bootSourceOf({ image: 'none', bootVolume: volumeId(1) }, options);

    expect(source).toMatchObject({
      kind: 'firmware',
      variables: { path: join(dir.path, 'variables.fd') },
    });
  });
});
