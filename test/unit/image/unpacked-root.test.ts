// SPDX-License-Identifier: Apache-2.0

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateInRoot, onlyEntry, readInRoot } from '../../../src/image/unpacked-root.ts';
import { createTempDir } from './temp-dir.ts';

describe('locateInRoot()', () => {
  it('keeps absolute links inside the root', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'usr/lib'), { recursive: true });
    await writeFile(join(dir.path, 'usr/lib/libc.so.6'), '');
    await symlink('/usr/lib', join(dir.path, 'lib'));
    await symlink('/lib/libc.so.6', join(dir.path, 'usr/lib/libc.so'));

    expect(await locateInRoot(dir.path, '/lib/libc.so')).toBe(join(dir.path, 'usr/lib/libc.so.6'));
  });

  it('never climbs above the root', async () => {
    await using dir = await createTempDir();
    await symlink('../../../../../../../etc', join(dir.path, 'up'));

    expect(await locateInRoot(dir.path, 'up/passwd')).toBeUndefined();
    expect(await locateInRoot(dir.path, '../..')).toBe(`${dir.path}/`);
  });

  it('finds nothing behind a file, a dead link or a circle', async () => {
    await using dir = await createTempDir();
    await writeFile(join(dir.path, 'file'), '');
    await symlink('nowhere', join(dir.path, 'dead'));
    await symlink('circle', join(dir.path, 'circle'));

    for (const path of ['file/x', 'dead', 'circle', 'missing']) {
      expect(await locateInRoot(dir.path, path)).toBeUndefined();
    }
  });
});

describe('readInRoot()', () => {
  it('names a file that no package has', async () => {
    await using dir = await createTempDir();

    await expect(readInRoot(dir.path, '/bin/busybox')).rejects.toThrow(
      'no package of the image has the file /bin/busybox',
    );
  });
});

describe('onlyEntry()', () => {
  it('is the one entry, or an error that counts them', async () => {
    await using dir = await createTempDir();
    const entry = async (): Promise<string> => onlyEntry(dir.path, 'modules', 'kernels');

    await expect(entry()).rejects.toThrow('there are 0 of kernels, not one');
    await mkdir(join(dir.path, 'modules/6.1.0'), { recursive: true });
    expect(await entry()).toBe('6.1.0');
    await mkdir(join(dir.path, 'modules/6.2.0'));
    await expect(entry()).rejects.toThrow('there are 2 of kernels, not one');
  });
});
