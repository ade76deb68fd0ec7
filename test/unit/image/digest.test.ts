// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { fileDigest, type ImageInputs, imageDigest } from '../../../src/image/digest.ts';
import type { RecipeFile } from '../../../src/image/recipe.ts';
import { createTempDir } from './temp-dir.ts';

function recipeOf(...files: readonly RecipeFile[]): ImageInputs['recipe'] {
  return { name: 'tiny', files: new Map(files.map((file) => [file.path, file])) };
}

const init: RecipeFile = { path: 'init', isExecutable: true, data: Buffer.from('#!/bin/sh\n') };
const list: RecipeFile = { path: 'packages', isExecutable: false, data: Buffer.from('fio\n') };
const fio = { name: 'fio', version: '3.33-3', fileName: 'fio.deb', sizeBytes: 1, sha256: 'aa' };
const libc = { name: 'libc6', version: '2.36-9', fileName: 'c.deb', sizeBytes: 1, sha256: 'bb' };

const inputs: ImageInputs = {
  recipe: recipeOf(init, list),
  builderVersion: 1,
  packages: [fio, libc],
};

describe('imageDigest()', () => {
  it('is the same for the same inputs, forever', () => {
    expect(imageDigest(inputs)).toBe(
      'a813d6f5490abe4fd606442a08f6fe9a5a9d3e77a7c4d49c97c0eefe5b3f62f5',
    );
  });

  it('does not depend on the order of files and packages', () => {
    const turned = { ...inputs, recipe: recipeOf(list, init), packages: [libc, fio] };

    expect(imageDigest(turned)).toBe(imageDigest(inputs));
  });

  it.each<[string, ImageInputs]>([
    ['the builder', { ...inputs, builderVersion: 2 }],
    ['a version', { ...inputs, packages: [{ ...fio, version: '3.33-4' }, libc] }],
    ['a package file', { ...inputs, packages: [{ ...fio, sha256: 'ab' }, libc] }],
    ['the set of packages', { ...inputs, packages: [fio] }],
    [
      'a file',
      { ...inputs, recipe: recipeOf({ ...init, data: Buffer.from('#!/bin/ash\n') }, list) },
    ],
    ['a mode', { ...inputs, recipe: recipeOf({ ...init, isExecutable: false }, list) }],
    ['a path', { ...inputs, recipe: recipeOf({ ...init, path: 'linuxrc' }, list) }],
    ['the name', { ...inputs, recipe: { ...inputs.recipe, name: 'small' } }],
  ])('changes with %s', (_what, changed) => {
    expect(imageDigest(changed)).not.toBe(imageDigest(inputs));
  });
});

describe('fileDigest()', () => {
  it('is the SHA-256 of the content', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'file');
    await writeFile(path, 'abc');

    const digest = await fileDigest(path, new AbortController().signal);

    // FIPS 180-2, appendix B.1.
    expect(digest).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('ends when it is cancelled', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'file');
    await writeFile(path, 'abc');

    await expect(fileDigest(path, AbortSignal.abort())).rejects.toThrow(/abort/i);
  });
});
