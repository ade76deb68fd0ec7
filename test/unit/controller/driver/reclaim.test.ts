// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { reclaim } from '../../../../src/controller/driver/reclaim.ts';
import { sampleHeldInterface, sampleHeldSlot } from '../samples.ts';
import { scope, TestHost } from './fake-host.ts';
import { runInstance } from './requests.ts';

describe('reclaim()', () => {
  it('takes back what a guest has let go of, and leaves the rest', async () => {
    await using host = await TestHost.create();
    const { context, registry, ...driver } = await host.start();
    const instance = await runInstance({ context, registry, ...driver });
    const volume = sampleHeldSlot(2, 1, { instance });
    const [gone, held] = [3, 4].map((number) => sampleHeldInterface(number, 1, { instance }));
    if (gone === undefined || held === undefined) throw new TypeError('there are two');
    registry.holdSlot(volume);
    for (const one of [gone, held]) registry.networks.holdInterface(one);
    const machine = host.parts.alive.get(instance);
    if (machine === undefined) throw new Error('it runs');
    machine.plugged.add(held.interface);
    machine.isObedient = false;

    await reclaim(context, instance, scope);

    expect(registry.held(instance)).toEqual([held]);
    expect(host.parts.calls).toContain('close 2');
  });

  it('goes on after one that QEMU says nothing of', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const instance = await runInstance(driver);
    const held = [3, 4].map((number) => sampleHeldInterface(number, 1, { instance }));
    for (const one of held) driver.registry.networks.holdInterface(one);
    const machine = host.parts.alive.get(instance);
    if (machine === undefined) throw new Error('it runs');
    let count = 0;
    machine.unplug = async () => {
      count += 1;
      if (count === 1) throw new Error('no answer');
      return 'removed';
    };

    await reclaim(driver.context, instance, scope);

    expect(driver.registry.held(instance)).toEqual(held.slice(0, 1));
  });

  it('has nothing to ask of an instance that does not run', async () => {
    await using host = await TestHost.create();
    const driver = await host.start();
    const instance = await runInstance(driver);
    driver.context.running.delete(instance);
    const held = sampleHeldInterface(3, 1, { instance });
    driver.registry.networks.holdInterface(held);

    await reclaim(driver.context, instance, scope);

    expect(driver.registry.held(instance)).toEqual([held]);
  });
});
