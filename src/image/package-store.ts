// SPDX-License-Identifier: Apache-2.0

// The package files that images are made of, kept so that a new recipe needs no new download. All
// images of a cache share the store; files enter it complete, by rename.

import { mkdir, mkdtemp, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';
import { downloadPackages } from './apt.ts';
import { fileDigest } from './digest.ts';
import type { ImageOptions } from './image.ts';
import type { ResolvedPackage } from './packages.ts';

/**
 * Gets the files of `packages` and returns their paths by package name. Each file's digest has been
 * checked, whether it was there or came now.
 */
export async function fetchPackages(
  packages: readonly ResolvedPackage[],
  { cacheDir, progress, signal }: ImageOptions,
): Promise<ReadonlyMap<string, string>> {
  const storeDir = join(cacheDir, 'packages');
  await mkdir(storeDir, { recursive: true });
  const missing: ResolvedPackage[] = [];
  for (const wanted of packages) {
    if (!(await isStored(storeDir, wanted, signal))) missing.push(wanted);
  }
  if (missing.length > 0) {
    const megabytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6;
    progress.step(`downloading ${missing.length} Debian packages, ${megabytes.toFixed(0)} MB`);
    await download(storeDir, missing, signal);
  }
  return new Map(packages.map(({ name, fileName }) => [name, join(storeDir, fileName)]));
}

/** Unpacks package files over each other into `dir`, without running their scripts. */
export async function unpackPackages(
  files: Iterable<string>,
  dir: string,
  { progress, signal }: ImageOptions,
): Promise<void> {
  const paths = [...files];
  for (const [index, path] of paths.entries()) {
    progress.advance(index, paths.length);
    await run('dpkg-deb', ['--extract', path, dir], { signal });
  }
}

async function download(
  storeDir: string,
  packages: readonly ResolvedPackage[],
  signal: AbortSignal,
): Promise<void> {
  const dir = await mkdtemp(join(storeDir, '.download-'));
  try {
    await downloadPackages(packages, dir, signal);
    for (const { fileName, sha256 } of packages) {
      const path = join(dir, fileName);
      if ((await fileDigest(path, signal)) !== sha256) {
        throw new ArgonError('data-loss', `the package file ${fileName} has a wrong digest`);
      }
      await rename(path, join(storeDir, fileName));
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function isStored(
  storeDir: string,
  { fileName, sizeBytes, sha256 }: ResolvedPackage,
  signal: AbortSignal,
): Promise<boolean> {
  const path = join(storeDir, fileName);
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== sizeBytes || (await fileDigest(path, signal)) !== sha256) return false;
  const now = new Date();
  await utimes(path, now, now); // Pruning goes by this time.
  return true;
}
