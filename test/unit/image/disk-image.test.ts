// SPDX-License-Identifier: Apache-2.0

import { mkdir, open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../../src/base/subprocess.ts';
import { buildDisk } from '../../../src/image/disk-image.ts';
import { debianLayout, diskIds } from '../../../src/image/disk-layout.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const { signal } = new AbortController();
const ids = diskIds('a');

async function smallDisk(dir: TempDir): Promise<string> {
  const rootDir = join(dir.path, 'root');
  await mkdir(join(rootDir, 'etc'), { recursive: true });
  await writeFile(join(rootDir, 'etc/hostname'), 'argon\n');
  const unifiedKernelPath = join(dir.path, 'kernel.efi');
  await writeFile(unifiedKernelPath, 'MZ and so on');
  const path = join(dir.path, 'disk.raw');
  await buildDisk(path, { ids, unifiedKernelPath, rootDir }, signal);
  return path;
}

describe('buildDisk()', () => {
  it('makes a disk that takes little room', async () => {
    await using dir = await createTempDir();

    const { size, blocks } = await stat(await smallDisk(dir));

    expect(size).toBe(debianLayout.sizeBytes);
    expect(blocks * 512).toBeLessThan(32 * 1024 * 1024);
  });

  it('has the two partitions with their ids', async () => {
    await using dir = await createTempDir();
    const path = await smallDisk(dir);

    const dump = await run('sfdisk', ['--dump', path], { signal });

    expect(dump).toContain(`label-id: ${ids.disk.toUpperCase()}`);
    expect(dump).toMatch(/disk\.raw1 : start= +2048, size= +129024, type=C12A7328.*name="esp"/);
    expect(dump).toMatch(/disk\.raw2 : start= +131072, size= +4061184, type=4F68BCE3.*"root"/);
  });

  it('has the kernel where firmware looks for it', async () => {
    await using dir = await createTempDir();
    const path = await smallDisk(dir);

    const drive = ['-i', `${path}@@${debianLayout.esp.offsetBytes}`];
    const kernel = await run('mtype', [...drive, '::EFI/BOOT/BOOTX64.EFI'], { signal });

    expect(kernel).toBe('MZ and so on');
  });

  it('has the folder as a clean root file system of the right id', async () => {
    await using dir = await createTempDir();
    const path = await smallDisk(dir);

    const place = `${path}?offset=${debianLayout.root.offsetBytes}`;
    const header = await run('dumpe2fs', ['-h', place], { signal });
    const name = await run('debugfs', ['-R', 'cat /etc/hostname', place], { signal });
    const owner = await run('debugfs', ['-R', 'stat /', place], { signal });

    expect(header).toContain(`Filesystem UUID:          ${ids.rootFileSystem}`);
    expect(header).toMatch(/Filesystem state: +clean/);
    expect(header).toMatch(/Directory Hash Seed: +/);
    expect(name).toBe('argon\n');
    expect(owner).toMatch(/User: +0 +Group: +0/);
  });

  it('makes equal tables and system partitions of equal parts', async () => {
    await using one = await createTempDir();
    await using two = await createTempDir();
    const [first, second] = [await smallDisk(one), await smallDisk(two)];

    const head = async (path: string): Promise<Buffer> => {
      await using file = await open(path);
      const data = Buffer.alloc(debianLayout.root.offsetBytes);
      await file.read(data, 0, data.length, 0);
      return data;
    };

    expect((await head(first)).equals(await head(second))).toBe(true);
  });
});
