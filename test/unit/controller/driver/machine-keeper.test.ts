// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import type { InstanceState } from '../../../../src/controller/model.ts';
import { sampleHeldSlot } from '../samples.ts';
import { scope, type TestDriver, TestHost } from './fake-host.ts';
import { attachVolume, makeVolume, runInstance, stopInstance } from './requests.ts';

async function untilState(
  driver: TestDriver,
  id: Awaited<ReturnType<typeof runInstance>>,
  state: InstanceState,
): Promise<void> {
  await pollUntil(
    () => (driver.instances.get(id).instance.state === state ? true : undefined),
    `waiting for ${state}`,
    { ...scope, intervalMs: 1 },
  );
}

describe('MachineKeeper', () => {
  it('stops an instance whose guest powers off', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    await driver.attachments.attach(attachVolume(await makeVolume(driver), id), scope);

    host.parts.alive.get(id)?.end('guest-shutdown');

    await untilState(driver, id, 'stopped');
    expect(host.parts.opened.size).toBe(0);
    expect(driver.context.running.size).toBe(0);
  });

  it('gives a guest that resets a new machine, and its slots back', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    const volume = await makeVolume(driver);
    await driver.attachments.attach(attachVolume(volume, id), scope);
    driver.registry.holdSlot(sampleHeldSlot(3, 1, { instance: id }));
    const machine = host.parts.alive.get(id);

    machine?.end('guest-reset');
    await pollUntil(
      () => (driver.context.running.get(id) === machine ? undefined : true),
      'waiting for the new machine',
      { ...scope, intervalMs: 1 },
    );
    await untilState(driver, id, 'running');

    expect(host.parts.alive.get(id)?.plugged).toEqual(new Set([volume]));
    expect(driver.registry.heldSlots(id)).toEqual([]);
    expect(host.parts.calls).toContain('close 3');
  });

  it('says of a machine that cannot be started again why', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);
    host.parts.startFailure = new ArgonError('unavailable', 'as the test wants');

    host.parts.alive.get(id)?.end('guest-reset');
    await untilState(driver, id, 'error');

    expect(driver.instances.get(id).instance.conditions).toMatchObject([
      { type: 'MachineFailed', reason: 'RestartFailed' },
    ]);
  });

  it.each([
    ['a panic', true, 'GuestPanicked'],
    ['a crash', false, 'MachineEnded'],
  ])('makes an error of %s', async (_what, hasPanicked, reason) => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const id = await runInstance(driver);

    host.parts.alive.get(id)?.end(undefined, hasPanicked);
    await untilState(driver, id, 'error');

    expect(driver.instances.get(id).instance.conditions).toMatchObject([{ reason }]);
    await driver.instances.stop(stopInstance(id), scope);
    await driver.instances.start({ requestId: '', isValidateOnly: false, id }, scope);
    expect(driver.instances.get(id).instance).toMatchObject({ state: 'running', conditions: [] });
  });
});
