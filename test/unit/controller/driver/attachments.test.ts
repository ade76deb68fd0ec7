// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import type { InstanceId } from '../../../../src/base/instance-id.ts';
import type { VolumeId } from '../../../../src/base/volume-id.ts';
import { scope, slotCount, type TestDriver, TestHost } from './fake-host.ts';
import {
  attachVolume,
  detachVolume,
  makeInstance,
  makeVolume,
  onInstance,
  runInstance,
} from './requests.ts';

interface Scene {
  readonly host: TestHost;
  readonly driver: TestDriver;
  readonly volume: VolumeId;
  readonly instance: InstanceId;
}

async function runningScene(host: TestHost): Promise<Scene> {
  const driver = await host.start();
  return { host, driver, volume: await makeVolume(driver), instance: await runInstance(driver) };
}

async function attachedScene(host: TestHost): Promise<Scene> {
  const scene = await runningScene(host);
  await scene.driver.attachments.attach(attachVolume(scene.volume, scene.instance), scope);
  return scene;
}

describe('attaching a volume', () => {
  it('serves it, plugs it and waits for the driver', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await runningScene(host);

    const { attachment } = await driver.attachments.attach(attachVolume(volume, instance), scope);

    expect(attachment).toMatchObject({ phase: 'plugged', hasDriver: true, instance });
    expect(host.parts.opened.get(attachment?.slot ?? -1)).toBe(volume);
    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set([volume]));
  });

  it('answers without the driver when the guest takes its time', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await runningScene(host);
    host.parts.hasDrivers = false;

    const { attachment } = await driver.attachments.attach(attachVolume(volume, instance), scope);

    expect(attachment).toMatchObject({ phase: 'plugged', hasDriver: false });
  });

  it('lets one of two win', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await runningScene(host);
    const other = await runInstance(driver);

    const outcomes = await Promise.allSettled([
      driver.attachments.attach(attachVolume(volume, instance), scope),
      driver.attachments.attach(attachVolume(volume, other), scope),
    ]);

    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'failed-precondition' } });
    expect(driver.registry.attachment(volume)?.instance).toBe(instance);
  });

  it('gives two instances at once a slot each', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await runningScene(host);
    const [volume2, instance2] = [await makeVolume(driver), await runInstance(driver)];

    await Promise.all([
      driver.attachments.attach(attachVolume(volume, instance), scope),
      driver.attachments.attach(attachVolume(volume2, instance2), scope),
    ]);

    expect(new Set(driver.registry.attachments().map(({ slot }) => slot)).size).toBe(2);
  });

  it('takes nothing for one more than there are slots', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await runningScene(host);
    for (let count = 0; count < slotCount; count += 1) {
      const volume = await makeVolume(driver);
      await driver.attachments.attach(attachVolume(volume, instance), scope);
    }
    const volume = await makeVolume(driver);
    host.parts.calls.length = 0;

    await expect(
      driver.attachments.attach(attachVolume(volume, instance), scope),
    ).rejects.toMatchObject({ code: 'resource-exhausted' });

    expect(host.parts.calls).toEqual([]);
    expect(driver.registry.attachment(volume)).toBeUndefined();
  });

  it.each(['served', 'plugged'])('leaves nothing when it cannot be %s', async (what) => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await runningScene(host);
    const failure = new ArgonError('unavailable', 'as the test wants');
    const machine = host.parts.alive.get(instance);
    if (what === 'served') host.parts.openFailure = failure;
    else if (machine !== undefined) machine.plugFailure = failure;

    await expect(driver.attachments.attach(attachVolume(volume, instance), scope)).rejects.toThrow(
      'as the test wants',
    );

    expect(driver.registry.attachment(volume)).toBeUndefined();
    expect(host.parts.opened.size).toBe(0);
    host.parts.openFailure = undefined;
    if (machine !== undefined) machine.plugFailure = undefined;
    await driver.attachments.attach(attachVolume(volume, instance), scope);
  });

  it('to a stopped instance is for its next start', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const [volume, instance] = [await makeVolume(driver), await makeInstance(driver)];

    await driver.attachments.attach(attachVolume(volume, instance), scope);
    expect(host.parts.calls).toEqual([]);
    await driver.instances.start(onInstance(instance), scope);

    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set([volume]));
  });
});

describe('detaching a volume', () => {
  it('asks the guest, then takes the device away', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await attachedScene(host);

    const { attachment } = await driver.attachments.detach(detachVolume(volume), scope);

    expect(attachment).toBeUndefined();
    expect(host.parts.opened.size).toBe(0);
    expect(host.parts.alive.get(instance)?.plugged.size).toBe(0);
  });

  it('changes nothing when the guest does not let go, and may be tried again', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await attachedScene(host);
    const machine = host.parts.alive.get(instance);
    if (machine === undefined) throw new Error('it runs');
    machine.isObedient = false;
    const request = detachVolume(volume, { requestId: 'request-1' });

    const busy = await driver.attachments.detach(request, scope);
    expect(busy.attachment?.phase).toBe('busy');
    expect(host.parts.opened.size).toBe(1);

    machine.isObedient = true;
    const gone = await driver.attachments.detach(request, scope);
    expect(gone.attachment).toBeUndefined();
  });

  it('by force fails the requests, frees the volume and holds the slot', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await attachedScene(host);
    const machine = host.parts.alive.get(instance);
    if (machine !== undefined) machine.isObedient = false;

    const forced = detachVolume(volume, { isForced: true });
    const { attachment } = await driver.attachments.detach(forced, scope);

    expect(attachment).toBeUndefined();
    expect(host.parts.calls).toContain(`failRequests ${volume}`);
    const [held] = driver.registry.heldSlots(instance);
    expect(held).toMatchObject({ pciSlot: 0, slot: 0, volume, hasMap: true });
    // What serves the slot is not the volume any more.
    expect(host.parts.opened.get(0)).toBe(held?.standIn);
    await expect(
      driver.attachments.attach(attachVolume(volume, instance), scope),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    const other = await makeVolume(driver);
    const { attachment: next } = await driver.attachments.attach(
      attachVolume(other, instance),
      scope,
    );
    expect([next?.pciSlot, next?.slot]).toEqual([1, 1]);
  });

  it('by force gives the slot out again when the guest has let go', async () => {
    await using host = await TestHost.create();
    const { driver, volume, instance } = await attachedScene(host);
    const machine = host.parts.alive.get(instance);
    if (machine === undefined) throw new Error('it runs');
    machine.isObedient = false;
    await driver.attachments.detach(detachVolume(volume, { isForced: true }), scope);

    machine.isObedient = true;
    const { attachment } = await driver.attachments.attach(attachVolume(volume, instance), scope);

    expect(attachment).toMatchObject({ pciSlot: 0, slot: 0 });
    expect(driver.registry.heldSlots(instance)).toEqual([]);
    expect([...host.parts.opened.values()]).toEqual([volume]);
  });

  it('refuses what is not attached', async () => {
    await using host = await TestHost.create();
    const { driver, volume } = await runningScene(host);

    await expect(driver.attachments.detach(detachVolume(volume), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
  });
});
