// SPDX-License-Identifier: Apache-2.0

// Volumes plugged into instances and taken out again. To a stopped instance that is a row; to a
// running one it is what plugging.ts does.

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import { createVolumeId, type VolumeId } from '../../base/volume-id.ts';
import type { Attachment, HeldSlot } from '../model.ts';
import { decideAttach, decideDetach, requireFound, standInOf } from './decide.ts';
import type { DriverContext } from './host.ts';
import type { Commit } from './operations.ts';
import { forgetReleased, plugDevice, releaseDevice, withFreeSlot } from './plugging.ts';
import { reclaim } from './reclaim.ts';
import { type MutationOptions, type VolumeView, volumeView } from './volumes.ts';

export interface AttachVolumeRequest extends MutationOptions {
  readonly volume: VolumeId;
  readonly instance: InstanceId;
  readonly isReadOnly: boolean;
}

export interface DetachVolumeRequest extends MutationOptions {
  readonly volume: VolumeId;
  /** The guest's requests fail from now on, and the volume is taken away whatever it does. */
  readonly isForced: boolean;
}

export class AttachmentDriver {
  readonly #context: DriverContext;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  async attach(request: AttachVolumeRequest, scope: Cancellable): Promise<VolumeView> {
    const { registry, operations, queues } = this.#context;
    await queues.run([request.instance], scope, async () =>
      reclaim(this.#context, request.instance, scope),
    );
    const { requestId, isValidateOnly, ...asked } = request;
    return operations.run<Attachment, VolumeView>(
      {
        method: 'volumes.attach',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [request.volume, request.instance],
        decide: () => this.#decideAttach(request),
        preview: (attachment) => ({ ...volumeView(registry, request.volume), attachment }),
        target: ({ volume }) => volume,
        perform: async (attachment, commit) => {
          if (attachment.phase === 'plugged') return this.#record(attachment, commit);
          const method = 'volumes.attach';
          await plugDevice(this.#context, attachment, { method, commit, ...scope });
          return volumeView(registry, attachment.volume);
        },
        recall: () => volumeView(registry, request.volume),
      },
      scope,
    );
  }

  async detach(request: DetachVolumeRequest, scope: Cancellable): Promise<VolumeView> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const instance = registry.attachment(request.volume)?.instance;
    return operations.run<ReturnType<typeof decideDetach>, VolumeView>(
      {
        method: 'volumes.detach',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [request.volume, ...(instance === undefined ? [] : [instance])],
        decide: () => this.#decideDetach(request.volume, instance),
        preview: () => volumeView(registry, request.volume),
        target: () => request.volume,
        perform: async ({ attachment, isRunning }, commit) =>
          isRunning
            ? this.#unplug(attachment, request, commit, scope)
            : this.#forget(attachment, commit),
        recall: () => volumeView(registry, request.volume),
      },
      scope,
    );
  }

  #decideAttach({ volume, instance, isReadOnly }: AttachVolumeRequest): Attachment {
    const { registry, machines } = this.#context;
    return decideAttach(
      {
        volume: requireFound(registry.volume(volume), `volume ${volume}`),
        current: registry.attachment(volume),
        instance: requireFound(registry.instance(instance), `instance ${instance}`),
        attachments: registry.devices(),
        held: registry.held(instance),
        usedSlots: registry.usedSlots(),
        slotCount: machines.slotCount,
      },
      { isReadOnly, nowMs: Date.now() },
    );
  }

  #decideDetach(
    volume: VolumeId,
    expected: InstanceId | undefined,
  ): ReturnType<typeof decideDetach> {
    const { registry } = this.#context;
    const current = registry.attachment(volume);
    if (current?.instance !== expected) {
      // While this request waited the volume went elsewhere, whose queue it is not in.
      throw new ArgonError('aborted', `volume ${volume} was moved meanwhile`, {
        hint: 'ask again',
      });
    }
    const found = requireFound(registry.volume(volume), `volume ${volume}`);
    return decideDetach(found, current, current && registry.instance(current.instance));
  }

  #record(attachment: Attachment, commit: Commit): VolumeView {
    const { registry } = this.#context;
    commit(() => {
      registry.putAttachment(withFreeSlot(registry, attachment));
    });
    return volumeView(registry, attachment.volume);
  }

  #forget(attachment: Attachment, commit: Commit): VolumeView {
    const { registry } = this.#context;
    commit(() => {
      registry.deleteAttachment(attachment.volume);
    });
    return volumeView(registry, attachment.volume);
  }

  async #unplug(
    attachment: Attachment,
    { isForced }: DetachVolumeRequest,
    commit: Commit,
    { signal }: Cancellable,
  ): Promise<VolumeView> {
    const { registry, devices, step, timeouts } = this.#context;
    const { volume } = attachment;
    const method = 'volumes.detach';
    const outcome = await releaseDevice(this.#context, attachment, {
      method,
      signal,
      timeoutMs: isForced ? timeouts.forcedUnplugMs : timeouts.unplugMs,
      ...(isForced ? { prepare: async () => devices.failRequests(volume, { signal }) } : {}),
    });
    if (outcome === 'removed') {
      await forgetReleased(this.#context, attachment, { method, commit });
      return volumeView(registry, volume);
    }
    if (!isForced) {
      registry.putAttachment({ ...attachment, phase: 'busy' });
      return volumeView(registry, volume);
    }
    const held = this.#heldSlotOf(attachment);
    commit(() => {
      registry.deleteAttachment(volume);
      registry.holdSlot(held);
    });
    await step('volumes.detach: held');
    // Nobody else has the volume before this is done: its queue is ours.
    const closing = { signal: deadlineSignal(timeouts.rollBackMs) };
    await devices.replace(volume, standInOf(held), closing);
    return volumeView(registry, volume);
  }

  #heldSlotOf({ volume, instance, pciSlot, slot, isReadOnly }: Attachment): HeldSlot {
    const { sizeBytes, cipher } = requireFound(
      this.#context.registry.volume(volume),
      `volume ${volume}`,
    );
    const hasMap = cipher !== 'none';
    const standIn = createVolumeId();
    const size = BigInt(sizeBytes);
    return { volume, instance, pciSlot, slot, isReadOnly, standIn, sizeBytes: size, hasMap };
  }
}
