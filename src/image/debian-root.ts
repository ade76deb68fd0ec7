// SPDX-License-Identifier: Apache-2.0

// The root file system of image `debian` as a folder: mmdebstrap installs exactly the package files
// that the image's digest stands for, from an archive in a folder made for it; then the recipe's
// files are added. Needs root, for owners and chroot.

import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { run } from '../base/subprocess.ts';
import { packageStanzas } from './apt.ts';
import type { DiskIds } from './disk-layout.ts';
import { type ImageOptions, imageEpochSeconds } from './image.ts';
import { kernelVersion } from './kernel-modules.ts';
import type { ResolvedPackage } from './packages.ts';
import { type Recipe, recipeList, recipeTree, recipeWords } from './recipe.ts';

export interface RootParts {
  readonly recipe: Recipe;
  readonly packages: readonly ResolvedPackage[];
  /** Paths of the package files by package name. */
  readonly files: ReadonlyMap<string, string>;
  readonly scratchDir: string;
}

// Left out of every package: a guest has no use for it, and it is a quarter of the files.
const excludedPaths = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*'].concat(
  '/usr/share/man/*',
);

// mmdebstrap starts many processes. In a PID namespace of their own they all end when we cancel, by
// the death of unshare, or when we die.
const dieTogether = ['--pdeathsig', 'KILL', 'unshare', '--fork', '--pid', '--kill-child'];

/** Installs the packages into `rootDir`, which must not exist yet. */
export async function installPackages(
  rootDir: string,
  { recipe, packages, files, scratchDir }: RootParts,
  { progress, signal }: ImageOptions,
): Promise<void> {
  const archiveDir = join(scratchDir, 'archive');
  await mkdir(archiveDir);
  for (const { name } of packages) {
    const file = files.get(name);
    if (file !== undefined) await symlink(file, join(archiveDir, `${name}.deb`));
  }
  const stanzas = await packageStanzas(packages, signal);
  await writeFile(join(archiveDir, 'Packages'), archiveIndex(stanzas));

  const wanted = recipeList(recipe, 'packages').filter((name) => !name.endsWith('-'));
  let configured = 0;
  await run(
    'setpriv',
    [
      ...dieTogether,
      'mmdebstrap',
      '--mode=root',
      '--format=directory',
      '--variant=apt',
      `--include=${wanted.join(',')}`,
      '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
      // The folder is thrown away if anything fails, so dpkg need not sync each file.
      '--dpkgopt=force-unsafe-io',
      ...excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
      '', // The suite: whatever the archive has.
      rootDir,
      // apt has checked these files against the signed lists; this archive has no signature.
      `deb [trusted=yes] copy://${archiveDir} ./`,
    ],
    {
      signal,
      env: { ...process.env, LC_ALL: 'C.UTF-8', SOURCE_DATE_EPOCH: String(imageEpochSeconds) },
      onStderrLine: (line) => {
        if (!line.startsWith('Setting up ')) return;
        configured += 1;
        progress.advance(Math.min(configured, packages.length), packages.length);
      },
    },
  );
}

/** Stanzas of package lists, changed to name files of a flat archive: `Filename: ./NAME.deb`. */
export function archiveIndex(stanzas: string): string {
  return stanzas
    .split(/\n\n+/)
    .filter((stanza) => stanza.trim() !== '')
    .map((stanza) => {
      const name = /^Package: (\S+)$/m.exec(stanza)?.[1] ?? '';
      return `${stanza.trim().replace(/^Filename: .*$/m, `Filename: ./${name}.deb`)}\n`;
    })
    .join('\n');
}

/** Adds what no package brings: the recipe's files, the kernel's modules, masks and fstab. */
export async function finishRoot(
  rootDir: string,
  kernelRoot: string,
  { recipe, ids, signal }: { recipe: Recipe; ids: DiskIds; signal: AbortSignal },
): Promise<void> {
  // mmdebstrap took it from the host for its own use.
  await rm(join(rootDir, 'etc/resolv.conf'), { force: true });

  for (const { path, isExecutable, data } of recipeTree(recipe, 'root')) {
    await writeRootFile(join(rootDir, path), data, isExecutable ? 0o755 : 0o644);
  }
  const masks = recipeList(recipe, 'masked-units').map((unit) => [
    `etc/systemd/system/${unit}`,
    '/dev/null',
  ]);
  for (const [path = '', target = ''] of [...recipeWords(recipe, 'links'), ...masks]) {
    await mkdir(dirname(join(rootDir, path)), { recursive: true });
    await symlink(target, join(rootDir, path));
  }
  const fstab = `UUID=${ids.rootFileSystem} / ext4 errors=remount-ro 0 0\n`;
  await writeRootFile(join(rootDir, 'etc/fstab'), fstab, 0o644);

  // Empty: systemd makes an id at the first boot and keeps it.
  await writeRootFile(join(rootDir, 'etc/machine-id'), '', 0o444);
  // Newer than /usr: else systemd updates caches of users, libraries and devices at the first boot.
  await writeRootFile(join(rootDir, 'etc/.updated'), '', 0o644);
  await writeRootFile(join(rootDir, 'var/.updated'), '', 0o644);

  const version = await kernelVersion(kernelRoot);
  await mkdir(join(rootDir, 'usr/lib/modules'), { recursive: true });
  await rename(join(kernelRoot, 'lib/modules', version), join(rootDir, 'usr/lib/modules', version));
  await run('depmod', ['-b', rootDir, version], { signal });
}

async function writeRootFile(path: string, data: Buffer | string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await rm(path, { force: true }); // Never through a symbolic link of the guest's.
  await writeFile(path, data);
  await chmod(path, mode); // Whatever our umask is.
}
