// SPDX-License-Identifier: Apache-2.0

// Built images by digest. An image is built in a hidden folder and enters the cache by rename, so
// what has its final name is complete and on disk. One lock an image name: of two builders one
// waits and then finds the other's result, and whoever has the lock may remove what builders that
// died left behind.

import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';

import { throwIfEnded } from '../base/deadline.ts';
import { fileDigest } from './digest.ts';
import { lockFile } from './file-lock.ts';
import type { ImageOptions } from './image.ts';
import { formatManifest, type ImageManifest, manifestFileName, parseManifest } from './manifest.ts';
import type { ResolvedPackage } from './packages.ts';

export interface CachedBuild extends ImageOptions {
  readonly name: string;
  readonly digest: string;
  readonly packages: readonly ResolvedPackage[];
  /**
   * Makes the image's files in `dir`, which is empty. Plain files of `dir` are the image; folders
   * in it are scratch space and are dropped.
   */
  readonly build: (dir: string) => Promise<void>;
}

// Images and packages unused for this long make room. Arbitrary; long enough to go back and forth
// between branches with different recipes.
const unusedDaysMax = 14;

/** The folder of the image, built first if the cache does not have it. */
export async function ensureCached(request: CachedBuild): Promise<string> {
  const { cacheDir, name, digest, progress, signal } = request;
  const dir = join(cacheDir, `${name}-${digest.slice(0, 12)}`);
  if (await isComplete(dir, digest)) return dir;

  await mkdir(cacheDir, { recursive: true, mode: 0o700 });
  await using cleanUp = new AsyncDisposableStack();
  const lock = await lockFile(join(cacheDir, `.${name}.lock`), {
    signal,
    onWait: () => {
      progress.step(`waiting for another build of image ${name}`);
    },
  });
  cleanUp.use(lock);
  if (await isComplete(dir, digest)) return dir;

  await removeLeftovers(cacheDir, name);
  const partialDir = await mkdtemp(join(cacheDir, `.${name}-${digest.slice(0, 12)}-`));
  cleanUp.defer(async () => rm(partialDir, { recursive: true, force: true, maxRetries: 3 }));

  await request.build(partialDir);
  throwIfEnded(signal, `building image ${name}`);
  progress.step(`writing image ${name} to disk`);
  await finish(partialDir, request);
  await rm(dir, { recursive: true, force: true }); // Present only if it was incomplete.
  await rename(partialDir, dir);
  await sync(cacheDir);
  await prune(cacheDir, new Date(Date.now() - unusedDaysMax * 24 * 60 * 60 * 1000));
  return dir;
}

/**
 * The image of a name that was used last, whatever it was made of: for whoever builds none.
 * Undefined if the cache has none that is complete.
 */
export async function findCached(
  cacheDir: string,
  name: string,
): Promise<{ readonly dir: string; readonly digest: string } | undefined> {
  const pattern = new RegExp(`^${name}-[0-9a-f]{12}$`);
  const names = await readdir(cacheDir).catch((): string[] => []);
  const found = names.filter((entry) => pattern.test(entry)).map((entry) => join(cacheDir, entry));
  const times = await Promise.all(found.map(async (dir) => (await stat(dir)).mtimeMs));
  const newest = found
    .map((dir, index) => ({ dir, usedMs: times[index] ?? 0 }))
    .toSorted((a, b) => b.usedMs - a.usedMs);
  for (const { dir } of newest) {
    const digest = (await readManifest(dir))?.digest;
    if (digest !== undefined && (await isComplete(dir, digest))) return { dir, digest };
  }
  return undefined;
}

async function readManifest(dir: string): Promise<ImageManifest | undefined> {
  const path = join(dir, manifestFileName);
  try {
    return parseManifest(await readFile(path, 'utf8'), path);
  } catch {
    return undefined; // Built anew.
  }
}

/** Whether `dir` holds what its manifest lists. A hit counts as use. */
async function isComplete(dir: string, digest: string): Promise<boolean> {
  const manifest = await readManifest(dir);
  if (manifest?.digest !== digest) return false;
  for (const file of manifest.files) {
    const found = await stat(join(dir, file.name)).catch(() => undefined);
    if (found?.size !== file.sizeBytes) return false;
  }
  const now = new Date();
  await utimes(dir, now, now);
  return true;
}

/** Drops folders, writes the manifest and waits until all of it is on disk. */
async function finish(dir: string, request: CachedBuild): Promise<void> {
  const { name, digest, packages, signal } = request;
  const files = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isFile()) {
      const { size } = await stat(path);
      files.push({ name: entry.name, sizeBytes: size, sha256: await fileDigest(path, signal) });
      await sync(path);
    } else {
      await rm(path, { recursive: true, force: true });
    }
  }
  const manifest = formatManifest({
    name,
    digest,
    files: files.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    packages: packages.map(({ name: package_, version, sha256 }) => ({
      name: package_,
      version,
      sha256,
    })),
  });
  await using handle = await open(join(dir, manifestFileName), 'wx');
  await handle.writeFile(manifest);
  await handle.sync();
  await sync(dir);
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** Removes the hidden folders of builders that died; the caller holds the lock of `name`. */
async function removeLeftovers(cacheDir: string, name: string): Promise<void> {
  const pattern = new RegExp(`^\\.${name}-[0-9a-f]{12}-`);
  for (const leftover of (await readdir(cacheDir)).filter((entry) => pattern.test(entry))) {
    await rm(join(cacheDir, leftover), { recursive: true, force: true });
  }
}

/** Removes images and packages that nobody has used since `limit`. */
async function prune(cacheDir: string, limit: Date): Promise<void> {
  const images = (await readdir(cacheDir)).filter((entry) => /^[a-z]+-[0-9a-f]{12}$/.test(entry));
  const storeDir = join(cacheDir, 'packages');
  const stored = await readdir(storeDir).catch((): string[] => []);
  for (const path of [
    ...images.map((entry) => join(cacheDir, entry)),
    ...stored.map((entry) => join(storeDir, entry)),
  ]) {
    const found = await stat(path).catch(() => undefined); // Another builder may prune too.
    if (found !== undefined && found.mtime < limit)
      await rm(path, { recursive: true, force: true });
  }
}
