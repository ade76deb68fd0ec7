// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import { openLocalKeyService } from '../../../src/keys/key-service.ts';
import type { HostAddon } from '../../../src/native/addons.ts';
import { openVolumeStore, type VolumeStore } from '../../../src/volume/volume-store.ts';
import { fakeHost, nativeError } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';

interface Fixture extends AsyncDisposable {
  readonly root: string;
  readonly store: VolumeStore;
}

async function openStore(host: HostAddon = fakeHost()): Promise<Fixture> {
  const dir = await createTempDir();
  const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');
  const keys = await openLocalKeyService(stateDir, host);
  return {
    root: join(dir.path, 'volumes'),
    store: await openVolumeStore(stateDir, host, keys),
    [Symbol.asyncDispose]: async () => dir[Symbol.asyncDispose](),
  };
}

const encrypted = { sizeBytes: parseBytes('1MiB'), cipher: 'aes-256-xts' } as const;
const plain = { sizeBytes: parseBytes('1MiB'), cipher: 'none' } as const;

describe('VolumeStore.create', () => {
  it('removes what a killed process had begun, and nothing that is being made', async () => {
    const open = `.new-${createVolumeId()}`;
    const openData: string[] = [];
    const host: HostAddon = { ...fakeHost(), isLocked: (path) => openData.includes(path) };
    await using fixture = await openStore(host);
    const { store, root } = fixture;
    const young = `.new-${createVolumeId()}`;
    const killed = `.new-${createVolumeId()}`;
    const doomed = `.deleted-${createVolumeId()}`;
    for (const name of [open, young, killed, doomed]) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'data'), '');
    }
    openData.push(join(root, open, 'data'));
    const yesterday = new Date(Date.now() - 86_400_000);
    for (const name of [open, killed]) await utimes(join(root, name), yesterday, yesterday);

    const { id } = await store.create(plain);

    expect((await readdir(root)).toSorted()).toEqual([id, open, young].toSorted());
  });

  it('makes record, data and map, for the owner alone', async () => {
    await using fixture = await openStore();
    const { store, root } = fixture;

    const record = await store.create({ ...encrypted, source: '/images/x.img' });

    const folder = join(root, record.id);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await readdir(folder)).toSorted()).toEqual(['data', 'map', 'volume.json']);
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
    expect(record).toMatchObject({ ...encrypted, source: '/images/x.img' });
    expect(record.wrappedKey).toHaveLength(96);
    expect(await store.get(record.id)).toEqual(record);
    expect(store.paths(record.id)).toEqual({
      data: join(folder, 'data'),
      map: join(folder, 'map'),
    });
  });

  it('makes data that takes no space', async () => {
    await using fixture = await openStore();

    const record = await fixture.store.create({ ...plain, sizeBytes: parseBytes('1GiB') });

    const { size, blocks } = await stat(fixture.store.paths(record.id).data);
    expect(size).toBe(2 ** 30);
    expect(blocks).toBe(0);
  });

  it('makes neither key nor map for a volume without a cipher', async () => {
    await using fixture = await openStore();

    const record = await fixture.store.create(plain);

    expect(record.wrappedKey).toBeUndefined();
    expect(existsSync(fixture.store.paths(record.id).map)).toBe(false);
  });

  it('gives the map as many units as the data has', async () => {
    await using fixture = await openStore();

    const { id } = await fixture.store.create({ ...encrypted, sizeBytes: parseBytes(3 * 4096) });

    const map = await readFile(fixture.store.paths(id).map, 'utf8');
    expect(map).toBe(`map of ${id}, 3 units`);
  });

  it.each([0, 1, 4095, 4097, 512])('refuses a size of %d bytes', async (size) => {
    await using fixture = await openStore();

    await expect(
      fixture.store.create({ ...encrypted, sizeBytes: parseBytes(size) }),
    ).rejects.toMatchObject({ code: 'invalid-argument', hint: expect.any(String) });
    expect(await readdir(fixture.root)).toEqual([]);
  });

  it('leaves nothing behind when a step fails, and says which volume and why', async () => {
    const failing: HostAddon = {
      ...fakeHost(),
      createMapFile: async () => {
        throw nativeError('exhausted', 'write /x: No space left on device (ENOSPC)', 'ENOSPC');
      },
    };
    await using fixture = await openStore(failing);

    await expect(fixture.store.create(encrypted)).rejects.toMatchObject({
      code: 'resource-exhausted',
      message: expect.stringContaining('ENOSPC'),
    });
    expect(await readdir(fixture.root)).toEqual([]);
  });

  it('is filled before anybody sees it, and is none if that fails', async () => {
    await using fixture = await openStore();
    const { store, root } = fixture;
    const seen: unknown[] = [];
    const record = await store.create({
      ...encrypted,
      fill: async (filled, paths) => {
        seen.push(await store.list(), existsSync(paths.map));
        await writeFile(paths.data, filled.id, { flag: 'r+' });
      },
    });
    const failing = store.create({
      ...plain,
      fill: async () => {
        throw new ArgonError('cancelled', 'as the test wants');
      },
    });

    await expect(failing).rejects.toThrow('as the test wants');
    expect(seen).toEqual([[], true]);
    expect((await readFile(store.paths(record.id).data, 'latin1')).slice(0, 20)).toBe(record.id);
    expect(await readdir(root)).toEqual([record.id]);
  });

  it('names the errno when the file system refuses', async () => {
    await using fixture = await openStore();
    await rm(fixture.root, { recursive: true });

    await expect(fixture.store.create(plain)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/^volume vol\w+ could not be created \(ENOENT\)$/),
      hint: expect.stringContaining(fixture.root),
    });
  });
});

