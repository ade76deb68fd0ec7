// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateStateDir, type StateDir } from '../../../src/base/state-dir.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import { openLocalKeyService } from '../../../src/keys/key-service.ts';
import type { HostAddon } from '../../../src/native/addons.ts';
import { fakeHost, nativeError } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';

function stateDirOf(path: string): StateDir {
  return locateStateDir({ ARGON_STATE: path }, '/');
}

describe('openLocalKeyService', () => {
  it('makes its folder for its owner alone, and no key yet', async () => {
    await using dir = await createTempDir();

    await openLocalKeyService(stateDirOf(dir.path), fakeHost());

    expect((await stat(join(dir.path, 'keys'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(dir.path, 'keys'))).toEqual([]);
  });

  it('makes the master key with the first volume key and uses it from then on', async () => {
    await using dir = await createTempDir();
    const made: string[] = [];
    const host = fakeHost({ onMasterKey: (path) => made.push(path) });
    const keys = await openLocalKeyService(stateDirOf(dir.path), host);

    const first = await keys.createVolumeKey(createVolumeId());
    await keys.createVolumeKey(createVolumeId());

    expect(first).toBeInstanceOf(Uint8Array);
    expect(made).toHaveLength(1);
    expect(await readdir(join(dir.path, 'keys'))).toEqual(['master.key']);
  });

  it('asks for a key of this volume under the master key in its folder', async () => {
    await using dir = await createTempDir();
    const id = createVolumeId();
    const asked: unknown[] = [];
    const host: HostAddon = {
      ...fakeHost(),
      createVolumeKey: async (options) => {
        asked.push(options);
        return new Uint8Array(96);
      },
    };
    const keys = await openLocalKeyService(stateDirOf(dir.path), host);

    await keys.createVolumeKey(id);

    expect(asked).toEqual([{ masterKeyPath: join(dir.path, 'keys/master.key'), volumeId: id }]);
  });

  it('closes the process to others before a key is in it', async () => {
    await using dir = await createTempDir();
    const order: string[] = [];
    const host: HostAddon = {
      ...fakeHost({ onMasterKey: () => order.push('master key') }),
      guardProcess: () => order.push('guard'),
      createVolumeKey: async () => {
        order.push('volume key');
        return new Uint8Array(96);
      },
    };
    const keys = await openLocalKeyService(stateDirOf(dir.path), host);

    await keys.createVolumeKey(createVolumeId());

    expect(order).toEqual(['guard', 'master key', 'volume key']);
  });

  it('never shows a master key that is not whole, and makes one however many want it', async () => {
    // Goal: the file is there only when its content is. Method: an addon that takes its time to
    // write, as the real one does, and many callers in one go.
    await using dir = await createTempDir();
    const masterKeyPath = join(dir.path, 'keys/master.key');
    const contents: (number | undefined)[] = [];
    const host: HostAddon = {
      ...fakeHost(),
      createMasterKey: async (path) => {
        await using file = await open(path, 'wx', 0o600);
        contents.push(existsSync(masterKeyPath) ? (await stat(masterKeyPath)).size : undefined);
        await file.write(new Uint8Array(40));
        await file.sync();
      },
      createVolumeKey: async (options) => {
        contents.push((await stat(options.masterKeyPath)).size);
        return new Uint8Array(96);
      },
    };
    const services = await Promise.all(
      Array.from({ length: 6 }, async () => openLocalKeyService(stateDirOf(dir.path), host)),
    );

    await Promise.all(services.map(async (keys) => keys.createVolumeKey(createVolumeId())));

    expect(contents.filter((size) => size !== undefined && size !== 40)).toEqual([]);
    expect(await readdir(join(dir.path, 'keys'))).toEqual(['master.key']);
  });

  it('leaves nothing behind when the master key cannot be made', async () => {
    await using dir = await createTempDir();
    const host: HostAddon = {
      ...fakeHost(),
      createMasterKey: async () => {
        throw nativeError('exhausted', 'write the master key: No space left on device (ENOSPC)');
      },
    };
    const keys = await openLocalKeyService(stateDirOf(dir.path), host);

    await expect(keys.createVolumeKey(createVolumeId())).rejects.toMatchObject({
      code: 'resource-exhausted',
    });
    expect(await readdir(join(dir.path, 'keys'))).toEqual([]);
  });

  it('says what to do about a master key that cannot be used', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'keys/master.key');
    const host: HostAddon = {
      ...fakeHost(),
      createVolumeKey: async () => {
        throw nativeError(
          'permission-denied',
          `the master key ${path} must be a file of mode 0600`,
        );
      },
    };
    const keys = await openLocalKeyService(stateDirOf(dir.path), host);

    await expect(keys.createVolumeKey(createVolumeId())).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('chmod 600'),
    });
  });

  it('grants the wrapped key and the place of the master key, nothing in the clear', async () => {
    await using dir = await createTempDir();
    const keys = await openLocalKeyService(stateDirOf(dir.path), fakeHost());
    const wrappedKey = new Uint8Array(96).fill(7);

    expect(keys.grant(wrappedKey)).toEqual({
      kind: 'local-master-key',
      masterKeyPath: join(dir.path, 'keys/master.key'),
      wrappedKey,
    });
  });
});
