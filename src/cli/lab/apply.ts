// SPDX-License-Identifier: Apache-2.0

// Brings a host to what a lab file says. What is there already is left or changed, what is missing
// is made, and nothing else is touched: applying a file twice changes nothing the second time. The
// order follows what needs what: limits, networks, volumes, instances, attachments, starts and
// stops, faults.

import { createMessage } from '../../api/codec.ts';
import { type BlockLimits, blockLimitsType } from '../../api/generated/argon/v1/common.ts';
import { type Fault, faultType } from '../../api/generated/argon/v1/faults.ts';
import type { Instance } from '../../api/generated/argon/v1/instances.ts';
import type { Volume } from '../../api/generated/argon/v1/volumes.ts';
import type { Init } from '../../api/schema.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { documentOf } from '../document/write.ts';
import { createRequestId, type HostClient } from '../host/host-client.ts';
import { faultText } from '../host/limit-text.ts';
import { listInstances, listInterfaces, listVolumes } from '../host/resources.ts';
import { allowanceChanges } from './apply-allowance.ts';
import { metadataChanges, refuseOtherMetadata } from './apply-metadata.ts';
import { applyNetworks, NetworkApplier } from './apply-networks.ts';
import type { LabEntry } from './fields.ts';
import type { Lab, LabInstance, LabVolume } from './lab.ts';
import { findLabel, must, refuseOther } from './labels.ts';

export interface ApplyOptions extends Cancellable {
  readonly client: HostClient;
  readonly progress: Progress;
}

/** What was done, in the order in which it was: "volume data: created". */
export type Changes = readonly string[];

/** @throws ArgonError as the host refused, with the place in the file. */
export async function applyLab(lab: Lab, options: ApplyOptions): Promise<Changes> {
  const applier = new Applier(options);
  await applier.applyHost(lab.hostLimits);
  const networks = new NetworkApplier(options.client, options, {
    at: async (entry, step) => applier.at(entry, step),
    did: (what, change) => {
      applier.did(what, change);
    },
  });
  await applyNetworks(lab.networks, lab.interfaces, networks);
  for (const volume of lab.volumes) await applier.at(volume, async () => applier.volume(volume));
  for (const one of lab.instances) await applier.at(one, async () => applier.instance(one));
  for (const volume of lab.volumes) await applier.at(volume, async () => applier.attach(volume));
  for (const one of lab.interfaces) {
    await applier.at(one, async () => applier.attachInterface(one.label, one.instance));
  }
  for (const one of lab.instances) await applier.at(one, async () => applier.setState(one));
  for (const fault of lab.faults) {
    const entry = { label: `fault of ${fault.volume}`, place: fault.place };
    await applier.at(entry, async () => applier.fault(fault.volume, fault.fields));
  }
  return applier.changes;
}

class Applier {
  readonly changes: string[] = [];
  readonly #options: ApplyOptions;
  readonly #client: HostClient;

  constructor(options: ApplyOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  /** Does a step for an entry of the file; what goes wrong names its place. */
  async at(entry: LabEntry, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      const { code, message, hint, details } = ArgonError.from(thrown);
      throw new ArgonError(code, `${entry.place}: ${message}`, {
        cause: thrown,
        details,
        ...(hint === undefined ? {} : { hint }),
      });
    }
  }

