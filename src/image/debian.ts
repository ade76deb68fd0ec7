// SPDX-License-Identifier: Apache-2.0

// The image `debian`: Debian 12 with systemd on a GPT disk that UEFI firmware boots. Recipe:
// images/debian.

import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { type CpioEntry, encodeCpio } from './cpio.ts';
import { finishRoot, installPackages } from './debian-root.ts';
import { buildDisk } from './disk-image.ts';
import { type DiskIds, diskIds } from './disk-layout.ts';
import { type DiskImage, type ImageOptions, imageEpochSeconds } from './image.ts';
import { ensureBuilt, type PackageSet } from './image-builder.ts';
import { findCached } from './image-cache.ts';
import {
  type BuildRoot,
  baseEntries,
  busyboxEntries,
  joinEntries,
  linkEntries,
  recipeEntries,
  textEntry,
} from './initramfs.ts';
import { kernelVersion, moduleEntries } from './kernel-modules.ts';
import { fetchPackages, unpackPackages } from './package-store.ts';
import type { ResolvedPackage } from './packages.ts';
import { type Recipe, readRecipe, recipeCommandLine, recipeList, recipeTree } from './recipe.ts';
import { buildUnifiedKernel } from './unified-kernel.ts';

const builderVersion = 1; // Raise it when this file makes another image from the same recipe.

// From Debian's package systemd-boot-efi.
const stubPath = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';

/** The image `debian`, built first, as root, if it is not in the cache. */
export async function ensureDebianImage(options: ImageOptions): Promise<DiskImage> {
  const recipe = await readRecipe('debian');
  const built = await ensureBuilt({
    ...options,
    recipe,
    builderVersion,
    packageSets: packageSets(recipe),
    build: async (dir, digest, [rootPackages = [], kernelPackages = []]) =>
      build(dir, { recipe, ids: diskIds(digest), rootPackages, kernelPackages }, options),
  });
  return describe(recipe, built);
}

/**
 * The image `debian` that was used last; nothing is built or fetched.
 * @throws ArgonError failed-precondition if there is none.
 */
export async function findDebianImage(cacheDir: string): Promise<DiskImage> {
  const recipe = await readRecipe('debian');
  const found = await findCached(cacheDir, recipe.name);
  if (found !== undefined) return describe(recipe, found);
  throw new ArgonError('failed-precondition', 'the image debian has not been built', {
    hint: 'argon run --image debian -- true builds it, once as root',
  });
}

async function describe(
  recipe: Recipe,
  { dir, digest }: { readonly dir: string; readonly digest: string },
): Promise<DiskImage> {
  const path = join(dir, 'disk.raw');
  const { size } = await stat(path);
  return { kind: 'disk', name: recipe.name, digest, path, sizeBytes: size };
}

/** What is installed in the guest, and what is only unpacked for its kernel. */
export function packageSets(recipe: Recipe): readonly PackageSet[] {
  return [
    { names: ['?essential', ...recipeList(recipe, 'packages')], extent: 'all' },
    { names: recipeList(recipe, 'kernel-packages'), extent: 'named' },
  ];
}

interface BuildInputs {
  readonly recipe: Recipe;
  readonly ids: DiskIds;
  readonly rootPackages: readonly ResolvedPackage[];
  readonly kernelPackages: readonly ResolvedPackage[];
}

async function build(dir: string, inputs: BuildInputs, options: ImageOptions): Promise<void> {
  const { recipe, ids, rootPackages, kernelPackages } = inputs;
  const { progress, signal } = options;
  if (process.getuid?.() !== 0) {
    throw new ArgonError('permission-denied', 'only root can build the image debian', {
      hint: 'run the command once as root, or use the image tiny, which needs no root',
    });
  }
  const scratchDir = join(dir, 'scratch');
  const rootDir = join(dir, 'root');
  const kernelRoot = join(dir, 'kernel');
  await mkdir(scratchDir);
  const files = await fetchPackages([...rootPackages, ...kernelPackages], options);

  progress.step(`installing ${rootPackages.length} packages into image debian`);
  const rootParts = { recipe, packages: rootPackages, files, scratchDir };
  await installPackages(rootDir, rootParts, options);

  progress.step('making the kernel image of image debian');
  const kernelFiles = kernelPackages.flatMap(({ name }) => files.get(name) ?? []);
  await unpackPackages(kernelFiles, kernelRoot, options);
  const unifiedKernelPath = join(scratchDir, 'kernel.efi');
  const initrdPath = join(scratchDir, 'initrd');
  const buildRoot = { root: kernelRoot, scratchDir, signal };
  const entries = await initrdEntries(recipe, buildRoot);
  await writeFile(initrdPath, encodeCpio(entries, imageEpochSeconds));
  await buildUnifiedKernel(
    {
      stubPath,
      osReleasePath: join(rootDir, 'usr/lib/os-release'),
      commandLine: `root=UUID=${ids.rootFileSystem} ${recipeCommandLine(recipe)}`,
      kernelPath: join(kernelRoot, 'boot', `vmlinuz-${await kernelVersion(kernelRoot)}`),
      initrdPath,
    },
    unifiedKernelPath,
    { scratchDir, signal },
  );

  progress.step('writing the disk of image debian');
  await finishRoot(rootDir, kernelRoot, { recipe, ids, signal });
  await buildDisk(join(dir, 'disk.raw'), { ids, unifiedKernelPath, rootDir }, signal);
}

async function initrdEntries(recipe: Recipe, buildRoot: BuildRoot): Promise<readonly CpioEntry[]> {
  const modules = recipeList(recipe, 'modules');
  return joinEntries(
    baseEntries(['dev', 'proc', 'sys', 'sysroot']),
    await busyboxEntries(buildRoot),
    await moduleEntries(modules, buildRoot),
    recipeEntries(recipeTree(recipe, 'initrd')),
    linkEntries([
      ['bin', 'usr/bin'],
      ['sbin', 'usr/bin'],
      ['lib', 'usr/lib'],
    ]),
    [textEntry('etc/modules', `${modules.join('\n')}\n`)],
  );
}
