// SPDX-License-Identifier: Apache-2.0

// What may be done, from what is known. No effects: each function returns the rows that a mutation
// is to write, or throws what the caller is told.

import { createHash } from 'node:crypto';

import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { NetworkInterface } from '../../network/model/records.ts';
import {
  type Attachment,
  type Condition,
  type DeviceAttachment,
  deviceId,
  type HeldInterface,
  type HeldSlot,
  type Instance,
  type InterfaceAttachment,
  type PluggedDevice,
  type Volume,
} from '../model.ts';

interface Revised {
  readonly id: string;
  readonly revision: number;
}

/** Changes with every change of a resource: 16 hex digits. */
export function etagOf(resource: Revised, attachments: readonly DeviceAttachment[]): string {
  const state = JSON.stringify([
    resource.id,
    resource.revision,
    attachments.map((device) => [
      deviceId(device),
      device.instance,
      device.phase,
      device.hasDriver,
    ]),
  ]);
  return createHash('sha256').update(state).digest('hex').slice(0, 16);
}

/** @throws ArgonError aborted if the caller's etag is of an older state. */
export function checkEtag(given: string, current: string, what: string): void {
  if (given === '' || given === current) return;
  throw new ArgonError('aborted', `${what} has changed since it was read`, {
    hint: 'read it again and decide again',
  });
}

/** @throws ArgonError not-found. */
export function requireFound<Resource>(found: Resource | undefined, what: string): Resource {
  if (found !== undefined) return found;
  throw new ArgonError('not-found', `${what} does not exist`, {
    hint: 'argon ls shows what there is',
  });
}

/** @throws ArgonError failed-precondition unless the volume is whole and nothing is done to it. */
export function requireAvailable(volume: Volume): void {
  if (volume.phase === 'available') return;
  const hint = volume.conditions[0]?.message;
  throw new ArgonError(
    'failed-precondition',
    `volume ${volume.id} is ${volume.phase === 'error' ? 'damaged' : volume.phase}`,
    hint === undefined ? {} : { hint },
  );
}

/** @throws ArgonError failed-precondition. */
export function requireDetached(volume: VolumeId, attachment: Attachment | undefined): void {
  if (attachment === undefined) return;
  throw new ArgonError(
    'failed-precondition',
    `volume ${volume} is attached to instance ${attachment.instance}`,
    { hint: attachment.isBoot ? 'delete the instance first' : 'detach it first' },
  );
}

/** @throws ArgonError failed-precondition while something is being done to the instance. */
export function requireSettled(instance: Instance): void {
  const { state } = instance;
  if (state === 'stopped' || state === 'running' || state === 'error') return;
  throw new ArgonError('failed-precondition', `instance ${instance.id} is ${instance.state}`, {
    hint: 'wait until it is done',
  });
}

export interface AttachRequest {
  readonly isReadOnly: boolean;
  readonly nowMs: number;
}

/** A slot of a machine whose device was taken by force, and what that was. */
type Held = Pick<HeldSlot, 'pciSlot' | 'volume'> | Pick<HeldInterface, 'pciSlot' | 'interface'>;

/** What is known of an instance that decides on an attachment. */
interface SlotFacts {
  readonly instance: Instance;
  /** All there are, of every instance. */
  readonly attachments: readonly DeviceAttachment[];
  /** What the instance's machine holds of what was taken by force. */
  readonly held: readonly Held[];
  /** Slots of the backplane that are not free. */
  readonly usedSlots: readonly number[];
  /** How many devices a machine has slots for. */
  readonly slotCount: number;
}

export interface AttachFacts extends SlotFacts {
  readonly volume: Volume;
  readonly current: Attachment | undefined;
}

export interface InterfaceFacts extends SlotFacts {
  readonly record: Pick<NetworkInterface, 'id' | 'macAddress'>;
  readonly current: InterfaceAttachment | undefined;
}

/**
 * The attachment to make, with slots of its own. A running machine gets it plugged; that of a
 * stopped one is in its plan at once.
 * @throws ArgonError failed-precondition, or resource-exhausted before anything is taken (G13).
 */
export function decideAttach(facts: AttachFacts, request: AttachRequest): Attachment {
  const { volume, current, instance, held } = facts;
  requireAvailable(volume);
  requireDetached(volume.id, current);
  requireSettled(instance);
  requireLetGo(volume.id, instance, held);
  return {
    volume: volume.id,
    ...decidePlace(facts, request.nowMs),
    isReadOnly: request.isReadOnly,
    isBoot: false,
  };
}

/**
 * As decideAttach(), of an interface.
 * @throws ArgonError failed-precondition or resource-exhausted.
 */
export function decideInterface(facts: InterfaceFacts, nowMs: number): InterfaceAttachment {
  const { record, current, instance } = facts;
  requireUnattached(record.id, current);
  requireSettled(instance);
  requireLetGo(record.id, instance, facts.held);
  const { id, macAddress } = record;
  return { interface: id, macAddress, ...decidePlace(facts, nowMs) };
}

