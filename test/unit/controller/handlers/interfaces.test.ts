// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { InterfaceDriver } from '../../../../src/controller/driver/interfaces.ts';
import { Operations } from '../../../../src/controller/driver/operations.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { interfaceHandlers } from '../../../../src/controller/handlers/interfaces.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import { instanceId } from '../samples.ts';
import { call } from './requests.ts';

describe('the service Interfaces', () => {
  it('keeps records of interfaces, which nothing serves', async () => {
    const registry = new Registry(':memory:');
    const operations = new Operations(registry, new ResourceQueues(), async () => {});
    const handlers = interfaceHandlers(new InterfaceDriver(registry, operations));

    const made = await call(handlers, 'Interfaces.CreateInterface', {
      interface: { displayName: 'web' },
    });
    const { name } = made;
    expect(await call(handlers, 'Interfaces.GetInterface', { name })).toEqual(made);
    const { interfaces } = await call(handlers, 'Interfaces.ListInterfaces', {});
    expect(interfaces).toEqual([made]);
    const instance = `instances/${instanceId(1)}`;
    await expect(
      call(handlers, 'Interfaces.AttachInterface', { name, instance }),
    ).rejects.toMatchObject({ code: 'unimplemented' });
    await expect(call(handlers, 'Interfaces.DetachInterface', { name })).rejects.toMatchObject({
      code: 'unimplemented',
    });
    await call(handlers, 'Interfaces.DeleteInterface', { name });

    await expect(call(handlers, 'Interfaces.GetInterface', { name })).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});
