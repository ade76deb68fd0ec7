// SPDX-License-Identifier: Apache-2.0

import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { openUserImage, openUserKernel } from '../../../src/image/user-image.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

describe('openUserImage()', () => {
  it('takes any whole number of sectors', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'disk.raw');
    await writeFile(path, '');
    await truncate(path, 3 * 512);

    expect(await openUserImage(path)).toEqual({
      kind: 'disk',
      name: 'disk.raw',
      digest: undefined,
      path,
      sizeBytes: 1536,
    });
  });

  it('takes a qcow2 header for what it is on a raw disk: the first bytes', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'disk.qcow2');
    await writeFile(path, Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x03', 'latin1')]));
    await truncate(path, 1024);

    expect(await openUserImage(path)).toMatchObject({ kind: 'disk', sizeBytes: 1024 });
  });

  it('follows a symbolic link', async () => {
    await using dir = await createTempDir();
    await writeFile(join(dir.path, 'disk.raw'), Buffer.alloc(512));
    await symlink('disk.raw', join(dir.path, 'link'));

    expect(await openUserImage(join(dir.path, 'link'))).toMatchObject({ sizeBytes: 512 });
  });

  it.each([0, 1, 511, 513])('refuses %i bytes', async (size) => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'disk.raw');
    await writeFile(path, Buffer.alloc(size));

    await expect(openUserImage(path)).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message:
          `disk image ${path} has ${size} bytes, ` +
          'which is not one or more sectors of 512 bytes',
      }),
    );
  });

  it('names a missing file and the errno', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'missing.raw');

    await expect(openUserImage(path)).rejects.toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: `disk image ${path} cannot be opened: ENOENT`,
        hint: expect.stringContaining('path'),
      }),
    );
  });

  it('refuses a folder and a device', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'folder'));

    await expect(openUserImage(join(dir.path, 'folder'))).rejects.toThrow(/not a regular file/);
    await expect(openUserImage('/dev/null')).rejects.toThrow(/not a regular file/);
  });
});

describe('openUserKernel()', () => {
  function bzImage(): Buffer {
    const image = Buffer.alloc(1024);
    image.write('HdrS', 0x202, 'latin1');
    return image;
  }

  it('takes a bzImage alone, with a console', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'bzImage');
    await writeFile(kernelPath, bzImage());

    expect(await openUserKernel({ kernelPath }, { signal })).toEqual({
      kind: 'direct-boot',
      name: 'bzImage',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      kernelPath,
      initrdPath: undefined,
      commandLine: 'console=ttyS0 panic=-1',
    });
  });

  it('takes a vmlinux with an initrd and a command line', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'vmlinux');
    const initrdPath = join(dir.path, 'initrd');
    await writeFile(kernelPath, '\x7fELF and so on');
    await writeFile(initrdPath, '070701');
    const options = { kernelPath, initrdPath, commandLine: 'root=/dev/vda quiet' };

    expect(await openUserKernel(options, { signal })).toMatchObject(options);
  });

  it('has a digest of kernel, initrd and command line', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'bzImage');
    const initrdPath = join(dir.path, 'initrd');
    await writeFile(kernelPath, bzImage());
    await writeFile(initrdPath, 'one');
    const digests = new Set<string>();

    digests.add((await openUserKernel({ kernelPath }, { signal })).digest);
    digests.add((await openUserKernel({ kernelPath, initrdPath }, { signal })).digest);
    digests.add((await openUserKernel({ kernelPath, commandLine: 'a' }, { signal })).digest);
    await writeFile(initrdPath, 'two');
    digests.add((await openUserKernel({ kernelPath, initrdPath }, { signal })).digest);

    expect(digests.size).toBe(4);
  });

  it('refuses what is no kernel', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'text');
    await writeFile(kernelPath, 'not a kernel');

    await expect(openUserKernel({ kernelPath }, { signal })).rejects.toThrow(
      `kernel ${kernelPath} is not an x86 Linux kernel`,
    );
  });

  it('names a missing kernel or initrd', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'bzImage');
    const initrdPath = join(dir.path, 'initrd');

    await expect(openUserKernel({ kernelPath }, { signal })).rejects.toThrow(
      `kernel ${kernelPath} cannot be opened: ENOENT`,
    );
    await writeFile(kernelPath, bzImage());
    await expect(openUserKernel({ kernelPath, initrdPath }, { signal })).rejects.toThrow(
      `initrd ${initrdPath} cannot be opened: ENOENT`,
    );
    await writeFile(initrdPath, '');
    await expect(openUserKernel({ kernelPath, initrdPath }, { signal })).rejects.toThrow(
      `initrd ${initrdPath} is empty`,
    );
  });

  it('takes the longest command line that the kernel reads, and no longer one', async () => {
    await using dir = await createTempDir();
    const kernelPath = join(dir.path, 'bzImage');
    await writeFile(kernelPath, bzImage());

    const longest = 'x'.repeat(2047);
    await openUserKernel({ kernelPath, commandLine: longest }, { signal });

    const tooLong = { kernelPath, commandLine: `${longest}x` };
    await expect(openUserKernel(tooLong, { signal })).rejects.toThrow(/has 2048 bytes/);
  });

  it.each(['a\nb', 'a\0b', '\u001b'])('refuses a control character', async (commandLine) => {
    await expect(openUserKernel({ kernelPath: '/x', commandLine }, { signal })).rejects.toThrow(
      /control character/,
    );
  });
});
