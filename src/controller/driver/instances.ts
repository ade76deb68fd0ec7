// SPDX-License-Identifier: Apache-2.0

// Instances: made, started, stopped, reset, deleted, and followed when their guests end by
// themselves.
//
//   stopped ──start──▶ starting ──CPUs run──▶ running ──stop──▶ stopping ──machine gone──▶ stopped
//      ▲                   └── failed ──▶ as before    ├── the guest powers off ──▶ stopped
//      │                                              ├── it resets ──▶ a new machine, running
//      └──────────────── start ◀── error ◀────────────┴── panic, crash

import { type Bytes, parseBytes } from '../../base/byte-size.ts';
import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { createInstanceId, type InstanceId } from '../../base/instance-id.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LimitSet } from '../../native/addons.ts';
import { volumeUnitBytes } from '../../volume/volume-record.ts';
import {
  type Attachment,
  type BootImage,
  deviceId,
  type Instance,
  type MetadataSettings,
  type NetworkAllowance,
  noLimits,
  type PublicKey,
  type Tag,
  type Volume,
} from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import {
  checkEtag,
  etagOf,
  lowestFree,
  requireAvailable,
  requireDetached,
  requireFound,
  requireSettled,
} from './decide.ts';
import type { DriverContext } from './host.ts';
import type { MachineKeeper } from './machine-keeper.ts';
import { checkMetadata } from './metadata-checks.ts';
import type { Commit } from './operations.ts';
import { formatPage, type ListAnswer, type ListRequest, parsePage } from './page-token.ts';
import { type MutationOptions, newVolume } from './volumes.ts';

/** An instance as callers see it. */
export interface InstanceView {
  readonly instance: Instance;
  readonly attachments: readonly Attachment[];
  readonly etag: string;
}

export interface CreateInstanceRequest extends MutationOptions {
  readonly displayName: string;
  readonly image: BootImage;
  readonly bootVolume: VolumeId | undefined;
  readonly cpuCount: number;
  readonly memoryBytes: Bytes;
  readonly limits: LimitSet;
  readonly userData: Uint8Array;
  readonly publicKeys: readonly PublicKey[];
  readonly tags: readonly Tag[];
  readonly metadata: MetadataSettings;
  readonly networkAllowance: NetworkAllowance;
}

export interface UpdateInstanceRequest extends MutationOptions {
  readonly id: InstanceId;
  /** What is not there stays. */
  readonly changes: Partial<
    Pick<Instance, 'displayName' | 'limits' | 'tags' | 'metadata' | 'networkAllowance'>
  >;
  readonly etag: string;
}

export interface InstanceRequest extends MutationOptions {
  readonly id: InstanceId;
}

export interface StopInstanceRequest extends InstanceRequest {
  /** How long the guest has to power off; 0: as long as usual. */
  readonly timeoutMs: number;
  /** Cuts its power at once. */
  readonly isForced: boolean;
}

export interface DeleteInstanceRequest extends InstanceRequest {
  readonly etag: string;
  readonly isMissingAllowed: boolean;
}

// QEMU ends within milliseconds of a reset; then its power is cut.
// What a network card has of an instance.
const networkFields = ['tags', 'metadata', 'networkAllowance'] as const;

const resetTimeoutMs = 10_000;

export class InstanceDriver {
  readonly #context: DriverContext;
  readonly #keeper: MachineKeeper;
  readonly #onNetwork: () => Promise<void>;
  /** Ends the wait of a stop that is under way, for one that is forced. */
  readonly #hurry = new Map<InstanceId, AbortController>();

  /** `onNetwork`: what a guest may be told, or send, has changed. */
  constructor(context: DriverContext, keeper: MachineKeeper, onNetwork: () => Promise<void>) {
    this.#context = context;
    this.#keeper = keeper;
    this.#onNetwork = onNetwork;
  }

  /** @throws ArgonError not-found. */
  get(id: InstanceId): InstanceView {
    const { registry } = this.#context;
    return viewOf(registry, requireFound(registry.instance(id), `instance ${id}`));
  }

