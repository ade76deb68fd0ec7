// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { instanceHandlers } from '../../../../src/controller/handlers/instances.ts';
import { TestHost } from '../driver/fake-host.ts';
import { sampleKey } from '../samples.ts';
import { call } from './requests.ts';

describe('the service Instances', () => {
  it('takes an instance through its life', async () => {
    await using host = await TestHost.create();
    const handlers = instanceHandlers((await host.start()).instances);

    const made = await call(handlers, 'Instances.CreateInstance', {
      instance: { displayName: 'web', image: 'BOOT_IMAGE_TINY' },
    });
    expect(made).toMatchObject({
      state: 'INSTANCE_STATE_STOPPED',
      cpuCount: 2,
      memoryBytes: 536_870_912n,
    });
    const { name } = made;
    const started = await call(handlers, 'Instances.StartInstance', { name });
    expect(started).toMatchObject({ state: 'INSTANCE_STATE_RUNNING', accelerator: 'tcg' });
    expect(started.startTime).toBeInstanceOf(Date);
    expect(await call(handlers, 'Instances.ResetInstance', { name })).toMatchObject({
      state: 'INSTANCE_STATE_RUNNING',
    });
    const renamed = await call(handlers, 'Instances.UpdateInstance', {
      instance: { name, displayName: 'db', limits: { readBytes: { perSecond: 1n, burst: 0n } } },
      updateMask: ['display_name'],
    });
    expect(renamed).toMatchObject({ displayName: 'db', limits: {} });
    expect(await call(handlers, 'Instances.StopInstance', { name })).toMatchObject({
      state: 'INSTANCE_STATE_STOPPED',
    });
    await call(handlers, 'Instances.DeleteInstance', { name });

    expect(await call(handlers, 'Instances.ListInstances', {})).toMatchObject({ instances: [] });
    await expect(call(handlers, 'Instances.GetInstance', { name })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('keeps user data to itself, and tells what else was given and changed', async () => {
    await using host = await TestHost.create();
    const handlers = instanceHandlers((await host.start()).instances);
    const publicKeys = [{ name: 'a', key: sampleKey('ssh-ed25519') }];
    const userData = Buffer.from('#!/bin/sh');

    const made = await call(handlers, 'Instances.CreateInstance', {
      instance: { image: 'BOOT_IMAGE_TINY', userData, publicKeys },
    });
    expect(made).toMatchObject({ publicKeys, tags: [] });
    expect(made.userData).toBeUndefined();
    expect(made.userDataSha256).toHaveLength(64);
    expect(host.metadataChanges).toBe(0);
    const { name } = made;
    const changed = await call(handlers, 'Instances.UpdateInstance', {
      instance: {
        name,
        tags: [{ key: 'role', value: 'web' }],
        metadataOptions: { httpPutResponseHopLimit: 2 },
      },
      updateMask: ['tags', 'metadata_options'],
    });

    expect(changed).toMatchObject({
      tags: [{ key: 'role', value: 'web' }],
      metadataOptions: {
        httpPutResponseHopLimit: 2,
        httpTokens: 'METADATA_TOKENS_REQUIRED',
      },
      userDataSha256: made.userDataSha256,
    });
    expect(host.metadataChanges).toBe(1);
    expect(made.networkAllowance).toMatchObject({ connections: 65_536, servicePackets: 1024 });
    const packets = { perSecond: 100n, burst: 10n };
    const allowed = await call(handlers, 'Instances.UpdateInstance', {
      instance: { name, networkAllowance: { packets } },
      updateMask: ['network_allowance'],
    });
    expect(allowed.networkAllowance).toMatchObject({ packets, connections: 65_536 });
    expect(host.metadataChanges).toBe(2);
    await expect(
      call(handlers, 'Instances.UpdateInstance', {
        instance: { name, tags: [{ key: 'aws:x', value: '' }] },
        updateMask: ['tags'],
      }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it.each([
    [{ userData: new Uint8Array(16_385) }, 'has more than 16384 bytes'],
    [{ publicKeys: [{ name: 'a', key: 'ssh-rsa AAAA' }] }, 'key does not match'],
    [{ metadataOptions: { httpPutResponseHopLimit: 65 } }, 'at most 64'],
    [{ networkAllowance: { connections: 1_048_577 } }, 'at most 1048576'],
    [{ tags: Array.from({ length: 51 }, (_, key) => ({ key: `${key}`, value: '' })) }, '50 items'],
    [{ tags: [{ key: '', value: '' }] }, 'key does not match'],
  ])('refuses what no instance can have, before it is sent (%#)', async (fields, message) => {
    await using host = await TestHost.create();
    const handlers = instanceHandlers((await host.start()).instances);

    await expect(
      call(handlers, 'Instances.CreateInstance', {
        instance: { image: 'BOOT_IMAGE_TINY', ...fields },
      }),
    ).rejects.toThrow(message);
  });

  it('gives a guest with a disk more memory', async () => {
    await using host = await TestHost.create();
    const handlers = instanceHandlers((await host.start()).instances);
    const asked = { image: 'BOOT_IMAGE_TINY', memoryBytes: 268_435_456n, cpuCount: 4 } as const;

    const made = await call(handlers, 'Instances.CreateInstance', {
      instance: asked,
      validateOnly: true,
    });

    expect(made).toMatchObject(asked);
  });
});
