// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { instanceHandlers } from '../../../../src/controller/handlers/instances.ts';
import { TestHost } from '../driver/fake-host.ts';
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