  list(request: ListRequest): ListAnswer<InstanceView> {
    const { registry } = this.#context;
    const page = registry.instances(parsePage('instances', request));
    return formatPage('instances', page, (instance) => viewOf(registry, instance));
  }

  async create(request: CreateInstanceRequest, scope: Cancellable): Promise<InstanceView> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const { displayName, bootVolume } = request;
    return operations.run<Instance, InstanceView>(
      {
        method: 'instances.create',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [
          ...(displayName === '' ? [] : [`instance-name/${displayName}`]),
          ...(bootVolume === undefined ? [] : [bootVolume]),
        ],
        decide: () => decideCreate(registry, request),
        preview: (instance) => ({ instance, attachments: [], etag: etagOf(instance, []) }),
        target: ({ id }) => id,
        perform: async (instance, commit) => this.#create(instance, commit, scope),
        recall: (target) => this.#recall(target),
      },
      scope,
    );
  }

  async #create(decided: Instance, commit: Commit, scope: Cancellable): Promise<InstanceView> {
    const { registry } = this.#context;
    const isMade = decided.image === 'debian' && decided.bootVolume === undefined;
    const made = isMade ? await this.#makeBootVolume(scope) : undefined;
    const bootVolume = made?.id ?? decided.bootVolume;
    const instance = { ...decided, bootVolume };
    commit(() => {
      if (made !== undefined) registry.putVolume(made);
      registry.putInstance(instance);
      if (bootVolume !== undefined) {
        registry.putAttachment(bootAttachment(registry, instance, bootVolume));
      }
    });
    return this.get(instance.id);
  }

  // Until the instance has it, it is a volume that is being made, and goes if that breaks off.
  async #makeBootVolume(scope: Cancellable): Promise<Volume> {
    const { registry, volumes, images, step } = this.#context;
    const image = await images.findDebian();
    const volume = newVolume({
      displayName: '',
      sizeBytes: parseBytes(Math.ceil(image.sizeBytes / volumeUnitBytes) * volumeUnitBytes),
      cipher: 'aes-256-xts',
      limits: noLimits,
      source: image.name,
    });
    const { id, sizeBytes, cipher, source } = volume;
    registry.putVolume({ ...volume, phase: 'creating' });
    await step('instances.create: volume recorded');
    try {
      const record = await volumes.create({ id, sizeBytes, cipher, source });
      await step('instances.create: volume made');
      await images.write(record, image, scope);
    } catch (thrown) {
      await volumes.delete(id).catch(() => {}); // It may not have come that far.
      registry.deleteVolume(id);
      throw thrown;
    }
    await step('instances.create: volume filled');
    return volume;
  }

  async update(request: UpdateInstanceRequest, scope: Cancellable): Promise<InstanceView> {
    const { registry, operations, devices } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const { id, changes } = request;
    return operations.run<Instance, InstanceView>(
      {
        method: 'instances.update',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [id, `instance-name/${changes.displayName ?? ''}`],
        decide: () => this.#decideUpdate(request),
        preview: (instance) => ({ ...this.get(id), instance }),
        target: () => id,
        perform: async (instance, commit) => {
          commit(() => {
            registry.putInstance(instance);
          });
          if (networkFields.some((field) => changes[field] !== undefined)) await this.#onNetwork();
          if (changes.limits !== undefined) {
            await devices.setLimits({ scope: 'guest', name: id, limits: changes.limits }, scope);
          }
          return this.get(id);
        },
        recall: () => this.get(id),
      },
      scope,
    );
  }

  async delete(request: DeleteInstanceRequest, scope: Cancellable): Promise<void> {
    const { registry, operations, machines, step } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    const { id } = request;
    return operations.run<Instance | undefined, void>(
      {
        method: 'instances.delete',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [id, ...registry.devices(id).map(deviceId)],
        decide: () => this.#decideDelete(request),
        preview: () => {},
        target: () => id,
        perform: async (_instance, commit) => {
          commit(() => {
            registry.deleteInstance(id);
          });
          await step('instances.delete: recorded');
          await machines.erase(id);
        },
        recall: () => {},
      },
      scope,
    );
  }

  /** Returns when the guest's CPUs run. One that runs already is left as it is. */
  async start(request: InstanceRequest, scope: Cancellable): Promise<InstanceView> {
    return this.#act('instances.start', request, scope, async (instance, commit) => {
      if (instance.state === 'running') commit(() => {});
      else await this.#keeper.start(instance, commit, scope);
    });
  }

  /** Returns when the machine is gone. One that is stopped already is left as it is. */
  async stop(request: StopInstanceRequest, scope: Cancellable): Promise<InstanceView> {
    if (request.isForced) this.hurry(request.id);
    return this.#act('instances.stop', request, scope, async (instance, commit) => {
      if (instance.state === 'running') await this.#stop(instance, request, commit);
      else commit(() => {});
    });
  }

  /** Resets the machine: QEMU ends, and a new one starts with the same devices. */
  async reset(request: InstanceRequest, scope: Cancellable): Promise<InstanceView> {
    const { running, step, timeouts } = this.#context;
    return this.#act('instances.reset', request, scope, async (instance, commit) => {
      const machine = running.get(instance.id);
      if (instance.state !== 'running' || machine === undefined) {
        throw new ArgonError('failed-precondition', `instance ${instance.id} does not run`);
      }
      running.delete(instance.id); // Its end is ours to handle.
      this.#keeper.put(instance, { state: 'restarting' });
      try {
        await step('instances.reset: recorded');
        const signal = deadlineSignal(resetTimeoutMs);
        await machine.reset({ signal });
        await abortable(machine.ended, 'waiting for the machine to reset', { signal });
      } catch {
        await machine.cut();
      }
      await step('instances.reset: machine gone');
      await this.#keeper.restart(instance, { signal: deadlineSignal(timeouts.startMs) });
      commit(() => {});
    });
  }

  /** Ends the wait for a guest that is powering off: its power is cut. */
  hurry(id: InstanceId): void {
    this.#hurry.get(id)?.abort();
  }

  /** Stops an instance when nothing else is done any more. */
  async stopForShutDown(
    id: InstanceId,
    options: Pick<StopInstanceRequest, 'timeoutMs' | 'isForced'>,
  ): Promise<void> {
    const { queues, registry } = this.#context;
    const never = new AbortController();
    await queues.run([id], { signal: never.signal }, async () => {
      const instance = registry.instance(id);
      if (instance?.state !== 'running') return;
      await this.#stop(instance, options, (write) => {
        registry.transact(write);
      });
    });
  }

  async #act(
    method: string,
    request: InstanceRequest,
    scope: Cancellable,
    perform: (instance: Instance, commit: Commit) => Promise<void>,
  ): Promise<InstanceView> {
    const { requestId, isValidateOnly, ...asked } = request;
    const { id } = request;
    return this.#context.operations.run<Instance, InstanceView>(
      {
        method,
        requestId,
        isValidateOnly,
        request: asked,
        resources: [id],
        decide: () => {
          const { instance } = this.get(id);
          requireSettled(instance);
          return instance;
        },
        preview: () => this.get(id),
        target: () => id,
        perform: async (instance, commit) => {
          await perform(instance, commit);
          return this.get(id);
        },
        recall: () => this.get(id),
      },
      scope,
    );
  }

  async #stop(
    instance: Instance,
    { isForced, timeoutMs }: Pick<StopInstanceRequest, 'timeoutMs' | 'isForced'>,
    commit: Commit,
  ): Promise<void> {
    const { running, step, timeouts } = this.#context;
    const { id } = instance;
    const machine = running.get(id);
    running.delete(id); // Its end is ours to handle.
    this.#keeper.put(instance, { state: 'stopping' });
    await step('instances.stop: recorded');
    const hurry = new AbortController();
    this.#hurry.set(id, hurry);
    try {
      if (machine !== undefined && !isForced) {
        // A caller who goes away does not cut the guest's power.
        const signal = deadlineSignal(timeoutMs || timeouts.powerOffMs, hurry.signal);
        await machine.powerDown({ signal });
        await abortable(machine.ended, 'waiting for the guest to power off', { signal });
      }
    } catch {
      // It did not, and its power is cut.
    } finally {
      this.#hurry.delete(id);
    }
    await machine?.cut();
    await step('instances.stop: machine gone');
    await this.#keeper.takeDown(id);
    commit(() => {
      this.#keeper.putStopped(id);
    });
  }

  #recall(target: string): InstanceView {
    const { registry } = this.#context;
    const found = registry.instances().items.find(({ id }) => id === target);
    return viewOf(registry, requireFound(found, `instance ${target}, which this request made,`));
  }

  #decideUpdate({ id, changes, etag }: UpdateInstanceRequest): Instance {
    const { registry } = this.#context;
    const view = this.get(id);
    const { instance } = view;
    checkEtag(etag, view.etag, `instance ${id}`);
    if (changes.displayName !== undefined && changes.displayName !== instance.displayName) {
      requireFreeName(registry, changes.displayName);
    }
    const changed = { ...instance, ...changes, revision: instance.revision + 1 };
    checkMetadata(changed);
    return changed;
  }

  #decideDelete({ id, etag, isMissingAllowed }: DeleteInstanceRequest): Instance | undefined {
    const found = this.#context.registry.instance(id);
    if (found === undefined && isMissingAllowed) return undefined;
    const view = this.get(id);
    checkEtag(etag, view.etag, `instance ${id}`);
    if (view.instance.state === 'stopped' || view.instance.state === 'error') return view.instance;
    throw new ArgonError('failed-precondition', `instance ${id} is ${view.instance.state}`, {
      hint: 'stop it first',
    });
  }
}

