// SPDX-License-Identifier: Apache-2.0

// Asks apt which versions of packages the host's package lists offer: never what the host has
// installed, and nothing here installs anything. apt follows the host's own sources, so no address
// is in this repository or in anything that it writes.

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { parseJson } from '../base/parse.ts';
import { run } from '../base/subprocess.ts';
import type { ImageOptions } from './image.ts';
import { parsePackages, parsePrintUris, type ResolvedPackage } from './packages.ts';
import { recipesDir } from './recipe.ts';

/** The package lists of the host lack something, or are older than the archive. */
export class PackageListsError extends ArgonError {
  override readonly name = 'PackageListsError';
}

const hostListsDir = '/var/lib/apt/lists';
const preferencesPath = join(recipesDir, 'apt-preferences');

// The archive as an empty machine sees it: nothing installed, nothing downloaded, and the host's
// preferences left out. A cache file would save apt 0.6 s of 1.5 s; the memo below saves it all.
const aptOptions: readonly string[] = [
  'Dir::State::status=/dev/null',
  'Dir::Cache::archives=/nonexistent',
  'Dir::Cache::pkgcache=',
  'Dir::Cache::srcpkgcache=',
  `Dir::Etc::preferences=${preferencesPath}`,
  'Dir::Etc::preferencesparts=/dev/null',
  'APT::Architecture=amd64',
  'APT::Architectures=amd64',
  'APT::Install-Recommends=false',
  'Acquire::ForceHash=SHA256',
  // Downloads go where the user _apt may not write; apt would warn of that each time.
  'APT::Sandbox::User=root',
].flatMap((option) => ['-o', option]);

/**
 * The versions of `names` and of all they depend on, sorted by name. Answers from a memo while the
 * host's package lists are unchanged.
 * @throws PackageListsError when a package is in no list.
 */
export async function resolvePackages(
  names: readonly string[],
  { cacheDir, progress, signal }: ImageOptions,
  listsDir = hostListsDir,
): Promise<readonly ResolvedPackage[]> {
  let lists = await listsState(listsDir);
  if (!lists.some((list) => list.includes('_Packages'))) {
    await updatePackageLists({ progress, signal });
    lists = await listsState(listsDir);
  }
  const key = createHash('sha256')
    .update(JSON.stringify([names, aptOptions, lists]))
    .update(await readFile(preferencesPath))
    .digest('hex');
  const memoDir = join(cacheDir, 'packages');
  const memoPath = join(memoDir, `resolved-${key.slice(0, 12)}.json`);
  const known = await readMemo(memoPath);
  if (known !== undefined) return known;

  // Reading Debian's lists takes apt a second, and more on a busy host.
  progress.step('choosing Debian packages for an image');
  const packages = parsePrintUris(
    await apt(['install', '--print-uris', '--yes', ...names], {
      signal,
      failure: 'apt did not find all packages of an image in the package lists of this host',
    }),
  );
  await mkdir(memoDir, { recursive: true });
  const partialPath = `${memoPath}.${process.pid}`;
  await writeFile(partialPath, JSON.stringify(packages));
  await rename(partialPath, memoPath);
  return packages;
}

/**
 * Downloads package files into `dir`; apt checks their digests against the signed lists.
 * @throws PackageListsError when apt cannot.
 */
export async function downloadPackages(
  packages: readonly ResolvedPackage[],
  dir: string,
  signal: AbortSignal,
): Promise<void> {
  const versions = packages.map(({ name, version }) => `${name}=${version}`);
  const failure = 'apt could not download the packages of an image';
  await apt(['download', ...versions], { cwd: dir, signal, failure });
}

/** The stanzas of `packages` in the package lists. */
export async function packageStanzas(
  packages: readonly ResolvedPackage[],
  signal: AbortSignal,
): Promise<string> {
  const versions = packages.map(({ name, version }) => `${name}=${version}`);
  return run('apt-cache', [...aptOptions, 'show', ...versions], { signal });
}

/** Runs apt-get update, which only root may. */
export async function updatePackageLists({
  progress,
  signal,
}: Pick<ImageOptions, 'progress' | 'signal'>): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new ArgonError('permission-denied', `only root may update the lists in ${hostListsDir}`, {
      hint: 'run "apt-get update" as root',
    });
  }
  progress.step('updating the Debian package lists (apt-get update)');
  await run('apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any'], { signal });
}

async function apt(
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly failure: string; readonly cwd?: string },
): Promise<string> {
  const { failure, ...runOptions } = options;
  try {
    return await run('apt-get', ['-qq', ...aptOptions, ...args], runOptions);
  } catch (cause) {
    if (!(cause instanceof ArgonError) || cause.code !== 'internal') throw cause;
    throw new PackageListsError('unavailable', `${failure}: ${cause.message}`, {
      cause,
      hint: 'check that this host has and reaches sources of Debian 12; run "apt-get update"',
    });
  }
}

/** Changes whenever apt-get update brings something new. */
async function listsState(listsDir: string): Promise<readonly string[]> {
  const names = await readdir(listsDir).catch((): string[] => []);
  const lists = names.filter((name) => /_(Packages|InRelease|Release)/.test(name)).toSorted();
  return Promise.all(
    lists.map(async (name) => {
      const { size, mtimeMs } = await stat(join(listsDir, name));
      return `${name} ${size} ${mtimeMs}`;
    }),
  );
}

async function readMemo(path: string): Promise<readonly ResolvedPackage[] | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return parsePackages(parseJson(text, path), path);
  } catch {
    return undefined; // A memo that cannot be read is made anew.
  }
}
