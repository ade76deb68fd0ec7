// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { instanceId } from '../samples.ts';
import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

describe('the service Interfaces', () => {
  it('makes, finds, changes and deletes an interface', async () => {
    const handlers = openNetworks();
    const { subnet, group } = await addVpc(handlers);

    const made = await call(handlers, 'Interfaces.CreateInterface', {
      interface: { displayName: 'web', subnet, securityGroups: [group] },
    });
    const { name } = made;
    expect(made).toMatchObject({
      ipv4Addresses: ['10.0.1.4'],
      ipv6Addresses: ['fd00:1:0:1::4'],
      sourceDestCheck: 'SOURCE_DEST_CHECK_ENABLED',
    });
    expect(await call(handlers, 'Interfaces.GetInterface', { name })).toEqual(made);
    const { interfaces } = await call(handlers, 'Interfaces.ListInterfaces', {});
    expect(interfaces).toEqual([made]);

    const changed = await call(handlers, 'Interfaces.UpdateInterface', {
      interface: { name, sourceDestCheck: 'SOURCE_DEST_CHECK_DISABLED', etag: made.etag },
      updateMask: ['source_dest_check'],
    });
    expect(changed).toEqual({
      ...made,
      sourceDestCheck: 'SOURCE_DEST_CHECK_DISABLED',
      etag: changed.etag,
    });

    await call(handlers, 'Interfaces.DeleteInterface', { name, etag: changed.etag });
    await expect(call(handlers, 'Interfaces.GetInterface', { name })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('attaches none without a network card', async () => {
    const handlers = openNetworks();
    const { subnet, group } = await addVpc(handlers);
    const { name } = await call(handlers, 'Interfaces.CreateInterface', {
      interface: { subnet, securityGroups: [group] },
    });
    const instance = `instances/${instanceId(1)}`;

    await expect(
      call(handlers, 'Interfaces.AttachInterface', { name, instance }),
    ).rejects.toMatchObject({ code: 'unimplemented' });
    await expect(call(handlers, 'Interfaces.DetachInterface', { name })).rejects.toMatchObject({
      code: 'unimplemented',
    });
  });

  it('names the field of the request that is wrong', async () => {
    const handlers = openNetworks();
    const { subnet, group } = await addVpc(handlers);
    const one = { subnet, securityGroups: [group], ipv4Addresses: ['10.0.2.4'] };

    await expect(
      call(handlers, 'Interfaces.CreateInterface', { interface: one }),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      violations: [{ field: 'interface.ipv4_addresses[0]' }],
    });
  });
});
