// SPDX-License-Identifier: Apache-2.0

// Writes a bootable raw disk from a folder and a kernel image, without mounting anything: each tool
// writes into its place of one sparse file.

import { rm, truncate, writeFile } from 'node:fs/promises';

import { run } from '../base/subprocess.ts';
import { type DiskIds, debianLayout, partitionScript, sectorBytes } from './disk-layout.ts';
import { imageEpochSeconds } from './image.ts';

export interface DiskParts {
  readonly ids: DiskIds;
  readonly unifiedKernelPath: string;
  /** Becomes the root file system, with its owners and modes. */
  readonly rootDir: string;
}

export async function buildDisk(
  path: string,
  { ids, unifiedKernelPath, rootDir }: DiskParts,
  signal: AbortSignal,
): Promise<void> {
  const { esp, root, sizeBytes } = debianLayout;
  await rm(path, { force: true });
  await writeFile(path, '');
  await truncate(path, sizeBytes);
  const quietly = ['--quiet', '--no-reread', '--no-tell-kernel', '--wipe', 'never'];
  await run('sfdisk', [...quietly, path], { input: partitionScript(ids), signal });

  const fat = ['--invariant', '-F', '16', '-n', 'ARGON-ESP', '-i', ids.espVolume];
  const place = ['--offset', String(esp.offsetBytes / sectorBytes)];
  await run('mkfs.vfat', [...fat, ...place, path, String(esp.sizeBytes / 1024)], { signal });
  const drive = ['-i', `${path}@@${esp.offsetBytes}`];
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(imageEpochSeconds) };
  await run('mmd', [...drive, '::EFI', '::EFI/BOOT'], { signal, env });
  await run('mcopy', [...drive, unifiedKernelPath, '::EFI/BOOT/BOOTX64.EFI'], { signal, env });

  const format = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-b',
    '4096',
    '-L',
    'argon-root',
    '-U',
    ids.rootFileSystem,
  ];
  const sizes = ['-m', '1', '-J', 'size=32']; // 1 % for root; a journal for a disk of this size.
  const extended = [
    `offset=${root.offsetBytes}`,
    `hash_seed=${ids.rootHashSeed}`,
    'root_owner=0:0',
    // A new file reads as zeros, so nothing is left for the guest to initialize in the background.
    'assume_storage_prezeroed=1',
  ];
  const content = ['-E', extended.join(','), '-d', rootDir];
  await run('mke2fs', [...format, ...sizes, ...content, path, `${root.sizeBytes / 1024}k`], {
    signal,
    env: { ...process.env, E2FSPROGS_FAKE_TIME: String(imageEpochSeconds) },
  });
}
