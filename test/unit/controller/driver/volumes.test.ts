// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../../src/base/byte-size.ts';
import { sampleLimits } from '../../card/samples.ts';
import { scope, TestHost } from './fake-host.ts';
import {
  attachVolume,
  createVolume,
  deleteVolume,
  makeVolume,
  runInstance,
  updateVolume,
} from './requests.ts';

describe('creating a volume', () => {
  it('makes its files and tells what it is', async () => {
    await using host = await TestHost.create();
    const { volumes } = await host.start();

    const request = createVolume({ displayName: 'data', limits: sampleLimits() });
    const { volume, attachment, etag } = await volumes.create(request, scope);

    expect(volume).toMatchObject({
      displayName: 'data',
      phase: 'available',
      cipher: 'aes-256-xts',
    });
    expect(attachment).toBeUndefined();
    expect(etag).toMatch(/^[0-9a-f]{16}$/);
    expect(existsSync(join(host.path, 'volumes', volume.id, 'data'))).toBe(true);
    expect((await volumes.get(volume.id)).volume).toEqual(volume);
  });

  it('makes one for a request that comes twice', async () => {
    await using host = await TestHost.create();
    const { volumes, registry } = await host.start();
    const request = createVolume({ requestId: 'request-1' });

    const [first, second] = await Promise.all([
      volumes.create(request, scope),
      volumes.create(request, scope),
    ]);

    expect(second.volume.id).toBe(first.volume.id);
    expect(registry.volumes().items).toHaveLength(1);
  });

  it.each([
    ['a name that is taken', { displayName: 'data' }, 'already-exists'],
    ['a size that is no multiple', { sizeBytes: parseBytes(4097) }, 'invalid-argument'],
  ] as const)('refuses %s and makes nothing', async (_what, changes, code) => {
    await using host = await TestHost.create();
    const { volumes, registry } = await host.start();
    await volumes.create(createVolume({ displayName: 'data' }), scope);

    await expect(volumes.create(createVolume(changes), scope)).rejects.toMatchObject({ code });

    expect(registry.volumes().items).toHaveLength(1);
  });

  it('only says what it would make where that is asked', async () => {
    await using host = await TestHost.create();
    const { volumes, registry } = await host.start();

    const { volume } = await volumes.create(createVolume({ isValidateOnly: true }), scope);

    expect(volume.sizeBytes).toBe(1_048_576);
    expect(registry.volumes().items).toEqual([]);
  });
});

describe('listing volumes', () => {
  it('pages, and finds those that were made without the controller', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const first = await makeVolume(driver);
    const made = await driver.store.create({ sizeBytes: parseBytes('1MiB'), cipher: 'none' });

    const page = await driver.volumes.list({ pageSize: 1, pageToken: '' });
    const rest = await driver.volumes.list({ pageSize: 9, pageToken: page.nextPageToken });

    expect(page.items.map(({ volume }) => volume.id)).toEqual([first]);
    expect(rest.items.map(({ volume }) => volume.id)).toEqual([made.id]);
    expect(rest.nextPageToken).toBe('');
  });

  it('finds none that is deleted while it looks', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const made = await driver.store.create({ sizeBytes: parseBytes('1MiB'), cipher: 'none' });
    const seen = await driver.store.list();
    driver.store.list = async () => {
      await driver.store.delete(made.id);
      return seen;
    };

    await driver.volumes.discover();

    expect(driver.registry.volumes().items).toEqual([]);
  });
});

describe('updating a volume', () => {
  it('changes what is given and leaves the rest', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeVolume(driver);
    await driver.volumes.update(updateVolume(id, { displayName: 'a' }), scope);

    const { volume } = await driver.volumes.update(
      updateVolume(id, { sizeBytes: parseBytes('2MiB') }),
      scope,
    );

    expect(volume).toMatchObject({ displayName: 'a', sizeBytes: 2_097_152 });
    expect((await driver.store.get(id)).sizeBytes).toBe(2_097_152);
  });

  it('grows one that a guest uses before its guest', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeVolume(driver);
    await driver.attachments.attach(attachVolume(id, await runInstance(driver)), scope);
    const { calls } = host.parts;
    calls.length = 0;

    await driver.volumes.update(
      updateVolume(id, { sizeBytes: parseBytes('2MiB'), limits: sampleLimits() }),
      scope,
    );

    expect(calls).toEqual([
      `growStore ${id} 2097152`,
      `growDevice ${id} 2097152`,
      `setLimits volume ${id}`,
    ]);
  });

  it.each([
    ['a smaller size', { sizeBytes: parseBytes('4096') }, '', 'invalid-argument'],
    ['a name that is taken', { displayName: 'other' }, '', 'already-exists'],
    ['an older state', { displayName: 'x' }, '0123456789abcdef', 'aborted'],
  ] as const)('refuses %s', async (_what, changes, etag, code) => {
    await using host = await TestHost.create();
    const driver = await host.start();
    await driver.volumes.create(createVolume({ displayName: 'other' }), scope);
    const id = await makeVolume(driver);

    const asked = driver.volumes.update(updateVolume(id, changes, { etag }), scope);

    await expect(asked).rejects.toMatchObject({ code });
  });
});

describe('deleting a volume', () => {
  it('deletes its files; again it is not there, which may be allowed', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeVolume(driver);

    await driver.volumes.delete(deleteVolume(id), scope);

    expect(existsSync(join(host.path, 'volumes', id))).toBe(false);
    await expect(driver.volumes.delete(deleteVolume(id), scope)).rejects.toMatchObject({
      code: 'not-found',
    });
    await driver.volumes.delete(deleteVolume(id, { isMissingAllowed: true }), scope);
  });

  it('refuses one that is attached', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeVolume(driver);
    await driver.attachments.attach(attachVolume(id, await runInstance(driver)), scope);

    await expect(driver.volumes.delete(deleteVolume(id), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    expect((await driver.volumes.get(id)).volume.phase).toBe('available');
  });
});
