// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { volumeHandlers } from '../../../../src/controller/handlers/volumes.ts';
import { TestHost } from '../driver/fake-host.ts';
import { runInstance } from '../driver/requests.ts';
import { call } from './requests.ts';

async function open(host: TestHost) {
  const driver = await host.start();
  return { driver, handlers: volumeHandlers(driver.volumes, driver.attachments) };
}

describe('the service Volumes', () => {
  it('makes, finds, changes and deletes a volume', async () => {
    await using host = await TestHost.create();
    const { handlers } = await open(host);

    const made = await call(handlers, 'Volumes.CreateVolume', {
      volume: { displayName: 'data', sizeBytes: 1_048_576n },
      requestId: 'request-1',
    });
    expect(made).toMatchObject({
      displayName: 'data',
      sizeBytes: 1_048_576n,
      cipher: 'VOLUME_CIPHER_AES_256_XTS',
      state: 'VOLUME_STATE_AVAILABLE',
    });
    const { name } = made;
    expect(await call(handlers, 'Volumes.GetVolume', { name })).toEqual(made);
    const { volumes } = await call(handlers, 'Volumes.ListVolumes', {});
    expect(volumes).toEqual([made]);

    const grown = await call(handlers, 'Volumes.UpdateVolume', {
      volume: {
        name,
        displayName: 'not in the mask',
        sizeBytes: 2_097_152n,
        limits: { totalBytes: { perSecond: 5n, burst: 1n } },
      },
      updateMask: ['size_bytes', 'limits'],
    }).catch((thrown: unknown) => thrown);
    expect(grown).toMatchObject({ code: 'invalid-argument' }); // The name is no name.
    const changed = await call(handlers, 'Volumes.UpdateVolume', {
      volume: {
        name,
        displayName: 'other',
        sizeBytes: 2_097_152n,
        limits: { totalBytes: { perSecond: 5n, burst: 1n } },
      },
      updateMask: ['size_bytes', 'limits'],
    });
    expect(changed).toMatchObject({
      displayName: 'data',
      sizeBytes: 2_097_152n,
      limits: { totalBytes: { perSecond: 5n, burst: 1n } },
    });

    await call(handlers, 'Volumes.DeleteVolume', { name, etag: changed.etag });
    expect(await call(handlers, 'Volumes.ListVolumes', {})).toMatchObject({ volumes: [] });
  });

  it('attaches and detaches', async () => {
    await using host = await TestHost.create();
    const { driver, handlers } = await open(host);
    const instance = `instances/${await runInstance(driver)}`;
    const { name } = await call(handlers, 'Volumes.CreateVolume', {
      volume: { sizeBytes: 4_096n, cipher: 'VOLUME_CIPHER_NONE' },
    });

    const attached = await call(handlers, 'Volumes.AttachVolume', { name, instance });
    expect(attached).toMatchObject({
      state: 'VOLUME_STATE_IN_USE',
      cipher: 'VOLUME_CIPHER_NONE',
      attachment: { instance, state: 'ATTACHMENT_STATE_ATTACHED', slot: 0 },
    });
    const detached = await call(handlers, 'Volumes.DetachVolume', { name });
    expect(detached.attachment).toBeUndefined();
  });
});
