// SPDX-License-Identifier: Apache-2.0

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import { downloadPackages, packageStanzas, resolvePackages } from '../../../src/image/apt.ts';
import type { ImageOptions } from '../../../src/image/image.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

const sha256 = 'e7d02b943971edcb8790e256c02cfab3bca6c3d37c1bf25392a57c71300615ee';
const line = `'http://host.invalid/fio.deb' fio_3.33-3_amd64.deb 537684 SHA256:${sha256}`;
const fio = {
  name: 'fio',
  version: '3.33-3',
  fileName: 'fio_3.33-3_amd64.deb',
  sizeBytes: 537_684,
  sha256,
};
const { signal } = new AbortController();

interface FakeHost {
  readonly options: ImageOptions;
  readonly listsDir: string;
  /** The calls of apt-get so far, one a line. */
  readonly calls: () => Promise<string>;
}

async function fakeHost(dir: TempDir): Promise<FakeHost> {
  const listsDir = join(dir.path, 'lists');
  await mkdir(listsDir);
  await writeFile(join(listsDir, 'host_dists_bookworm_main_binary-amd64_Packages'), 'one');
  await writeFile(join(dir.path, 'calls'), '');
  return {
    options: { cacheDir: join(dir.path, 'cache'), progress: silentProgress, signal },
    listsDir,
    calls: async () => readFile(join(dir.path, 'calls'), 'utf8'),
  };
}

function record(dir: TempDir, then: string): string {
  return `echo "$*" >>"${dir.path}/calls"\n${then}`;
}

describe('resolvePackages()', () => {
  it('asks apt as if nothing were installed and takes Debian 12 only', async () => {
    await using dir = await createTempDir();
    const { options, listsDir, calls } = await fakeHost(dir);
    await dir.fakePrograms({ 'apt-get': record(dir, `echo "${line}"`) });

    const packages = await resolvePackages(['fio'], options, listsDir);

    expect(packages).toEqual([fio]);
    const asked = await calls();
    expect(asked).toMatch(/ install --print-uris --yes fio\n$/);
    expect(asked).toContain('-o Dir::State::status=/dev/null');
    expect(asked).toMatch(/-o Dir::Etc::preferences=\S+\/images\/apt-preferences /);
    expect(asked).toContain('-o APT::Install-Recommends=false');
  });

  it('does not ask again while the lists are the same', async () => {
    await using dir = await createTempDir();
    const { options, listsDir, calls } = await fakeHost(dir);
    await dir.fakePrograms({ 'apt-get': record(dir, `echo "${line}"`) });

    await resolvePackages(['fio'], options, listsDir);
    expect(await resolvePackages(['fio'], options, listsDir)).toEqual([fio]);
    expect((await calls()).split('\n')).toHaveLength(2);

    await writeFile(join(listsDir, 'host_dists_bookworm_InRelease'), 'new');
    await resolvePackages(['fio'], options, listsDir);
    await resolvePackages(['fio', 'kmod'], options, listsDir);
    expect((await calls()).split('\n')).toHaveLength(4);
  });

  it('says which packages apt does not know, in its own words', async () => {
    await using dir = await createTempDir();
    const { options, listsDir } = await fakeHost(dir);
    const failing = 'echo "E: Unable to locate package fio" >&2; exit 100';
    await dir.fakePrograms({ 'apt-get': failing });

    await expect(resolvePackages(['fio'], options, listsDir)).rejects.toThrow(
      expect.objectContaining({
        name: 'PackageListsError',
        code: 'unavailable',
        message: expect.stringContaining('Unable to locate package fio'),
      }),
    );
  });

  it('updates the lists when there are none', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root may update package lists');
    await using dir = await createTempDir();
    const { options, calls } = await fakeHost(dir);
    const empty = join(dir.path, 'no-lists');
    const steps: string[] = [];
    const progress = { ...silentProgress, step: (text: string) => void steps.push(text) };
    await dir.fakePrograms({ 'apt-get': record(dir, `echo "${line}"`) });

    await resolvePackages(['fio'], { ...options, progress }, empty);

    expect(steps).toEqual([
      'updating the Debian package lists (apt-get update)',
      'choosing Debian packages for an image',
    ]);
    expect(await calls()).toMatch(/^update .*\n.* install /);
  });
});

describe('downloadPackages()', () => {
  it('names the exact versions and works in the folder', async () => {
    await using dir = await createTempDir();
    const { calls } = await fakeHost(dir);
    await dir.fakePrograms({ 'apt-get': record(dir, 'touch here') });

    await downloadPackages([fio], dir.path, signal);

    expect(await calls()).toMatch(/ download fio=3\.33-3\n$/);
    expect(await readFile(join(dir.path, 'here'), 'utf8')).toBe('');
  });
});

describe('packageStanzas()', () => {
  it('asks for the exact versions', async () => {
    await using dir = await createTempDir();
    await dir.fakePrograms({ 'apt-cache': 'echo "$@"' });

    expect(await packageStanzas([fio], signal)).toMatch(/ show fio=3\.33-3\n$/);
  });
});
