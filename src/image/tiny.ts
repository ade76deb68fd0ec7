// SPDX-License-Identifier: Apache-2.0

// The image `tiny`: Debian's cloud kernel and one initramfs with all there is. Recipe: images/tiny.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { type CpioEntry, encodeCpio } from './cpio.ts';
import { type DirectBootImage, type ImageOptions, imageEpochSeconds } from './image.ts';
import { ensureBuilt } from './image-builder.ts';
import { findCached } from './image-cache.ts';
import {
  type BuildRoot,
  baseEntries,
  busyboxEntries,
  joinEntries,
  linkEntries,
  programEntries,
  recipeEntries,
  textEntry,
  type WantedProgram,
} from './initramfs.ts';
import { kernelVersion, moduleEntries } from './kernel-modules.ts';
import { fetchPackages, unpackPackages } from './package-store.ts';
import type { ResolvedPackage } from './packages.ts';
import {
  type Recipe,
  readRecipe,
  recipeCommandLine,
  recipeList,
  recipeTree,
  recipeWords,
} from './recipe.ts';

const builderVersion = 1; // Raise it when this file makes another image from the same recipe.

/** The image `tiny`, built first if it is not in the cache. Needs no root. */
export async function ensureTinyImage(options: ImageOptions): Promise<DirectBootImage> {
  const recipe = await readRecipe('tiny');
  const built = await ensureBuilt({
    ...options,
    recipe,
    builderVersion,
    packageSets: [{ names: recipeList(recipe, 'packages'), extent: 'named' }],
    build: async (dir, _digest, [packages = []]) => build(dir, recipe, packages, options),
  });
  return describe(recipe, built);
}

/**
 * The image `tiny` that was used last; nothing is built or fetched.
 * @throws ArgonError failed-precondition if there is none.
 */
export async function findTinyImage(cacheDir: string): Promise<DirectBootImage> {
  const recipe = await readRecipe('tiny');
  const found = await findCached(cacheDir, recipe.name);
  if (found !== undefined) return describe(recipe, found);
  throw new ArgonError('failed-precondition', 'the image tiny has not been built', {
    hint: 'argon run -- true builds it',
  });
}

function describe(
  recipe: Recipe,
  { dir, digest }: { readonly dir: string; readonly digest: string },
): DirectBootImage {
  return {
    kind: 'direct-boot',
    name: recipe.name,
    digest,
    kernelPath: join(dir, 'vmlinuz'),
    initrdPath: join(dir, 'initrd'),
    commandLine: recipeCommandLine(recipe),
  };
}

async function build(
  dir: string,
  recipe: Recipe,
  packages: readonly ResolvedPackage[],
  options: ImageOptions,
): Promise<void> {
  const { progress, signal } = options;
  const files = await fetchPackages(packages, options);
  progress.step('unpacking the packages of image tiny');
  const buildRoot = { root: join(dir, 'root'), scratchDir: join(dir, 'scratch'), signal };
  await mkdir(buildRoot.scratchDir);
  await unpackPackages(files.values(), buildRoot.root, options);

  progress.step('packing the initramfs of image tiny');
  // Not compressed: under TCG zstd would cost 0.5 s of 2.2 s, gzip 0.35 s and LZ4 0.15 s.
  const entries = await initramfsEntries(recipe, buildRoot);
  await writeFile(join(dir, 'initrd'), encodeCpio(entries, imageEpochSeconds));
  const version = await kernelVersion(buildRoot.root);
  await copyFile(join(buildRoot.root, 'boot', `vmlinuz-${version}`), join(dir, 'vmlinuz'));
}

async function initramfsEntries(
  recipe: Recipe,
  buildRoot: BuildRoot,
): Promise<readonly CpioEntry[]> {
  const { all, atBoot } = moduleNames(recipe);
  return joinEntries(
    baseEntries(['dev', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'var/log']),
    await busyboxEntries(buildRoot),
    await programEntries(wantedPrograms(recipe), buildRoot),
    await moduleEntries(all, buildRoot),
    recipeEntries(recipeTree(recipe, 'root')),
    linkEntries(recipeWords(recipe, 'links')),
    [textEntry('etc/modules', `${atBoot.join('\n')}\n`)],
  );
}

/** The modules of a recipe: name and "boot" or "demand". */
export function moduleNames(recipe: Recipe): {
  readonly all: readonly string[];
  readonly atBoot: readonly string[];
} {
  const modules = recipeWords(recipe, 'modules').map(([name = '', when]) => ({ name, when }));
  return {
    all: modules.map(({ name }) => name),
    atBoot: modules.filter(({ when }) => when === 'boot').map(({ name }) => name),
  };
}

/** The programs of a recipe, each with the libraries that stubs replace. */
export function wantedPrograms(recipe: Recipe): readonly WantedProgram[] {
  const stubs = recipeWords(recipe, 'stubs');
  return recipeList(recipe, 'programs').map((path) => ({
    path,
    stubs: stubs.flatMap(([program, library]) =>
      program === path && library !== undefined ? [library] : [],
    ),
  }));
}