/** @throws ArgonError failed-precondition while an interface is attached. */
export function requireUnattached(id: string, current: InterfaceAttachment | undefined): void {
  if (current === undefined) return;
  const where = `interface ${id} is attached to instance ${current.instance}`;
  throw new ArgonError('failed-precondition', where, { hint: 'detach it first' });
}

/** @throws ArgonError failed-precondition if there is nothing to take out, aborted if it moved. */
export function decideDetachInterface(
  id: string,
  facts: {
    readonly current: InterfaceAttachment | undefined;
    /** Where it was when the request began to wait. */
    readonly expected: InstanceId | undefined;
    readonly instance: Instance | undefined;
  },
): { readonly attachment: InterfaceAttachment; readonly isRunning: boolean } {
  const { current, expected, instance } = facts;
  if (current?.instance !== expected) {
    const hint = 'ask again';
    throw new ArgonError('aborted', `interface ${id} was moved meanwhile`, { hint });
  }
  if (current === undefined || instance === undefined) {
    throw new ArgonError('failed-precondition', `interface ${id} is not attached`);
  }
  requireSettled(instance);
  return { attachment: current, isRunning: instance.state === 'running' };
}

function decidePlace(
  { instance, attachments, held, usedSlots, slotCount }: SlotFacts,
  nowMs: number,
): PluggedDevice {
  const own = attachments.filter((attachment) => attachment.instance === instance.id);
  const pciSlot = lowestFree([...own, ...held].map((taken) => taken.pciSlot));
  if (pciSlot >= slotCount) {
    throw new ArgonError(
      'resource-exhausted',
      `instance ${instance.id} has a device in each of its ${slotCount} slots`,
      { hint: 'detach a volume or an interface first' },
    );
  }
  return {
    instance: instance.id,
    pciSlot,
    slot: lowestFree(usedSlots),
    phase: instance.state === 'running' ? 'reserved' : 'plugged',
    hasDriver: false,
    attachTimeMs: nowMs,
  };
}

// QEMU still has a device of that name.
function requireLetGo(device: string, { id }: Instance, held: readonly Held[]): void {
  if (!held.some((one) => ('volume' in one ? one.volume : one.interface) === device)) return;
  throw new ArgonError('failed-precondition', `the guest of ${id} still holds what ${device} was`, {
    hint: 'reset the instance first, or attach it to another one',
  });
}

/** The device that serves a held slot, as if it were a volume's. */
export function standInOf(held: HeldSlot): Attachment {
  const { instance, pciSlot, slot, standIn, sizeBytes, isReadOnly, hasMap } = held;
  return {
    volume: standIn,
    instance,
    pciSlot,
    slot,
    phase: 'busy',
    hasDriver: true,
    isReadOnly,
    isBoot: false,
    attachTimeMs: 0,
    standIn: { sizeBytes, hasMap },
  };
}

/** What QEMU has in a held slot, as if it were attached still. */
export function heldAttachment({
  holdTimeMs: _since,
  ...held
}: HeldInterface): InterfaceAttachment {
  return { ...held, phase: 'busy', hasDriver: false, attachTimeMs: 0, macAddress: '' };
}

/** @throws ArgonError failed-precondition if there is nothing to take out, or it is booted from. */
export function decideDetach(
  volume: Volume,
  current: Attachment | undefined,
  instance: Instance | undefined,
): { readonly attachment: Attachment; readonly isRunning: boolean } {
  if (current === undefined || instance === undefined) {
    throw new ArgonError('failed-precondition', `volume ${volume.id} is not attached`);
  }
  if (current.isBoot) {
    throw new ArgonError(
      'failed-precondition',
      `instance ${current.instance} boots from volume ${volume.id}`,
      { hint: 'a boot volume is free when its instance is deleted' },
    );
  }
  requireSettled(instance);
  return { attachment: current, isRunning: instance.state === 'running' };
}

/** Slots are ours to give; QEMU is never asked which are free (G12). */
export function lowestFree(taken: readonly number[]): number {
  const used = new Set(taken);
  let slot = 0;
  while (used.has(slot)) slot += 1;
  return slot;
}

/** A condition in place of those of its type. */
export function withCondition(
  conditions: readonly Condition[],
  condition: Condition,
): readonly Condition[] {
  return [...conditions.filter(({ type }) => type !== condition.type), condition];
}

export interface EndFacts {
  readonly reason: string | undefined;
  readonly hasPanicked: boolean;
  readonly how: string;
}

/**
 * What becomes of an instance whose machine ended without being asked to: a guest that powered off
 * is stopped, one that reset starts again, everything else is an error with a condition.
 */
export function decideEnd({
  reason,
  hasPanicked,
  how,
}: EndFacts):
  | { readonly kind: 'stopped' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'error'; readonly conditionReason: string; readonly message: string } {
  if (hasPanicked) {
    const message = 'The guest panicked; its console has the report.';
    return { kind: 'error', conditionReason: 'GuestPanicked', message };
  }
  if (reason === 'guest-shutdown' || reason === 'host-qmp-quit') return { kind: 'stopped' };
  if (reason === 'guest-reset' || reason === 'host-qmp-system-reset') return { kind: 'restart' };
  return { kind: 'error', conditionReason: 'MachineEnded', message: `The machine ended: ${how}.` };
}
