// SPDX-License-Identifier: Apache-2.0

import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../src/base/progress.ts';
import { type CachedBuild, ensureCached, findCached } from '../../../src/image/image-cache.ts';
import { parseManifest } from '../../../src/image/manifest.ts';
import { createTempDir } from './temp-dir.ts';

const digest = 'abcdef0123456789'.repeat(4);
const folder = 'tiny-abcdef012345';

/** A build of one file; counts how often it ran. */
class FakeBuild {
  count = 0;
  readonly request: CachedBuild;

  constructor(cacheDir: string, changes: Partial<CachedBuild> = {}) {
    this.request = {
      cacheDir,
      name: 'tiny',
      digest,
      packages: [
        { name: 'fio', version: '3.33-3', fileName: 'fio.deb', sizeBytes: 1, sha256: 'aa' },
      ],
      progress: silentProgress,
      signal: new AbortController().signal,
      build: async (dir) => {
        this.count += 1;
        await writeFile(join(dir, 'initrd'), 'content');
      },
      ...changes,
    };
  }

  async ensure(): Promise<string> {
    return ensureCached(this.request);
  }
}

async function visible(dir: string): Promise<readonly string[]> {
  return (await readdir(dir)).filter((name) => !name.endsWith('.lock')).toSorted();
}

describe('ensureCached()', () => {
  it('builds once and finds the image afterwards', async () => {
    await using dir = await createTempDir();
    const fake = new FakeBuild(dir.path);

    const first = await fake.ensure();
    const second = await fake.ensure();

    expect(first).toBe(join(dir.path, folder));
    expect(second).toBe(first);
    expect(fake.count).toBe(1);
    expect(await readFile(join(first, 'initrd'), 'utf8')).toBe('content');
  });

  it('writes a manifest of files and packages', async () => {
    await using dir = await createTempDir();

    const built = await new FakeBuild(dir.path).ensure();

    const manifest = parseManifest(await readFile(join(built, 'manifest.json'), 'utf8'), 'it');
    expect(manifest).toEqual({
      name: 'tiny',
      digest,
      files: [
        {
          name: 'initrd',
          sizeBytes: 7,
          // sha256sum of "content"
          sha256: 'ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73',
        },
      ],
      packages: [{ name: 'fio', version: '3.33-3', sha256: 'aa' }],
    });
  });

  it('drops the folders that a build leaves', async () => {
    await using dir = await createTempDir();
    const fake = new FakeBuild(dir.path, {
      build: async (partialDir) => {
        await mkdir(join(partialDir, 'root/etc'), { recursive: true });
        await writeFile(join(partialDir, 'disk.raw'), '');
      },
    });

    expect(await readdir(await fake.ensure())).toEqual(['disk.raw', 'manifest.json']);
  });

  it('lets one of two builders build and the other wait', async () => {
    await using dir = await createTempDir();
    const started = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const slow = new FakeBuild(dir.path, {
      build: async (partialDir) => {
        started.resolve();
        await waiting.promise;
        await writeFile(join(partialDir, 'initrd'), 'from the first');
      },
    });
    const steps: string[] = [];
    const second = new FakeBuild(dir.path, {
      progress: {
        step: (text) => {
          steps.push(text);
          waiting.resolve();
        },
        advance: () => {},
      },
    });

    const building = slow.ensure();
    await started.promise;
    const found = await second.ensure();

    expect(await building).toBe(found);
    expect(second.count).toBe(0);
    expect(steps).toEqual(['waiting for another build of image tiny']);
    expect(await readFile(join(found, 'initrd'), 'utf8')).toBe('from the first');
  });

  it('leaves nothing of a build that failed, and tries again', async () => {
    await using dir = await createTempDir();
    const failing = new FakeBuild(dir.path, {
      build: async (partialDir) => {
        await writeFile(join(partialDir, 'initrd'), 'half');
        throw new Error('no space');
      },
    });

    await expect(failing.ensure()).rejects.toThrow('no space');
    expect(await visible(dir.path)).toEqual([]);

    await new FakeBuild(dir.path).ensure();
    expect(await visible(dir.path)).toEqual([folder]);
  });

  it('leaves nothing of a build that was cancelled', async () => {
    await using dir = await createTempDir();
    const canceller = new AbortController();
    const fake = new FakeBuild(dir.path, {
      signal: canceller.signal,
      build: async (partialDir) => {
        await writeFile(join(partialDir, 'initrd'), 'content');
        canceller.abort();
      },
    });

    await expect(fake.ensure()).rejects.toThrow(expect.objectContaining({ code: 'cancelled' }));
    expect(await visible(dir.path)).toEqual([]);
  });

  it('removes what a builder of the same image left when it died', async () => {
    await using dir = await createTempDir();
    const dead = '.tiny-0123456789ab-XXXXXX';
    const others = '.debian-0123456789ab-XXXXXX';
    await mkdir(join(dir.path, dead, 'root'), { recursive: true });
    await mkdir(join(dir.path, others));

    await new FakeBuild(dir.path).ensure();

    expect(await visible(dir.path)).toEqual([others, folder]);
  });

  it.each<[string, (dir: string) => Promise<void>]>([
    ['a file is missing', async (built) => rm(join(built, 'initrd'))],
    ['a file is too short', async (built) => truncate(join(built, 'initrd'), 3)],
    ['the manifest is missing', async (built) => rm(join(built, 'manifest.json'))],
    ['the manifest is damaged', async (built) => truncate(join(built, 'manifest.json'), 20)],
  ])('builds anew when %s', async (_what, damage) => {
    await using dir = await createTempDir();
    const fake = new FakeBuild(dir.path);
    await damage(await fake.ensure());

    const built = await fake.ensure();

    expect(fake.count).toBe(2);
    expect(await readFile(join(built, 'initrd'), 'utf8')).toBe('content');
  });

  it('removes images and packages that nobody used for two weeks', async () => {
    await using dir = await createTempDir();
    const now = Date.now() / 1000;
    const day = 24 * 60 * 60;
    const ages = { 'tiny-000000000001': 15, 'debian-000000000002': 13, 'packages/a.deb': 15 };
    for (const [path, days] of Object.entries(ages)) {
      await mkdir(join(dir.path, path), { recursive: true });
      await utimes(join(dir.path, path), now - days * day, now - days * day);
    }

    await new FakeBuild(dir.path).ensure();

    expect(await visible(dir.path)).toEqual(['debian-000000000002', 'packages', folder]);
    expect(await readdir(join(dir.path, 'packages'))).toEqual([]);
  });

  it('counts a hit as use', async () => {
    await using dir = await createTempDir();
    const fake = new FakeBuild(dir.path);
    const built = await fake.ensure();
    await utimes(built, 1, 1);

    await fake.ensure();

    expect((await stat(built)).mtimeMs).toBeGreaterThan(1000);
  });
});

describe('findCached()', () => {
  const other = 'fedcba9876543210'.repeat(4);

  it('finds the image that was used last, whatever it was made of', async () => {
    await using dir = await createTempDir();
    const used = await new FakeBuild(dir.path).ensure();
    const older = await new FakeBuild(dir.path, { digest: other }).ensure();
    await utimes(older, 1_000, 1_000);

    expect(await findCached(dir.path, 'tiny')).toEqual({ dir: used, digest });
  });

  it('passes over what is not complete, and finds nothing where nothing is', async () => {
    await using dir = await createTempDir();
    expect(await findCached(join(dir.path, 'nowhere'), 'tiny')).toBeUndefined();
    const broken = await new FakeBuild(dir.path).ensure();
    await truncate(join(broken, 'initrd'), 1);

    expect(await findCached(dir.path, 'tiny')).toBeUndefined();
    const whole = await new FakeBuild(dir.path, { digest: other }).ensure();
    expect(await findCached(dir.path, 'tiny')).toEqual({ dir: whole, digest: other });
  });
});
