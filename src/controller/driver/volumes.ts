// SPDX-License-Identifier: Apache-2.0

// Volumes: made, changed and deleted. Their files are the volume store's; what is being done to
// them is the registry's.

import type { Bytes } from '../../base/byte-size.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { createVolumeId, type VolumeId } from '../../base/volume-id.ts';
import type { LimitSet } from '../../native/addons.ts';
import { parseVolumeSize, type VolumeCipher } from '../../volume/volume-record.ts';
import { type Attachment, noLimits, type Volume } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import { checkEtag, etagOf, requireAvailable, requireDetached, requireFound } from './decide.ts';
import type { DriverContext } from './host.ts';
import type { Commit } from './operations.ts';
import { formatPage, type ListAnswer, type ListRequest, parsePage } from './page-token.ts';

/** A volume as callers see it. */
export interface VolumeView {
  readonly volume: Volume;
  readonly attachment: Attachment | undefined;
  readonly etag: string;
}

export interface MutationOptions {
  /** Empty: the caller will not ask again. */
  readonly requestId: string;
  readonly isValidateOnly: boolean;
}

export interface CreateVolumeRequest extends MutationOptions {
  readonly displayName: string;
  readonly sizeBytes: Bytes;
  readonly cipher: VolumeCipher;
  readonly limits: LimitSet;
}

export interface UpdateVolumeRequest extends MutationOptions {
  readonly id: VolumeId;
  /** What is not there stays. */
  readonly changes: {
    readonly displayName?: string;
    readonly sizeBytes?: Bytes;
    readonly limits?: LimitSet;
  };
  readonly etag: string;
}

export interface DeleteVolumeRequest extends MutationOptions {
  readonly id: VolumeId;
  readonly etag: string;
  readonly isMissingAllowed: boolean;
}

export function volumeView(registry: Registry, id: VolumeId): VolumeView {
  return viewOf(registry, requireFound(registry.volume(id), `volume ${id}`));
}

export class VolumeDriver {
  readonly #context: DriverContext;

  constructor(context: DriverContext) {
    this.#context = context;
  }

  /** @throws ArgonError not-found. */
  async get(id: VolumeId): Promise<VolumeView> {
    await this.notice(id);
    return volumeView(this.#context.registry, id);
  }

  async list(request: ListRequest): Promise<ListAnswer<VolumeView>> {
    const { registry } = this.#context;
    const page = parsePage('volumes', request);
    if (page.afterOrdinal === 0) await this.discover();
    return formatPage('volumes', registry.volumes(page), (volume) => viewOf(registry, volume));
  }

  async create(request: CreateVolumeRequest, scope: Cancellable): Promise<VolumeView> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    return operations.run<Volume, VolumeView>(
      {
        method: 'volumes.create',
        requestId,
        isValidateOnly,
        request: asked,
        resources: nameResources(asked.displayName),
        decide: () => decideCreate(registry, request),
        preview: (volume) => ({ volume, attachment: undefined, etag: etagOf(volume, []) }),
        target: ({ id }) => id,
        perform: async (volume, commit) => this.#create(volume, commit),
        recall: (target) => this.#recall(target),
      },
      scope,
    );
  }