describe('VolumeStore.resize', () => {
  it('makes files and record larger, and keeps the rest of the record', async () => {
    await using fixture = await openStore();
    const { store } = fixture;
    const record = await store.create({ ...encrypted, source: '/images/x.img' });

    const resized = await store.resize(record.id, parseBytes('3MiB'));

    expect(resized).toEqual({ ...record, sizeBytes: parseBytes('3MiB') });
    expect(await store.get(record.id)).toEqual(resized);
    expect((await stat(store.paths(record.id).data)).size).toBe(3 * 2 ** 20);
    expect((await readdir(join(fixture.root, record.id))).toSorted()).toEqual([
      'data',
      'map',
      'volume.json',
    ]);
  });

  it.each(['1020KiB', '4KiB'])('refuses to shrink to %s', async (size) => {
    await using fixture = await openStore();
    const record = await fixture.store.create(plain);

    await expect(fixture.store.resize(record.id, parseBytes(size))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('cannot shrink'),
      hint: expect.any(String),
    });
    expect(await fixture.store.get(record.id)).toEqual(record);
  });

  it('refuses a size of no whole units', async () => {
    await using fixture = await openStore();
    const record = await fixture.store.create(plain);

    await expect(fixture.store.resize(record.id, parseBytes(2 ** 20 + 512))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('refuses a volume that is in use', async () => {
    const lockedPaths = new Set<string>();
    await using fixture = await openStore(fakeHost({ lockedPaths }));
    const record = await fixture.store.create(plain);
    lockedPaths.add(fixture.store.paths(record.id).data);

    await expect(fixture.store.resize(record.id, parseBytes('2MiB'))).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    expect(await fixture.store.get(record.id)).toEqual(record);
  });

  it('leaves the record as it was when the files cannot grow', async () => {
    const failing: HostAddon = {
      ...fakeHost(),
      growVolume: async () => {
        throw nativeError('exhausted', 'grow /x: No space left on device (ENOSPC)', 'ENOSPC');
      },
    };
    await using fixture = await openStore(failing);
    const record = await fixture.store.create(encrypted);

    await expect(fixture.store.resize(record.id, parseBytes('2MiB'))).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
    expect(await fixture.store.get(record.id)).toEqual(record);
  });
});

describe('VolumeStore.resizeOpen', () => {
  it('writes the size down after the card has it and before the guest is told', async () => {
    await using fixture = await openStore();
    const record = await fixture.store.create(encrypted);
    const sizes: number[] = [];
    const note = async (): Promise<void> => {
      sizes.push((await fixture.store.get(record.id)).sizeBytes);
    };

    const resized = await fixture.store.resizeOpen(record.id, parseBytes('2MiB'), {
      grow: note,
      announce: note,
    });

    expect(sizes).toEqual([record.sizeBytes, 2 ** 21]);
    expect(resized.sizeBytes).toBe(2 ** 21);
  });

  it('leaves the record as it was when the card cannot grow, or the size is smaller', async () => {
    await using fixture = await openStore();
    const record = await fixture.store.create(encrypted);
    const card = {
      grow: async () => {
        throw new Error('full');
      },
      announce: async () => {},
    };

    await expect(fixture.store.resizeOpen(record.id, parseBytes('2MiB'), card)).rejects.toThrow(
      'full',
    );
    await expect(
      fixture.store.resizeOpen(record.id, parseBytes('4KiB'), card),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(await fixture.store.get(record.id)).toEqual(record);
  });
});

describe('VolumeStore.list', () => {
  it('gives all volumes in the order of their ids, and passes over what is none', async () => {
    await using fixture = await openStore();
    const { store, root } = fixture;
    const made = [await store.create(plain), await store.create(encrypted)];
    await mkdir(join(root, `.new-${createVolumeId()}`));
    await mkdir(join(root, `.deleted-${createVolumeId()}`));
    await mkdir(join(root, createVolumeId())); // Somebody else is deleting it.
    await mkdir(join(root, 'volumes-of-old'));
    await writeFile(join(root, 'vol.txt'), '');

    const ids = (await store.list()).map(({ id }) => id);

    expect(ids).toEqual(made.map(({ id }) => id).toSorted());
  });

  it('is empty at first', async () => {
    await using fixture = await openStore();

    expect(await fixture.store.list()).toEqual([]);
  });

  it('names the volume whose record is damaged, and how to get rid of it', async () => {
    await using fixture = await openStore();
    const { id } = await fixture.store.create(plain);
    await writeFile(join(fixture.root, id, 'volume.json'), '{');

    await expect(fixture.store.list()).rejects.toMatchObject({
      code: 'data-loss',
      message: expect.stringContaining(id),
      hint: expect.stringContaining(`argon volume delete ${id}`),
    });
  });
});

describe('VolumeStore.get', () => {
  it('says that a volume does not exist', async () => {
    await using fixture = await openStore();
    const id = createVolumeId();

    await expect(fixture.store.get(id)).rejects.toMatchObject({
      code: 'not-found',
      message: `volume ${id} does not exist`,
      hint: 'argon volume list shows those there are',
    });
  });

  it("refuses another volume's record, which would serve the other volume", async () => {
    await using fixture = await openStore();
    const { store, root } = fixture;
    const [one, two] = [await store.create(plain), await store.create(plain)];
    await cp(join(root, two.id, 'volume.json'), join(root, one.id, 'volume.json'));

    await expect(store.get(one.id)).rejects.toMatchObject({
      code: 'data-loss',
      message: expect.stringMatching(new RegExp(`${one.id}.*${two.id}`)),
    });
  });
});

describe('VolumeStore.delete', () => {
  it('removes all of a volume and nothing else', async () => {
    await using fixture = await openStore();
    const { store, root } = fixture;
    const [doomed, kept] = [await store.create(encrypted), await store.create(encrypted)];

    await store.delete(doomed.id);

    expect(await readdir(root)).toEqual([kept.id]);
    await expect(store.get(doomed.id)).rejects.toMatchObject({ code: 'not-found' });
    await expect(store.delete(doomed.id)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('refuses a volume that is in use', async () => {
    const locked = new Set<string>();
    await using fixture = await openStore(fakeHost({ lockedPaths: locked }));
    const { id } = await fixture.store.create(plain);
    locked.add(fixture.store.paths(id).data);

    await expect(fixture.store.delete(id)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: `volume ${id} is in use`,
      hint: 'stop the guest or the server that uses it',
    });
    expect(await readdir(fixture.root)).toEqual([id]);
  });

  it.each(['data', 'map', 'volume.json'])('removes a volume whose %s is gone', async (name) => {
    const lost: HostAddon = {
      ...fakeHost(),
      isLocked: (path) => {
        if (!existsSync(path)) throw nativeError('not-found', `open ${path}: ENOENT`, 'ENOENT');
        return false;
      },
    };
    await using fixture = await openStore(lost);
    const { id } = await fixture.store.create(encrypted);
    await rm(join(fixture.root, id, name));

    await fixture.store.delete(id);

    expect(await readdir(fixture.root)).toEqual([]);
  });

  it('removes a volume whose record is damaged', async () => {
    await using fixture = await openStore();
    const { id } = await fixture.store.create(plain);
    await writeFile(join(fixture.root, id, 'volume.json'), '{');

    await fixture.store.delete(id);

    expect(await readdir(fixture.root)).toEqual([]);
  });
});