function viewOf(registry: Registry, instance: Instance): InstanceView {
  const attachments = registry.attachments(instance.id);
  return { instance, attachments, etag: etagOf(instance, attachments) };
}

function decideCreate(registry: Registry, request: CreateInstanceRequest): Instance {
  const { displayName, image, bootVolume, cpuCount, memoryBytes, limits } = request;
  const { userData, publicKeys, tags, metadata, networkAllowance } = request;
  requireFreeName(registry, displayName);
  checkMetadata({ publicKeys, tags, metadata });
  if (bootVolume !== undefined) {
    const volume = requireFound(registry.volume(bootVolume), `volume ${bootVolume}`);
    requireAvailable(volume);
    requireDetached(bootVolume, registry.attachment(bootVolume));
  }
  if (bootVolume !== undefined && image !== 'none') {
    throw new ArgonError('invalid-argument', 'an instance boots an image or a volume, not both');
  }
  if (bootVolume === undefined && image === 'none') {
    throw new ArgonError('invalid-argument', 'the instance has nothing to boot', {
      hint: 'give it an image or a boot volume',
    });
  }
  return {
    id: createInstanceId(),
    displayName,
    image,
    bootVolume,
    cpuCount,
    memoryBytes,
    state: 'stopped',
    conditions: [],
    createTimeMs: Date.now(),
    startTimeMs: undefined,
    limits,
    accelerator: '',
    machine: undefined,
    userData,
    publicKeys,
    tags,
    metadata,
    networkAllowance,
    revision: 1,
  };
}

function bootAttachment(registry: Registry, instance: Instance, volume: VolumeId): Attachment {
  return {
    volume,
    instance: instance.id,
    pciSlot: 0,
    slot: lowestFree(registry.usedSlots()),
    phase: 'plugged',
    hasDriver: false,
    isReadOnly: false,
    isBoot: true,
    attachTimeMs: Date.now(),
  };
}

function requireFreeName(registry: Registry, displayName: string): void {
  if (displayName === '') return;
  const other = registry.instances().items.find((found) => found.displayName === displayName);
  if (other === undefined) return;
  throw new ArgonError('already-exists', `instance ${other.id} is called ${displayName} already`);
}
