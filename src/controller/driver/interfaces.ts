// SPDX-License-Identifier: Apache-2.0

// Network interfaces plugged into instances and taken out again, as attachments.ts does it with
// volumes.

import type { Cancellable } from '../../base/deadline.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { InterfaceAttachment } from '../model.ts';
import { decideDetachInterface, decideInterface, requireFound } from './decide.ts';
import type { DriverContext } from './host.ts';
import type { NetworkDriver, NetworkView } from './networks.ts';
import type { Commit } from './operations.ts';
import { forgetReleased, plugDevice, releaseDevice, withFreeSlot } from './plugging.ts';
import { reclaim } from './reclaim.ts';
import type { MutationOptions } from './volumes.ts';

export interface AttachInterfaceRequest extends MutationOptions {
  readonly interface: string;
  readonly instance: InstanceId;
}

export interface DetachInterfaceRequest extends MutationOptions {
  readonly interface: string;
  /** No frame passes from now on, and the interface is free, whatever the guest does. */
  readonly isForced: boolean;
}

type View = NetworkView<'interface'>;

export class InterfaceDriver {
  readonly #context: DriverContext;
  readonly #records: NetworkDriver<'interface'>;

  constructor(context: DriverContext, records: NetworkDriver<'interface'>) {
    this.#context = context;
    this.#records = records;
  }

  async attach(request: AttachInterfaceRequest, scope: Cancellable): Promise<View> {
    const { operations, queues } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const { interface: id } = request;
    await queues.run([request.instance], scope, async () =>
      reclaim(this.#context, request.instance, scope),
    );
    return operations.run<InterfaceAttachment, View>(
      {
        method: 'interfaces.attach',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [id, request.instance],
        decide: () => this.#decideAttach(request),
        preview: (attachment) => ({ ...this.#records.get(id), attachment }),
        target: () => id,
        perform: async (attachment, commit) => {
          if (attachment.phase === 'plugged') this.#record(attachment, commit);
          else {
            const method = 'interfaces.attach';
            await plugDevice(this.#context, attachment, { method, commit, ...scope });
          }
          return this.#records.get(id);
        },
        recall: () => this.#records.get(id),
      },
      scope,
    );
  }

  async detach(request: DetachInterfaceRequest, scope: Cancellable): Promise<View> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const { interface: id } = request;
    const instance = registry.networks.attachment(id)?.instance;
    return operations.run<ReturnType<typeof decideDetachInterface>, View>(
      {
        method: 'interfaces.detach',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [id, ...(instance === undefined ? [] : [instance])],
        decide: () => this.#decideDetach(id, instance),
        preview: () => this.#records.get(id),
        target: () => id,
        perform: async ({ attachment, isRunning }, commit) => {
          if (isRunning) await this.#unplug(attachment, request, commit, scope);
          else {
            commit(() => {
              registry.deleteDevice(attachment);
            });
          }
          return this.#records.get(id);
        },
        recall: () => this.#records.get(id),
      },
      scope,
    );
  }

  #decideAttach({ interface: id, instance }: AttachInterfaceRequest): InterfaceAttachment {
    const { registry, machines } = this.#context;
    return decideInterface(
      {
        record: this.#records.get(id).record,
        current: registry.networks.attachment(id),
        instance: requireFound(registry.instance(instance), `instance ${instance}`),
        attachments: registry.devices(),
        held: registry.held(instance),
        usedSlots: registry.usedSlots(),
        slotCount: machines.slotCount,
      },
      Date.now(),
    );
  }

  #decideDetach(
    id: string,
    expected: InstanceId | undefined,
  ): ReturnType<typeof decideDetachInterface> {
    const { registry } = this.#context;
    const { record } = this.#records.get(id);
    const current = registry.networks.attachment(id);
    const instance = current && registry.instance(current.instance);
    return decideDetachInterface(record.id, { current, expected, instance });
  }

  #record(attachment: InterfaceAttachment, commit: Commit): void {
    const { registry } = this.#context;
    commit(() => {
      registry.putDevice(withFreeSlot(registry, attachment));
    });
  }

  async #unplug(
    attachment: InterfaceAttachment,
    { isForced }: DetachInterfaceRequest,
    commit: Commit,
    { signal }: Cancellable,
  ): Promise<void> {
    const { registry, devices, timeouts } = this.#context;
    const method = 'interfaces.detach';
    const outcome = await releaseDevice(this.#context, attachment, {
      method,
      signal,
      timeoutMs: isForced ? timeouts.forcedUnplugMs : timeouts.unplugMs,
      // QEMU's device stays if the guest keeps it, without a card behind it: it says to the guest
      // that there is no link.
      ...(isForced ? { prepare: async () => devices.close(attachment, { signal }) } : {}),
    });
    if (outcome === 'removed') {
      await forgetReleased(this.#context, attachment, { method, commit });
    } else if (isForced) {
      // As is published of an instance that has failed: the interface is free, its place is not.
      const { interface: id, instance, pciSlot, slot } = attachment;
      commit(() => {
        registry.deleteDevice(attachment);
        const held = { interface: id, instance, pciSlot, slot, holdTimeMs: Date.now() };
        registry.networks.holdInterface(held);
      });
    } else registry.putDevice({ ...attachment, phase: 'busy' });
  }
}
