// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import type { ImageOptions } from '../../../src/image/image.ts';
import { fetchPackages } from '../../../src/image/package-store.ts';
import { createTempDir } from './temp-dir.ts';

const content = 'a package\n';
const fio = {
  name: 'fio',
  version: '3.33-3',
  fileName: 'fio_3.33-3_amd64.deb',
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};
const { signal } = new AbortController();

function optionsFor(cacheDir: string): ImageOptions {
  return { cacheDir, progress: silentProgress, signal };
}

const downloads = `echo 'a package' >${fio.fileName}`;
const forbidden = 'echo "nothing to download" >&2; exit 1';

describe('fetchPackages()', () => {
  it('downloads what is missing, once', async () => {
    await using dir = await createTempDir();
    await dir.fakePrograms({ 'apt-get': downloads });
    await fetchPackages([fio], optionsFor(dir.path));
    await dir.fakePrograms({ 'apt-get': forbidden });

    const files = await fetchPackages([fio], optionsFor(dir.path));

    expect(files).toEqual(new Map([['fio', join(dir.path, 'packages', fio.fileName)]]));
    expect(await readFile(files.get('fio') ?? '', 'utf8')).toBe(content);
  });

  it('downloads again what was damaged', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'packages'));
    await writeFile(join(dir.path, 'packages', fio.fileName), 'b package\n');
    await dir.fakePrograms({ 'apt-get': downloads });

    const files = await fetchPackages([fio], optionsFor(dir.path));

    expect(await readFile(files.get('fio') ?? '', 'utf8')).toBe(content);
  });

  it('refuses a file that is not what the lists promise, and keeps nothing', async () => {
    await using dir = await createTempDir();
    const wrong = `echo 'b package' >${fio.fileName}`;
    await dir.fakePrograms({ 'apt-get': wrong });

    await expect(fetchPackages([fio], optionsFor(dir.path))).rejects.toThrow(
      expect.objectContaining({
        code: 'data-loss',
        message: 'the package file fio_3.33-3_amd64.deb has a wrong digest',
      }),
    );
    expect(await readdir(join(dir.path, 'packages'))).toEqual([]);
  });

  it('says how much it downloads', async () => {
    await using dir = await createTempDir();
    const steps: string[] = [];
    const progress = { ...silentProgress, step: (text: string) => void steps.push(text) };
    await dir.fakePrograms({ 'apt-get': downloads });

    await fetchPackages([fio], { ...optionsFor(dir.path), progress });

    expect(steps).toEqual(['downloading 1 Debian packages, 0 MB']);
  });
});
