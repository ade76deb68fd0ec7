// SPDX-License-Identifier: Apache-2.0

import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import { archiveIndex, finishRoot, installPackages } from '../../../src/image/debian-root.ts';
import { diskIds } from '../../../src/image/disk-layout.ts';
import type { Recipe } from '../../../src/image/recipe.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

function recipeOf(files: Readonly<Record<string, string>>): Recipe {
  const entries = Object.entries(files).map(([path, text]): [string, Recipe['files']] => [
    path,
    new Map([[path, { path, isExecutable: path.endsWith('.sh'), data: Buffer.from(text) }]]),
  ]);
  return { name: 'debian', files: new Map(entries.flatMap(([, file]) => [...file])) };
}

const recipe = recipeOf({
  packages: 'fio     benches\nusrmerge-  kept out\n',
  'root/etc/hostname': 'argon\n',
  'root/usr/lib/tool.sh': '#!/bin/sh\n',
  'masked-units': 'fstrim.timer  quiet\n',
  links: 'etc/wants/x.service /usr/lib/x.service\n',
});

describe('installPackages()', () => {
  it('offers mmdebstrap just the package files that were resolved', async () => {
    await using dir = await createTempDir();
    const file = join(dir.path, 'fio_3.33-3_amd64.deb');
    await writeFile(file, 'a package');
    const script = `printf '%s\\n' "$@" >"${dir.path}/arguments"`;
    const stanza = 'Package: fio\\nFilename: pool/f/fio_3.33-3_amd64.deb\\n';
    await dir.fakePrograms({
      mmdebstrap: script,
      'apt-cache': `printf '${stanza}'`,
      setpriv: 'while [ "$1" != mmdebstrap ]; do shift; done; exec "$@"',
    });
    const fio = { name: 'fio', version: '3.33-3', fileName: 'x', sizeBytes: 1, sha256: 'aa' };
    const parts = {
      recipe,
      packages: [fio],
      files: new Map([['fio', file]]),
      scratchDir: dir.path,
    };

    await installPackages(join(dir.path, 'root'), parts, {
      cacheDir: dir.path,
      progress: silentProgress,
      signal,
    });

    const passed = (await readFile(join(dir.path, 'arguments'), 'utf8')).split('\n');
    expect(passed).toContain('--include=fio');
    expect(passed.slice(-4)).toEqual([
      '',
      join(dir.path, 'root'),
      `deb [trusted=yes] copy://${dir.path}/archive ./`,
      '',
    ]);
    expect(await readlink(join(dir.path, 'archive/fio.deb'))).toBe(file);
    expect(await readFile(join(dir.path, 'archive/Packages'), 'utf8')).toBe(
      'Package: fio\nFilename: ./fio.deb\n',
    );
  });
});

describe('archiveIndex()', () => {
  it('names the files of a flat archive and keeps all else', () => {
    const stanzas =
      'Package: a\nVersion: 1\nFilename: pool/a/a_1.deb\nSHA256: aa\n\n\n' +
      'Package: b\nFilename: pool/b/b_1%3a2.deb\nDescription: b\n long\n\n';

    expect(archiveIndex(stanzas)).toBe(
      'Package: a\nVersion: 1\nFilename: ./a.deb\nSHA256: aa\n\n' +
        'Package: b\nFilename: ./b.deb\nDescription: b\n long\n',
    );
  });
});

describe('finishRoot()', () => {
  it('adds files, links, masks, fstab and modules, and removes traces of the host', async () => {
    await using dir = await createTempDir();
    const rootDir = join(dir.path, 'root');
    const kernelRoot = join(dir.path, 'kernel');
    await mkdir(join(rootDir, 'etc/systemd/system'), { recursive: true });
    await mkdir(join(kernelRoot, 'lib/modules/6.1.0-9/kernel'), { recursive: true });
    await writeFile(join(rootDir, 'etc/resolv.conf'), 'of the host');
    await writeFile(join(dir.path, 'outside'), 'of the host');
    await symlink(join(dir.path, 'outside'), join(rootDir, 'etc/hostname'));
    await dir.fakePrograms({ depmod: `echo "$*" >"${dir.path}/depmod"` });

    await finishRoot(rootDir, kernelRoot, { recipe, ids: diskIds('a'), signal });

    const text = async (path: string): Promise<string> => readFile(join(rootDir, path), 'utf8');
    const mode = async (path: string): Promise<number> =>
      (await stat(join(rootDir, path))).mode & 0o777;
    expect(await text('etc/hostname')).toBe('argon\n');
    expect(await readFile(join(dir.path, 'outside'), 'utf8')).toBe('of the host');
    expect([await mode('etc/hostname'), await mode('usr/lib/tool.sh')]).toEqual([0o644, 0o755]);
    expect(await readlink(join(rootDir, 'etc/systemd/system/fstrim.timer'))).toBe('/dev/null');
    expect(await readlink(join(rootDir, 'etc/wants/x.service'))).toBe('/usr/lib/x.service');
    expect(await text('etc/fstab')).toMatch(/^UUID=\S+ \/ ext4 errors=remount-ro 0 0\n$/);
    expect(await text('etc/machine-id')).toBe('');
    await expect(text('etc/resolv.conf')).rejects.toThrow(/ENOENT/);
    expect((await stat(join(rootDir, 'usr/lib/modules/6.1.0-9/kernel'))).isDirectory()).toBe(true);
    expect(await readFile(join(dir.path, 'depmod'), 'utf8')).toBe(`-b ${rootDir} 6.1.0-9\n`);
  });
});
