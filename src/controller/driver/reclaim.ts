// SPDX-License-Identifier: Apache-2.0

// What was taken by force stays with its machine until the guest lets go, which nobody waits for:
// it is taken back when something is plugged the next time.

import type { Cancellable } from '../../base/deadline.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import { heldAttachment, standInOf } from './decide.ts';
import type { DriverContext } from './host.ts';

// Of what a guest has let go of QEMU tells at once.
const reclaimTimeoutMs = 100;

/**
 * Takes back the slots that the guest of an instance has let go of; it is asked for the others once
 * more. What fails is logged. The caller has the instance's queue.
 */
export async function reclaim(
  { registry, devices, running, log }: DriverContext,
  instance: InstanceId,
  { signal }: Cancellable,
): Promise<void> {
  const machine = running.get(instance);
  if (machine === undefined) return;
  const asked = { signal, timeoutMs: reclaimTimeoutMs };
  const attempt = async (slot: number, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (thrown) {
      log.warn({ err: thrown, instance, slot }, 'a held slot cannot be taken back');
    }
  };
  for (const held of registry.heldSlots(instance)) {
    await attempt(held.slot, async () => {
      const device = standInOf(held);
      const outcome = await machine.unplug({ ...device, volume: held.volume }, asked);
      if (outcome === 'busy') return;
      await devices.close(device, { signal });
      registry.releaseHeldSlot(held);
    });
  }
  for (const held of registry.networks.heldInterfaces(instance)) {
    await attempt(held.slot, async () => {
      const outcome = await machine.unplug(heldAttachment(held), asked);
      if (outcome === 'removed') registry.networks.releaseHeldInterface(held);
    });
  }
}
