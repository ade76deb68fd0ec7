// SPDX-License-Identifier: Apache-2.0

// Plugging a device into a machine that runs, whichever kind it is, and taking it out: in this
// order and back in reverse, a row with slots of its own, a device that a card serves, the device
// in QEMU, the guest's driver.

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import { type DeviceAttachment, deviceId } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import { lowestFree } from './decide.ts';
import type { DriverContext, Machine } from './host.ts';
import type { Commit } from './operations.ts';

const driverPollMs = 50;

export interface PlugOptions extends Cancellable {
  /** As in `volumes.attach`; names the steps. */
  readonly method: string;
  readonly commit: Commit;
}

export interface UnplugOptions extends Cancellable {
  readonly method: string;
  /** How long the guest has to let go. */
  readonly timeoutMs: number;
  /** Called once the row says that it is being taken out. */
  readonly prepare?: () => Promise<void>;
}

/** @throws ArgonError after everything was taken back. */
export async function plugDevice(
  context: DriverContext,
  decided: DeviceAttachment,
  { method, commit, signal }: PlugOptions,
): Promise<void> {
  const { registry, devices, step } = context;
  const machine = machineOf(context, decided.instance);
  const device = withFreeSlot(registry, decided);
  registry.putDevice(device);
  try {
    await step(`${method}: reserved`);
    await devices.open(device, { signal });
    await step(`${method}: served`);
    await machine.plug(device, { signal });
  } catch (thrown) {
    await rollBack(context, device);
    throw thrown;
  }
  await step(`${method}: plugged`);
  const hasDriver = await waitForDriver(context, device, { signal });
  await step(`${method}: waited`);
  commit(() => {
    registry.putDevice({ ...device, phase: 'plugged', hasDriver });
  });
}

/**
 * Asks the guest to let go. The row says `releasing` until what comes of it is written; it says
 * `busy` if this throws.
 */
export async function releaseDevice(
  context: DriverContext,
  device: DeviceAttachment,
  { method, timeoutMs, prepare, signal }: UnplugOptions,
): Promise<'removed' | 'busy'> {
  const { registry, step } = context;
  const machine = machineOf(context, device.instance);
  registry.putDevice({ ...device, phase: 'releasing' });
  let outcome: 'removed' | 'busy';
  try {
    await step(`${method}: recorded`);
    await prepare?.();
    outcome = await machine.unplug(device, { signal, timeoutMs });
  } catch (thrown) {
    registry.putDevice({ ...device, phase: 'busy' });
    throw thrown;
  }
  await step(`${method}: asked`);
  return outcome;
}

/** The device that a guest has let go of is closed and forgotten. */
export async function forgetReleased(
  { registry, devices, step, timeouts }: DriverContext,
  device: DeviceAttachment,
  { method, commit }: Pick<PlugOptions, 'method' | 'commit'>,
): Promise<void> {
  await devices.close(device, { signal: deadlineSignal(timeouts.rollBackMs) });
  await step(`${method}: closed`);
  commit(() => {
    registry.deleteDevice(device);
  });
}

/**
 * The attachment with a slot of the backplane. The host's slots belong to no resource that was
 * waited for, so that one is given out as its row is written; another instance may have had the one
 * of the decision meanwhile.
 */
export function withFreeSlot<Device extends DeviceAttachment>(
  registry: Registry,
  device: Device,
): Device {
  return { ...device, slot: lowestFree(registry.usedSlots()) };
}

async function rollBack(context: DriverContext, device: DeviceAttachment): Promise<void> {
  const { registry, devices, log, timeouts } = context;
  try {
    await devices.close(device, { signal: deadlineSignal(timeouts.rollBackMs) });
  } catch (thrown) {
    // The row is gone all the same; what is left of the device is found at the next start.
    log.error({ err: thrown, device: deviceId(device) }, 'a device could not be taken back');
  }
  registry.deleteDevice(device);
}

// False if the guest takes its time; it may still be booting.
async function waitForDriver(
  { devices, timeouts }: DriverContext,
  device: DeviceAttachment,
  { signal }: Cancellable,
): Promise<boolean> {
  const bounded = deadlineSignal(timeouts.driverMs, signal);
  try {
    await pollUntil(
      async () => ((await devices.hasDriver(device, { signal: bounded })) ? true : undefined),
      `waiting for the guest's driver of ${deviceId(device)}`,
      { signal: bounded, intervalMs: driverPollMs },
    );
    return true;
  } catch {
    return false;
  }
}

function machineOf({ running }: DriverContext, instance: InstanceId): Machine {
  const machine = running.get(instance);
  if (machine !== undefined) return machine;
  throw new ArgonError('unavailable', `the machine of instance ${instance} has just ended`);
}
