// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import type { InstanceId } from '../../../../src/base/instance-id.ts';
import { NetworkDriver } from '../../../../src/controller/driver/networks.ts';
import { networkId } from '../../network/samples.ts';
import { putNetworks } from '../registry/put-networks.ts';
import { scope, slotCount, type TestDriver, TestHost } from './fake-host.ts';
import {
  attachVolume,
  makeInstance,
  makeVolume,
  onInstance,
  runInstance,
  stopInstance,
} from './requests.ts';

const eni = networkId('eni', 1);
const once = { requestId: '', isValidateOnly: false } as const;

interface Scene {
  readonly driver: TestDriver;
  readonly instance: InstanceId;
}

async function scene(host: TestHost, state: 'running' | 'stopped' = 'running'): Promise<Scene> {
  const driver = await host.start();
  putNetworks(driver.registry);
  return {
    driver,
    instance: state === 'running' ? await runInstance(driver) : await makeInstance(driver),
  };
}

describe('attaching an interface', () => {
  it('serves it, plugs it and waits for the driver', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host);

    const view = await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);

    expect(view.attachment).toMatchObject({ phase: 'plugged', hasDriver: true, instance });
    expect(host.parts.opened.get(view.attachment?.slot ?? -1)).toBe(eni);
    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set([eni]));
  });

  it('is a row of an instance that does not run, which gets it when it starts', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host, 'stopped');
    await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);
    expect(host.parts.opened.size).toBe(0);

    await driver.instances.start(onInstance(instance), scope);

    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set([eni]));
    expect([...host.parts.opened.values()]).toEqual([eni]);
  });

  it('has slots of its own beside volumes, as long as there are some', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host);
    const { attachment } = await driver.interfaces.attach(
      { ...once, interface: eni, instance },
      scope,
    );
    expect(attachment).toMatchObject({ pciSlot: 0, slot: 0 });

    for (let pciSlot = 1; pciSlot < slotCount; pciSlot += 1) {
      const volume = await makeVolume(driver);
      const view = await driver.attachments.attach(attachVolume(volume, instance), scope);
      expect(view.attachment).toMatchObject({ pciSlot, slot: pciSlot });
    }
    const extra = await makeVolume(driver);
    await expect(
      driver.attachments.attach(attachVolume(extra, instance), scope),
    ).rejects.toMatchObject({ code: 'resource-exhausted' });
  });

  it('is refused while it is attached, and it is not deleted then', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host);
    await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);

    await expect(
      driver.interfaces.attach({ ...once, interface: eni, instance }, scope),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    const records = new NetworkDriver('interface', driver.networks);
    await expect(
      records.delete({ ...once, id: eni, etag: '', isMissingAllowed: false }, scope),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('leaves nothing behind when QEMU refuses it', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host);
    const machine = host.parts.alive.get(instance);
    if (machine !== undefined) machine.plugFailure = new ArgonError('aborted', 'refused');

    await expect(
      driver.interfaces.attach({ ...once, interface: eni, instance }, scope),
    ).rejects.toMatchObject({ code: 'aborted' });

    expect(host.parts.opened.size).toBe(0);
    expect(driver.registry.devices()).toEqual([]);
  });
});