  async applyHost(limits: Init<BlockLimits> | undefined): Promise<void> {
    if (limits === undefined) return;
    const { limits: current } = await this.#client.call('Host.GetHost', {}, this.#options);
    if (isSameLimits(limits, current)) return;
    this.did('host', 'limits set');
    await this.#client.call(
      'Host.UpdateHost',
      { host: { limits }, updateMask: ['limits'], requestId: createRequestId() },
      this.#options,
    );
  }

  async volume({ label, fields }: LabVolume): Promise<void> {
    const current = findLabel(await listVolumes(this.#client, this.#options), label);
    if (current === undefined) {
      this.did(`volume ${label}`, 'created');
      const volume = { ...fields, cipher: fields.cipher ?? 'VOLUME_CIPHER_AES_256_XTS' } as const;
      const request = { volume, requestId: createRequestId() };
      await this.#client.call('Volumes.CreateVolume', request, this.#options);
      return;
    }
    refuseOther('cipher', fields.cipher, current.cipher);
    const isLarger = fields.sizeBytes !== undefined && fields.sizeBytes !== current.sizeBytes;
    const hasLimits = fields.limits !== undefined && !isSameLimits(fields.limits, current.limits);
    if (!isLarger && !hasLimits) return;
    this.did(`volume ${label}`, 'changed');
    await this.#client.call(
      'Volumes.UpdateVolume',
      {
        volume: {
          name: current.name,
          ...(isLarger ? { sizeBytes: fields.sizeBytes } : {}),
          ...(hasLimits ? { limits: fields.limits } : {}),
        },
        updateMask: [...(isLarger ? ['size_bytes'] : []), ...(hasLimits ? ['limits'] : [])],
        requestId: createRequestId(),
      },
      this.#options,
    );
  }

  async instance({ label, fields, bootVolume }: LabInstance): Promise<void> {
    const current = findLabel(await listInstances(this.#client, this.#options), label);
    const boot = bootVolume === undefined ? undefined : await this.#volumeNamed(bootVolume);
    if (current === undefined) {
      this.did(`instance ${label}`, 'created');
      const image = fields.image ?? (boot === undefined ? 'BOOT_IMAGE_TINY' : undefined);
      const request = {
        instance: { ...fields, image, bootVolume: boot },
        requestId: createRequestId(),
      };
      await this.#client.call('Instances.CreateInstance', request, this.#options);
      return;
    }
    refuseOther('image', fields.image, current.image);
    refuseOther('boot_volume', boot, current.bootVolume);
    // The host says what it chose where a file left it to be chosen.
    if (fields.cpuCount !== 0) refuseOther('cpu_count', fields.cpuCount, current.cpuCount);
    if (fields.memoryBytes !== 0n) {
      refuseOther('memory_bytes', fields.memoryBytes, current.memoryBytes);
    }
    refuseOtherMetadata(fields, current);
    const changes = {
      ...limitChanges(fields, current),
      ...metadataChanges(fields, current),
      ...allowanceChanges(fields, current),
    };
    const updateMask = Object.keys(changes).map((name) => maskNames[name] ?? name);
    if (updateMask.length === 0) return;
    this.did(`instance ${label}`, 'changed');
    await this.#client.call(
      'Instances.UpdateInstance',
      { instance: { name: current.name, ...changes }, updateMask, requestId: createRequestId() },
      this.#options,
    );
  }

  async attach({ label, attachment }: LabVolume): Promise<void> {
    if (attachment === undefined) return;
    const volume = await this.#found('volume', label);
    const instance = await this.#instanceNamed(attachment.instance);
    const current = volume.attachment;
    if (current !== undefined) {
      refuseOther('instance', instance, current.instance);
      refuseOther('read_only', attachment.readOnly, current.readOnly);
      return;
    }
    this.did(`volume ${label}`, `attached to ${attachment.instance}`);
    const { readOnly } = attachment;
    const request = { name: volume.name, instance, readOnly, requestId: createRequestId() };
    await this.#client.call('Volumes.AttachVolume', request, this.#options);
  }

  async attachInterface(label: string, instanceLabel: string | undefined): Promise<void> {
    if (instanceLabel === undefined) return;
    const all = await listInterfaces(this.#client, this.#options);
    const current = must(findLabel(all, label), 'interface', label);
    const instance = await this.#instanceNamed(instanceLabel);
    if (current.instance !== '') {
      refuseOther('instance', instance, current.instance);
      return;
    }
    this.did(`interface ${label}`, `attached to ${instanceLabel}`);
    const request = { name: current.name, instance, requestId: createRequestId() };
    await this.#client.call('Interfaces.AttachInterface', request, this.#options);
  }

  async setState({ label, isRunning }: LabInstance): Promise<void> {
    if (isRunning === undefined) return;
    const all = await listInstances(this.#client, this.#options);
    const { name, state } = must(findLabel(all, label), 'instance', label);
    const wasRunning = state === 'INSTANCE_STATE_RUNNING' || state === 'INSTANCE_STATE_STARTING';
    if (wasRunning === isRunning) return;
    const request = { name, requestId: createRequestId() };
    this.did(`instance ${label}`, isRunning ? 'started' : 'stopped');
    if (isRunning) await this.#client.call('Instances.StartInstance', request, this.#options);
    else await this.#client.call('Instances.StopInstance', request, this.#options);
  }

  async fault(volumeLabel: string, fields: Init<Fault>): Promise<void> {
    const volume = await this.#volumeNamed(volumeLabel);
    const { faults } = await this.#client.call('Faults.ListFaults', { volume }, this.#options);
    const wanted = faultText(createMessage<Fault>(faultType, fields));
    if (faults.some((fault) => faultText(fault) === wanted)) return;
    this.did(`fault of ${volumeLabel}`, 'set');
    const request = { volume, fault: fields, requestId: createRequestId() };
    await this.#client.call('Faults.CreateFault', request, this.#options);
  }

  async #found(kind: 'volume', label: string): Promise<Volume> {
    return must(findLabel(await listVolumes(this.#client, this.#options), label), kind, label);
  }

  async #volumeNamed(label: string): Promise<string> {
    return (await this.#found('volume', label)).name;
  }

  async #instanceNamed(label: string): Promise<string> {
    const all: readonly Instance[] = await listInstances(this.#client, this.#options);
    return must(findLabel(all, label), 'instance', label).name;
  }

  /** Notes and tells what is being done. */
  did(what: string, change: string): void {
    this.changes.push(`${what}: ${change}`);
    this.#options.progress.step(`${what}: ${change}`);
  }
}

const maskNames: Readonly<Record<string, string>> = {
  metadataOptions: 'metadata_options',
  networkAllowance: 'network_allowance',
};

function limitChanges({ limits }: Init<Instance>, current: Instance): Init<Instance> {
  return limits === undefined || isSameLimits(limits, current.limits) ? {} : { limits };
}

// However much of them they leave to be zero.
function isSameLimits(a: object | undefined, b: object | undefined): boolean {
  const [left, right] = [a, b].map((limits) =>
    JSON.stringify(documentOf(blockLimitsType, limits ?? {}, { isBrief: true })),
  );
  return left === right;
}
