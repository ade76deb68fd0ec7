// SPDX-License-Identifier: Apache-2.0

// What a controller does before it listens: it compares the registry with what there is, adopts
// what runs, and finishes or undoes what the one before had begun. Nothing else runs meanwhile.

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { type DeviceAttachment, deviceId, type Instance, type Volume } from '../model.ts';
import { standInOf, withCondition } from './decide.ts';
import { type DriverContext, isMachine, type Machine } from './host.ts';
import type { MachineKeeper } from './machine-keeper.ts';
import type { VolumeDriver } from './volumes.ts';

export interface RecoveredDrivers {
  readonly volumes: VolumeDriver;
  readonly keeper: MachineKeeper;
}

/** @throws ArgonError if the registry cannot be brought in line; no controller must run then. */
export async function recover(
  context: DriverContext,
  { volumes, keeper }: RecoveredDrivers,
  scope: Cancellable,
): Promise<void> {
  const { registry, log } = context;
  await recoverVolumes(context);
  await volumes.discover();
  for (const instance of registry.instances().items) {
    await recoverInstance(context, keeper, instance, scope);
  }
  registry.dropUnanswered();
  const instances = registry.instances().items.length;
  log.info({ instances, running: context.running.size }, 'the registry is in line with the host');
}

async function recoverVolumes({ registry, volumes }: DriverContext): Promise<void> {
  const records = new Map((await volumes.list()).map((record) => [record.id, record]));
  for (const volume of registry.volumes().items) {
    const { id, phase } = volume;
    const record = records.get(id);
    if (phase === 'creating' || phase === 'deleting') {
      // Nobody was told of the one, and the other is as good as gone.
      if (record !== undefined) await volumes.delete(id);
      await volumes.sweep(id);
      registry.deleteVolume(id);
    } else if (record === undefined) {
      registry.putVolume(damaged(volume));
    } else if (record.sizeBytes !== volume.sizeBytes || phase === 'error') {
      // The record is what cards go by: growth that broke off before it has not been.
      const { sizeBytes } = record;
      const revision = volume.revision + 1;
      registry.putVolume({ ...volume, sizeBytes, phase: 'available', conditions: [], revision });
    }
  }
}

function damaged(volume: Volume): Volume {
  const condition = {
    type: 'FilesMissing',
    reason: 'NotFound',
    message: 'Its files are not in the state folder; put them back, or delete the volume.',
    changeTimeMs: Date.now(),
  };
  return {
    ...volume,
    phase: 'error',
    conditions: withCondition(volume.conditions, condition),
    revision: volume.revision + 1,
  };
}

async function recoverInstance(
  context: DriverContext,
  keeper: MachineKeeper,
  instance: Instance,
  scope: Cancellable,
): Promise<void> {
  const { id, state } = instance;
  if (state === 'restarting') {
    dropBrokenOff(context, id);
    await restart(context, keeper, instance);
    return;
  }
  if (state !== 'running' && state !== 'stopping') {
    await keeper.takeDown(id);
    dropBrokenOff(context, id);
    if (state === 'starting') context.registry.transact(() => keeper.putStopped(id));
    return;
  }
  const found = await context.machines.adopt(instance, scope);
  if (isMachine(found)) {
    keeper.put(instance, { state: 'running' });
    await recoverDevices(context, instance, found);
    keeper.follow(id, found);
    return;
  }
  dropBrokenOff(context, id);
  if (state === 'stopping') {
    await keeper.takeDown(id);
    context.registry.transact(() => keeper.putStopped(id));
    return;
  }
  try {
    await keeper.handleEnd(id, found);
  } catch (thrown) {
    context.log.error({ err: thrown, instance: id }, 'an instance could not be started again');
  }
}

async function restart(
  { log, timeouts }: DriverContext,
  keeper: MachineKeeper,
  instance: Instance,
): Promise<void> {
  try {
    await keeper.takeDown(instance.id);
    await keeper.restart(instance, { signal: deadlineSignal(timeouts.startMs) });
  } catch (thrown) {
    log.error({ err: thrown, instance: instance.id }, 'an instance could not be started again');
  }
}

/** Of an instance without a machine: what was being plugged is undone, what was going is gone. */
function dropBrokenOff({ registry }: DriverContext, id: Instance['id']): void {
  for (const device of registry.devices(id)) {
    const { phase } = device;
    if (phase === 'reserved' || phase === 'releasing') registry.deleteDevice(device);
  }
}

async function recoverDevices(
  context: DriverContext,
  { id }: Instance,
  machine: Machine,
): Promise<void> {
  const { registry, devices, log } = context;
  for (const held of registry.heldSlots(id)) {
    try {
      const scope = { signal: deadlineSignal(context.timeouts.rollBackMs) };
      // What was between the row and the device: unless the volume is elsewhere already.
      if (registry.attachment(held.volume) === undefined) {
        await devices.replace(held.volume, standInOf(held), scope);
      } else await devices.open(standInOf(held), scope);
    } catch (thrown) {
      log.error({ err: thrown, slot: held.slot }, 'a slot that a guest holds is not served');
    }
  }
  for (const device of registry.devices(id)) {
    const isBrokenOff = device.phase === 'reserved' || device.phase === 'releasing';
    try {
      if (isBrokenOff) await takeOut(context, machine, device);
      // Cards and slots that are there already are left as they are.
      else await devices.open(device, { signal: deadlineSignal(context.timeouts.rollBackMs) });
    } catch (thrown) {
      const { message } = ArgonError.from(thrown);
      log.error({ err: thrown, device: deviceId(device) }, `a device is not served: ${message}`);
    }
  }
}

// Both an attachment and a detachment that broke off end without the device, unless the guest holds
// it: then the device stays, and belongs to the machine.
async function takeOut(
  { registry, devices, timeouts }: DriverContext,
  machine: Machine,
  device: DeviceAttachment,
): Promise<void> {
  const scope = { signal: deadlineSignal(timeouts.rollBackMs) };
  await devices.open(device, scope); // A driver that lets go has requests to be answered.
  const outcome = await machine.unplug(device, { ...scope, timeoutMs: timeouts.unplugMs });
  if (outcome === 'busy') {
    const phase = device.phase === 'reserved' ? 'plugged' : 'busy';
    registry.putDevice({ ...device, phase });
    return;
  }
  await devices.close(device, scope);
  registry.deleteDevice(device);
}
