// SPDX-License-Identifier: Apache-2.0

// From a recipe to a folder in the cache: the packages' current versions, the digest over all
// inputs, and a build if no image has that digest.

import { ArgonError } from '../base/errors.ts';
import { PackageListsError, resolvePackages, updatePackageLists } from './apt.ts';
import { imageDigest } from './digest.ts';
import type { ImageOptions } from './image.ts';
import { ensureCached } from './image-cache.ts';
import { type ResolvedPackage, selectPackages } from './packages.ts';
import type { Recipe } from './recipe.ts';

/** Packages that get into an image together. */
export interface PackageSet {
  readonly names: readonly string[];
  /** `all`: with what they depend on; `named`: only they, and the kernel one of them stands for. */
  readonly extent: 'all' | 'named';
}

export interface ImageBuild extends ImageOptions {
  readonly recipe: Recipe;
  readonly builderVersion: number;
  readonly packageSets: readonly PackageSet[];
  /** Makes the image's files in `dir`; see CachedBuild. Gets the packages of each set. */
  readonly build: (
    dir: string,
    digest: string,
    packages: readonly (readonly ResolvedPackage[])[],
  ) => Promise<void>;
}

export interface BuiltImage {
  readonly dir: string;
  readonly digest: string;
}

/**
 * The image's folder, built if it is not there. When the host's package lists turn out to be older
 * than the archive, they are updated, once, and all starts over with the new versions.
 */
export async function ensureBuilt(image: ImageBuild): Promise<BuiltImage> {
  try {
    return await ensureOnce(image);
  } catch (thrown) {
    if (!(thrown instanceof PackageListsError) || process.getuid?.() !== 0) throw thrown;
    await updatePackageLists(image).catch((cause: unknown) => {
      const causes = new AggregateError([thrown, cause]);
      const hint = 'check that this host reaches its apt sources';
      throw new ArgonError('unavailable', thrown.message, { cause: causes, hint });
    });
    return await ensureOnce(image);
  }
}

async function ensureOnce(image: ImageBuild): Promise<BuiltImage> {
  const { recipe, builderVersion, packageSets, cacheDir, progress, signal } = image;
  const sets: (readonly ResolvedPackage[])[] = [];
  for (const { names, extent } of packageSets) {
    const resolved = await resolvePackages(names, image);
    sets.push(extent === 'all' ? resolved : selectPackages(names, resolved));
  }
  const packages = [...new Map(sets.flat().map((item) => [item.name, item])).values()];
  const digest = imageDigest({ recipe, builderVersion, packages });
  const dir = await ensureCached({
    name: recipe.name,
    digest,
    packages,
    cacheDir,
    progress,
    signal,
    build: async (partialDir) => image.build(partialDir, digest, sets),
  });
  return { dir, digest };
}