  async update(request: UpdateVolumeRequest, scope: Cancellable): Promise<VolumeView> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    await this.notice(request.id);
    return operations.run<Volume, VolumeView>(
      {
        method: 'volumes.update',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [request.id, ...nameResources(asked.changes.displayName ?? '')],
        decide: () => decideUpdate(registry, request),
        preview: (volume) => ({ ...volumeView(registry, volume.id), volume }),
        target: ({ id }) => id,
        perform: async (volume, commit) => this.#update(volume, commit, scope),
        recall: (target) => this.#recall(target),
      },
      scope,
    );
  }

  async delete(request: DeleteVolumeRequest, scope: Cancellable): Promise<void> {
    const { registry, operations } = this.#context;
    const { requestId, isValidateOnly, ...asked } = request;
    await this.notice(request.id);
    return operations.run<Volume | undefined, void>(
      {
        method: 'volumes.delete',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [request.id],
        decide: () => decideDelete(registry, request),
        preview: () => {},
        target: () => request.id,
        perform: async (volume, commit) => {
          if (volume === undefined) commit(() => {});
          else await this.#delete(volume, commit);
        },
        recall: () => {},
      },
      scope,
    );
  }

  /** A volume that was made without the controller has a row from here on. */
  async notice(id: VolumeId): Promise<void> {
    if (this.#context.registry.volume(id) === undefined) await this.discover();
  }

  /** Volumes that were made without the controller get a row. */
  async discover(): Promise<void> {
    const { registry, volumes } = this.#context;
    const seen = await volumes.list();
    for (const { id } of seen.filter((record) => registry.volume(record.id) === undefined)) {
      // One that was deleted since has no row any more, and is to get none.
      const record = await volumes.get(id).catch(ignoreMissing);
      if (record === undefined || registry.volume(id) !== undefined) continue;
      registry.putVolume({
        id: record.id,
        displayName: '',
        sizeBytes: record.sizeBytes,
        cipher: record.cipher,
        source: record.source,
        phase: 'available',
        createTimeMs: Date.parse(record.createdAt) || 0,
        limits: noLimits,
        conditions: [],
        revision: 1,
      });
    }
  }

  #recall(target: string): VolumeView {
    const { registry } = this.#context;
    const found = registry.volumes().items.find(({ id }) => id === target);
    return viewOf(registry, requireFound(found, `volume ${target}, which this request made,`));
  }

  async #create(volume: Volume, commit: Commit): Promise<VolumeView> {
    const { registry, volumes, step } = this.#context;
    const { id, sizeBytes, cipher } = volume;
    registry.putVolume({ ...volume, phase: 'creating' });
    await step('volumes.create: recorded');
    try {
      await volumes.create({ id, sizeBytes, cipher, source: volume.source });
    } catch (thrown) {
      registry.deleteVolume(id);
      throw thrown;
    }
    await step('volumes.create: made');
    commit(() => {
      registry.putVolume(volume);
    });
    return volumeView(registry, id);
  }

  async #update(volume: Volume, commit: Commit, scope: Cancellable): Promise<VolumeView> {
    const { registry, devices, step } = this.#context;
    const before = requireFound(registry.volume(volume.id), `volume ${volume.id}`);
    if (volume.sizeBytes !== before.sizeBytes) await this.#grow(volume, scope);
    await step('volumes.update: grown');
    commit(() => {
      registry.putVolume(volume);
    });
    await step('volumes.update: recorded');
    if (volume.limits !== before.limits) {
      // What is served later takes its limits from the registry.
      await devices.setLimits({ scope: 'volume', name: volume.id, limits: volume.limits }, scope);
    }
    return volumeView(registry, volume.id);
  }

  async #grow({ id, sizeBytes }: Volume, scope: Cancellable): Promise<void> {
    const { registry, volumes, devices, step } = this.#context;
    const attachment = registry.attachment(id);
    const instance = attachment && registry.instance(attachment.instance);
    if (instance?.state !== 'running') {
      await volumes.resize(id, sizeBytes);
      return;
    }
    await volumes.resizeOpen(id, sizeBytes, {
      grow: async () => {
        await devices.growStore(id, BigInt(sizeBytes), scope);
        await step('volumes.update: store grown');
      },
      announce: async () => {
        await step('volumes.update: size written');
        await devices.growDevice(id, BigInt(sizeBytes), scope);
      },
    });
  }

  async #delete(volume: Volume, commit: Commit): Promise<void> {
    const { registry, volumes, step } = this.#context;
    registry.putVolume({ ...volume, phase: 'deleting', revision: volume.revision + 1 });
    await step('volumes.delete: recorded');
    try {
      await volumes.delete(volume.id);
    } catch (thrown) {
      if (ArgonError.from(thrown).code !== 'not-found') {
        registry.putVolume(volume);
        throw thrown;
      }
    }
    await step('volumes.delete: files gone');
    commit(() => {
      registry.deleteVolume(volume.id);
    });
  }
}

function ignoreMissing(thrown: unknown): undefined {
  if (ArgonError.from(thrown).code !== 'not-found') throw thrown;
}

function viewOf(registry: Registry, volume: Volume): VolumeView {
  const attachment = registry.attachment(volume.id);
  const etag = etagOf(volume, attachment === undefined ? [] : [attachment]);
  return { volume, attachment, etag };
}

// Two volumes of one name may not be made side by side.
function nameResources(displayName: string): readonly string[] {
  return displayName === '' ? [] : [`volume-name/${displayName}`];
}

function decideCreate(registry: Registry, request: CreateVolumeRequest): Volume {
  const { displayName, cipher, limits } = request;
  const sizeBytes = parseVolumeSize(request.sizeBytes);
  requireFreeName(registry, displayName);
  return newVolume({ displayName, sizeBytes, cipher, limits, source: '' });
}

/** A volume with an id of its own, as it will be when it is made. */
export function newVolume(
  shape: Pick<Volume, 'displayName' | 'sizeBytes' | 'cipher' | 'limits' | 'source'>,
): Volume {
  return {
    ...shape,
    id: createVolumeId(),
    phase: 'available',
    createTimeMs: Date.now(),
    conditions: [],
    revision: 1,
  };
}

function decideUpdate(registry: Registry, { id, changes, etag }: UpdateVolumeRequest): Volume {
  const view = volumeView(registry, id);
  const { volume } = view;
  checkEtag(etag, view.etag, `volume ${id}`);
  requireAvailable(volume);
  if (changes.displayName !== undefined && changes.displayName !== volume.displayName) {
    requireFreeName(registry, changes.displayName);
  }
  const sizeBytes =
    changes.sizeBytes === undefined ? volume.sizeBytes : parseVolumeSize(changes.sizeBytes);
  if (sizeBytes < volume.sizeBytes) {
    throw new ArgonError(
      'invalid-argument',
      `volume ${id} has ${volume.sizeBytes} bytes and cannot shrink to ${sizeBytes}`,
      { hint: 'make a smaller volume and copy what is needed' },
    );
  }
  return {
    ...volume,
    displayName: changes.displayName ?? volume.displayName,
    limits: changes.limits ?? volume.limits,
    sizeBytes,
    revision: volume.revision + 1,
  };
}

function decideDelete(
  registry: Registry,
  { id, etag, isMissingAllowed }: DeleteVolumeRequest,
): Volume | undefined {
  const volume = registry.volume(id);
  if (volume === undefined && isMissingAllowed) return undefined;
  const view = volumeView(registry, id);
  checkEtag(etag, view.etag, `volume ${id}`);
  requireDetached(id, view.attachment);
  return view.volume;
}

function requireFreeName(registry: Registry, displayName: string): void {
  if (displayName === '') return;
  const other = registry.volumes().items.find((volume) => volume.displayName === displayName);
  if (other === undefined) return;
  throw new ArgonError('already-exists', `volume ${other.id} is called ${displayName} already`);
}
