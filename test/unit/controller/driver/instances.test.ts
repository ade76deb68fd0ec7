// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { sampleLimits } from '../../card/samples.ts';
import { scope, TestHost } from './fake-host.ts';
import {
  attachVolume,
  createInstance,
  detachVolume,
  makeInstance,
  makeVolume,
  onInstance,
  runInstance,
  stopInstance,
} from './requests.ts';

describe('creating an instance', () => {
  it('is stopped at first, and has its boot volume', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const volume = await makeVolume(driver);

    const request = createInstance({ image: 'none', bootVolume: volume, displayName: 'web' });
    const { instance, attachments } = await driver.instances.create(request, scope);

    expect(instance).toMatchObject({ state: 'stopped', displayName: 'web' });
    expect(attachments).toMatchObject([{ volume, isBoot: true, pciSlot: 0 }]);
    await expect(driver.attachments.detach(detachVolume(volume), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await driver.instances.delete(
      { ...onInstance(instance.id), etag: '', isMissingAllowed: false },
      scope,
    );
    expect(driver.registry.attachment(volume)).toBeUndefined();
  });

  it.each([
    ['a name that is taken', { displayName: 'web' }, 'already-exists'],
    ['nothing to boot', { image: 'none' }, 'invalid-argument'],
  ] as const)('refuses %s', async (_what, changes, code) => {
    await using host = await TestHost.create();
    const driver = await host.start();
    await makeInstance(driver, { displayName: 'web' });

    await expect(driver.instances.create(createInstance(changes), scope)).rejects.toMatchObject({
      code,
    });
    expect(driver.instances.list({ pageSize: 0, pageToken: '' }).items).toHaveLength(1);
  });

  it('refuses an image and a volume at once, and a volume that is attached', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const bootVolume = await makeVolume(driver);

    await expect(
      driver.instances.create(createInstance({ bootVolume }), scope),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    await driver.attachments.attach(attachVolume(bootVolume, await makeInstance(driver)), scope);
    await expect(
      driver.instances.create(createInstance({ image: 'none', bootVolume }), scope),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });
});

describe('an instance of an image with a disk', () => {
  it('gets a volume that is made of it, to boot from', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();

    const request = createInstance({ image: 'debian' });
    const { instance, attachments } = await driver.instances.create(request, scope);

    const [boot] = driver.registry.volumes().items;
    expect(instance).toMatchObject({ image: 'debian', bootVolume: boot?.id });
    expect(attachments).toMatchObject([{ volume: boot?.id, isBoot: true }]);
    expect(boot).toMatchObject({ source: 'debian', sizeBytes: 8_192, phase: 'available' });
    expect(host.parts.calls).toEqual([`write debian ${boot?.id ?? ''}`]);
  });

  it('leaves no volume where the image cannot be written', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    host.parts.writeFailure = new ArgonError('unavailable', 'as the test wants');

    const asked = driver.instances.create(createInstance({ image: 'debian' }), scope);

    await expect(asked).rejects.toThrow('as the test wants');
    expect(driver.registry.volumes().items).toEqual([]);
    expect(await driver.store.list()).toEqual([]);
  });
});

describe('starting an instance', () => {
  it('runs, and leaves one that runs alone', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeInstance(driver);

    const { instance } = await driver.instances.start(onInstance(id), scope);
    const machine = host.parts.alive.get(id);
    await driver.instances.start(onInstance(id), scope);

    expect(instance).toMatchObject({
      state: 'running',
      accelerator: 'tcg',
      machine: { pid: 4_000 },
    });
    expect(host.parts.alive.get(id)).toBe(machine);
  });

  it('is as before when it cannot', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeInstance(driver);
    await driver.attachments.attach(attachVolume(await makeVolume(driver), id), scope);
    host.parts.startFailure = new ArgonError('unavailable', 'as the test wants');

    await expect(driver.instances.start(onInstance(id), scope)).rejects.toThrow('as the test');

    expect(driver.instances.get(id).instance).toMatchObject({ state: 'stopped' });
    expect(host.parts.opened.size).toBe(0);
  });
});

describe('stopping an instance', () => {
  it('waits for the guest, and closes its devices', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const volume = await makeVolume(driver);
    await driver.attachments.attach(attachVolume(volume, id), scope);
    const machine = host.parts.alive.get(id);

    const { instance, attachments } = await driver.instances.stop(stopInstance(id), scope);

    expect(instance).toMatchObject({ state: 'stopped', machine: undefined });
    expect(attachments).toMatchObject([{ phase: 'plugged', hasDriver: false }]);
    expect(machine?.lastEnd?.reason).toBe('guest-shutdown');
    expect(host.parts.opened.size).toBe(0);
    await driver.instances.stop(stopInstance(id), scope);
  });

  it('cuts the power of a guest that does not listen, when its time is over', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const machine = host.parts.alive.get(id);
    if (machine !== undefined) machine.isObedient = false;

    await driver.instances.stop(stopInstance(id), scope);

    expect(machine?.lastEnd?.reason).toBe('host-qmp-quit');
  });

  it('by force ends the wait of one that is under way', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const machine = host.parts.alive.get(id);
    if (machine !== undefined) machine.isObedient = false;
    const patient = driver.instances.stop(stopInstance(id, { timeoutMs: 600_000 }), scope);
    const stopping = Promise.withResolvers<void>();
    const look = async (): Promise<void> => {
      while (driver.instances.get(id).instance.state !== 'stopping') await Promise.resolve();
      stopping.resolve();
    };
    await Promise.all([look(), stopping.promise]);

    await driver.instances.stop(stopInstance(id, { isForced: true }), scope);
    await patient;

    expect(driver.instances.get(id).instance.state).toBe('stopped');
  });
});

describe('resetting an instance', () => {
  it('gives it a new machine with the same devices', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const volume = await makeVolume(driver);
    await driver.attachments.attach(attachVolume(volume, id), scope);
    const machine = host.parts.alive.get(id);

    await driver.instances.reset(onInstance(id), scope);

    expect(host.parts.alive.get(id)).not.toBe(machine);
    expect(host.parts.alive.get(id)?.plugged).toEqual(new Set([volume]));
    expect(driver.instances.get(id).instance.state).toBe('running');
  });

  it('refuses one that does not run', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeInstance(driver);

    await expect(driver.instances.reset(onInstance(id), scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
  });
});

describe('updating and deleting an instance', () => {
  it('changes its name and limits', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await makeInstance(driver);
    const { etag } = driver.instances.get(id);
    const changes = { displayName: 'web', limits: sampleLimits() };

    const request = { ...onInstance(id), changes, etag };
    const { instance } = await driver.instances.update(request, scope);

    expect(instance).toMatchObject(changes);
    expect(host.parts.calls).toEqual([`setLimits guest ${id}`]);
    await expect(driver.instances.update(request, scope)).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('deletes one that is stopped, with what it left', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const request = { ...onInstance(id), etag: '', isMissingAllowed: false };

    await expect(driver.instances.delete(request, scope)).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await driver.instances.stop(stopInstance(id), scope);
    await driver.instances.delete(request, scope);

    expect(host.parts.erased).toEqual(new Set([id]));
    await expect(driver.instances.delete(request, scope)).rejects.toMatchObject({
      code: 'not-found',
    });
    await driver.instances.delete({ ...request, isMissingAllowed: true }, scope);
  });
});
