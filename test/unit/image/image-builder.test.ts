// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import { PackageListsError } from '../../../src/image/apt.ts';
import { ensureBuilt, type ImageBuild } from '../../../src/image/image-builder.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const sha256 = 'e7d02b943971edcb8790e256c02cfab3bca6c3d37c1bf25392a57c71300615ee';

/** An apt-get that offers fio in the version of a file, and the C library it depends on. */
async function fakeApt(dir: TempDir, update: string): Promise<void> {
  await writeFile(join(dir.path, 'version'), '1');
  const version = `$(cat "${dir.path}/version")`;
  const offer = (name: string): string =>
    `echo "'http://host.invalid/x' ${name}_${version}_amd64.deb 1 SHA256:${sha256}"`;
  const install = `${offer('fio')}; ${offer('libc6')}`;
  await dir.fakePrograms({
    'apt-get': `case "$1 $*" in update*) ${update} ;; *) ${install} ;; esac`,
  });
}

function imageIn(dir: TempDir, changes: Partial<ImageBuild> = {}): ImageBuild {
  return {
    cacheDir: join(dir.path, 'cache'),
    progress: silentProgress,
    signal: new AbortController().signal,
    recipe: { name: 'tiny', files: new Map() },
    builderVersion: 1,
    packageSets: [{ names: ['fio'], extent: 'named' }],
    build: async (partialDir, digest, sets) => {
      const names = sets.map((set) => set.map(({ name, version }) => `${name}=${version}`));
      await writeFile(join(partialDir, 'built'), JSON.stringify({ digest, names }));
    },
    ...changes,
  };
}

describe('ensureBuilt()', () => {
  it('gives each set its packages and names the folder by the digest', async () => {
    await using dir = await createTempDir();
    await fakeApt(dir, 'exit 1');
    const packageSets = [
      { names: ['fio'], extent: 'all' },
      { names: ['fio'], extent: 'named' },
    ] as const;

    const built = await ensureBuilt(imageIn(dir, { packageSets }));

    expect(basename(built.dir)).toBe(`tiny-${built.digest.slice(0, 12)}`);
    expect(JSON.parse(await readFile(join(built.dir, 'built'), 'utf8'))).toEqual({
      digest: built.digest,
      names: [['fio=1', 'libc6=1'], ['fio=1']],
    });
  });

  it('builds anew for another builder, not for the same', async () => {
    await using dir = await createTempDir();
    await fakeApt(dir, 'exit 1');

    const first = await ensureBuilt(imageIn(dir));
    const same = await ensureBuilt(imageIn(dir));
    const other = await ensureBuilt(imageIn(dir, { builderVersion: 2 }));

    expect(same).toEqual(first);
    expect(other.dir).not.toBe(first.dir);
  });

  const stale = new PackageListsError('unavailable', 'fio 1 is gone');

  it('updates stale lists once and starts over', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root may update package lists');
    await using dir = await createTempDir();
    await fakeApt(dir, 'echo updated; exit 0');
    const image = imageIn(dir);
    let attempts = 0;

    const built = await ensureBuilt({
      ...image,
      build: async (...parameters) => {
        attempts += 1;
        if (attempts === 1) throw stale;
        await image.build(...parameters);
      },
    });

    expect(attempts).toBe(2);
    expect(await readFile(join(built.dir, 'built'), 'utf8')).toContain('fio=1');
  });

  it('keeps both errors when the update fails too', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root may update package lists');
    await using dir = await createTempDir();
    await fakeApt(dir, 'exit 100');
    const build = async (): Promise<void> => {
      throw stale;
    };

    const ensured = ensureBuilt(imageIn(dir, { build }));

    await expect(ensured).rejects.toThrow(
      expect.objectContaining({
        message: 'fio 1 is gone',
        cause: expect.objectContaining({ errors: [stale, expect.anything()] }),
      }),
    );
  });

  it('does not repeat a build that failed for another reason', async () => {
    await using dir = await createTempDir();
    await fakeApt(dir, 'exit 0');
    let attempts = 0;
    const build = async (): Promise<void> => {
      attempts += 1;
      throw new Error('no space');
    };

    await expect(ensureBuilt(imageIn(dir, { build }))).rejects.toThrow('no space');
    expect(attempts).toBe(1);
  });
});