describe('detaching an interface', () => {
  async function attached(host: TestHost): Promise<Scene> {
    const made = await scene(host);
    const { driver, instance } = made;
    await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);
    return made;
  }

  it('takes it out of the guest, then from the card', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await attached(host);

    const { attachment } = await driver.interfaces.detach(
      { ...once, interface: eni, isForced: false },
      scope,
    );

    expect(attachment).toBeUndefined();
    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set());
    expect(host.parts.opened.size).toBe(0);
    await expect(
      driver.interfaces.detach({ ...once, interface: eni, isForced: false }, scope),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('of a guest that keeps it leaves it there, until the guest lets go', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await attached(host);
    const machine = host.parts.alive.get(instance);
    if (machine !== undefined) machine.isObedient = false;
    const request = { ...once, interface: eni, isForced: false };

    const { attachment } = await driver.interfaces.detach(request, scope);

    expect(attachment).toMatchObject({ phase: 'busy' });
    expect(host.parts.opened.size).toBe(1);
    if (machine !== undefined) machine.isObedient = true;
    const after = await driver.interfaces.detach(request, scope);
    expect(after.attachment).toBeUndefined();
  });

  async function forced(host: TestHost) {
    const made = await attached(host);
    const machine = host.parts.alive.get(made.instance);
    if (machine === undefined) throw new Error('it runs');
    machine.isObedient = false;
    const request = { ...once, interface: eni, isForced: true };
    return { ...made, machine, view: await made.driver.interfaces.detach(request, scope) };
  }

  it('by force frees it, serves what the guest holds no more, and keeps the slots', async () => {
    await using host = await TestHost.create();
    const { driver, instance, view } = await forced(host);

    expect(view.attachment).toBeUndefined();
    expect(view.conditions).toMatchObject([{ type: 'DeviceHeld', reason: 'TakenByForce' }]);
    expect(host.parts.opened.size).toBe(0);
    expect(driver.registry.usedSlots()).toEqual([0]);
    await expect(
      driver.interfaces.attach({ ...once, interface: eni, instance }, scope),
    ).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringContaining('still holds') as unknown,
    });
    const other = await runInstance(driver);
    const elsewhere = { ...once, interface: eni, instance: other };
    const { attachment } = await driver.interfaces.attach(elsewhere, scope);
    expect(attachment).toMatchObject({ instance: other, slot: 1 });
    const volume = await makeVolume(driver);
    const next = await driver.attachments.attach(attachVolume(volume, instance), scope);
    expect(next.attachment).toMatchObject({ pciSlot: 1, slot: 2 });
  });

  it('by force gives the slots out again once the guest has let go', async () => {
    await using host = await TestHost.create();
    const { driver, instance, machine } = await forced(host);

    machine.isObedient = true;
    const again = { ...once, interface: eni, instance };
    const { attachment, conditions } = await driver.interfaces.attach(again, scope);

    expect(attachment).toMatchObject({ pciSlot: 0, slot: 0 });
    expect(conditions).toEqual([]);
  });

  it.each(['stop', 'reset'] as const)('by force holds nothing after a %s', async (verb) => {
    await using host = await TestHost.create();
    const { driver, instance, machine } = await forced(host);

    if (verb === 'stop') await driver.instances.stop(stopInstance(instance), scope);
    else {
      machine.end('guest-reset');
      const isReplaced = () =>
        driver.context.running.get(instance) === machine ? undefined : true;
      await pollUntil(isReplaced, 'waiting for the new machine', { ...scope, intervalMs: 1 });
    }

    expect(driver.registry.held()).toEqual([]);
    expect(driver.registry.usedSlots()).toEqual([]);
  });

  it('by force holds what it held for the next driver too', async () => {
    await using host = await TestHost.create();
    const { instance } = await forced(host);

    const next = await host.start();

    expect(next.registry.held(instance)).toMatchObject([{ interface: eni, slot: 0 }]);
    expect(host.parts.opened.size).toBe(0);
  });

  it('of a stopped instance, and with the instance, is a row that goes', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await scene(host, 'stopped');
    await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);
    await driver.interfaces.detach({ ...once, interface: eni, isForced: false }, scope);
    expect(driver.registry.devices()).toEqual([]);

    await driver.interfaces.attach({ ...once, interface: eni, instance }, scope);
    await driver.instances.delete(
      { ...once, id: instance, etag: '', isMissingAllowed: false },
      scope,
    );
    expect(driver.registry.devices()).toEqual([]);
  });

  it('is finished or undone by the next driver where one was killed', async () => {
    await using host = await TestHost.create();
    const { driver, instance } = await attached(host);
    const [device] = driver.registry.devices();
    if (device === undefined) throw new Error('no device');
    driver.registry.putDevice({ ...device, phase: 'releasing' });

    const next = await host.start();

    expect(next.registry.devices()).toEqual([]);
    expect(host.parts.opened.size).toBe(0);
    expect(host.parts.alive.get(instance)?.plugged).toEqual(new Set());
  });
});
