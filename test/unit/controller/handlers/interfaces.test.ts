// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { TestHost } from '../driver/fake-host.ts';
import { runInstance } from '../driver/requests.ts';
import { addVpc, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

describe('the service Interfaces', () => {
  it('says of interfaces that are attached what is true of their card', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const handlers = openNetworks(driver);
    const { subnet, group } = await addVpc(handlers);
    const interfaces = { subnet, securityGroups: [group] };
    const made = await call(handlers, 'Interfaces.CreateInterface', { interface: interfaces });
    const { name } = made;
    const instance = `instances/${await runInstance(driver)}`;
    await call(handlers, 'Interfaces.AttachInterface', { name, instance });
    const [type, reason] = ['PolicyNotInForce', 'PushFailed'];
    driver.conditions.push({ type, reason, message: 'No.', changeTimeMs: 5_000 });

    const { conditions } = await call(handlers, 'Interfaces.GetInterface', { name });
    expect(conditions).toMatchObject([{ type, isTrue: true, reason, message: 'No.' }]);

    await call(handlers, 'Interfaces.DetachInterface', { name });
    expect(await call(handlers, 'Interfaces.GetInterface', { name })).toMatchObject({
      conditions: [],
    });
  });

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

  it('attaches an interface to an instance, and says how it is there', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const handlers = openNetworks(driver);
    const { subnet, group } = await addVpc(handlers);
    const made = await call(handlers, 'Interfaces.CreateInterface', {
      interface: { subnet, securityGroups: [group] },
    });
    const { name } = made;
    const instance = `instances/${await runInstance(driver)}`;

    const attached = await call(handlers, 'Interfaces.AttachInterface', { name, instance });

    expect(attached).toMatchObject({ instance, conditions: [] });
    expect(attached.etag).not.toBe(made.etag);
    await expect(call(handlers, 'Interfaces.DeleteInterface', { name })).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    for (const machine of host.parts.alive.values()) machine.isObedient = false;
    expect(await call(handlers, 'Interfaces.DetachInterface', { name })).toMatchObject({
      instance,
      conditions: [{ type: 'Detaching', isTrue: true, reason: 'GuestHoldsDevice' }],
    });
    for (const machine of host.parts.alive.values()) machine.isObedient = true;
    expect(await call(handlers, 'Interfaces.DetachInterface', { name })).toEqual(made);
    await call(handlers, 'Interfaces.DeleteInterface', { name });
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
