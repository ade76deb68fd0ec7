// SPDX-License-Identifier: Apache-2.0

// A host in memory: it has the API's own checks of requests and answers, and resources that behave
// as those of a controller do, without anything behind them.

import { createMessage } from '../../../../src/api/codec.ts';
import type { BlockLimits } from '../../../../src/api/generated/argon/v1/common.ts';
import { type Fault, faultType } from '../../../../src/api/generated/argon/v1/faults.ts';
import { hostInfoType, type Part } from '../../../../src/api/generated/argon/v1/host.ts';
import { type Instance, instanceType } from '../../../../src/api/generated/argon/v1/instances.ts';
import type {
  Interface,
  ListInterfacesResponse,
} from '../../../../src/api/generated/argon/v1/interfaces.ts';
import { type MethodTypes, methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import {
  type InterfaceMetrics,
  interfaceMetricsType,
  type ServiceMetrics,
  type VolumeMetrics,
  volumeMetricsType,
} from '../../../../src/api/generated/argon/v1/metrics.ts';
import { type Volume, volumeType } from '../../../../src/api/generated/argon/v1/volumes.ts';
import type { Init, MessageType } from '../../../../src/api/schema.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import type { HostClient, MethodName } from '../../../../src/cli/host/host-client.ts';
import type { TracedFlow } from '../../../../src/controller/model.ts';
import { openNetworks } from '../../controller/handlers/network-scene.ts';
import { call } from '../../controller/handlers/requests.ts';
import { FakeCaptures } from './fake-captures.ts';

type Request<Name extends MethodName> = MethodTypes[Name]['request'];
type Real = 'Networks' | 'NetworkServices' | 'PrefixLists' | 'Interfaces' | 'FlowLogs';
type Handlers = {
  readonly [Name in MethodName as Name extends `${Real}.${string}` ? never : Name]: (
    request: Request<Name>,
  ) => object;
};

interface Named {
  readonly name: string;
}

export class FakeHostClient implements HostClient {
  readonly volumes = new Map<string, Volume>();
  readonly instances = new Map<string, Instance>();
  /** The instances that interfaces are attached to. */
  readonly attached = new Map<string, string>();
  readonly faults = new Map<string, Fault>();
  /** What the card says of every packet. */
  traced: TracedFlow | undefined;
  readonly networks = openNetworks(undefined, { trace: async () => this.#trace() });
  readonly captures = new FakeCaptures();
  readonly metrics: Init<VolumeMetrics>[] = [];
  readonly interfaceMetrics: Init<InterfaceMetrics>[] = [];
  serviceMetrics: Init<ServiceMetrics> = {};
  limits: BlockLimits | undefined;
  /** Pids of the parts it says it has, the controller first. */
  pids: readonly number[] = [];
  /** How many items a page of a list has. */
  pageSize = 2;
  /** How long the guest's driver takes to have a volume, in reads of the volume. */
  attachReads = 0;
  /** A guest that does not let go of its volumes. */
  isBusy = false;
  isShutDown = false;
  isClosed = false;
  readonly calls: { readonly name: MethodName; readonly request: unknown }[] = [];
  #count = 0;

  /** The names of the methods that changed something, in order. */
  get changes(): readonly string[] {
    return this.calls.map(({ name }) => name).filter((name) => !/\.(?:Get|List)/.test(name));
  }

  async call<Name extends MethodName>(
    name: Name,
    request: Init<Request<Name>>,
  ): Promise<MethodTypes[Name]['response']> {
    const method = methods[name];
    const use = { kind: 'request', verb: method.verb } as const;
    const whole = createMessage(method.request as MessageType<object>, request as object, use);
    this.calls.push({ name, request: whole });
    return createMessage(
      method.response as MessageType<object>,
      await this.#answer(name, whole),
    ) as MethodTypes[Name]['response'];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
  }

  // Networks have nothing behind them on a real host either: these are its handlers.
  async #answer(name: MethodName, request: object): Promise<object> {
    const all: Readonly<Record<string, unknown>> = { ...this.networks, ...this.#handlers };
    const handler = all[name] as (request: object, scope: object) => Promise<object>;
    const paged = 'pageToken' in request ? { ...request, pageSize: this.pageSize } : request;
    const scope = { signal: new AbortController().signal };
    if (name === 'Interfaces.AttachInterface' || name === 'Interfaces.DetachInterface') {
      return this.#plug(request as Request<'Interfaces.AttachInterface'>);
    }
    const answer = await handler(paged, scope);
    if (name === 'Interfaces.ListInterfaces') {
      const list = answer as ListInterfacesResponse;
      return { ...list, interfaces: list.interfaces.map((one) => this.#withInstance(one)) };
    }
    return name === 'Interfaces.GetInterface' ? this.#withInstance(answer as Interface) : answer;
  }

  async #trace(): Promise<TracedFlow> {
    if (this.traced !== undefined) return this.traced;
    throw new ArgonError('failed-precondition', 'no card serves the interface');
  }

  // A real host has no network card yet.
  async #plug({ name, instance = '' }: { name: string; instance?: string }): Promise<Interface> {
    this.attached.set(name, instance);
    return this.#withInstance(await call(this.networks, 'Interfaces.GetInterface', { name }));
  }

  #withInstance(one: Interface): Interface {
    return { ...one, instance: this.attached.get(one.name) ?? '' };
  }

  /** A volume that is there already. */
  addVolume(init: Init<Volume> = {}): Volume {
    const name = `volumes/vol${this.#id()}`;
    const volume = createMessage<Volume>(volumeType, {
      name,
      sizeBytes: 4096n,
      cipher: 'VOLUME_CIPHER_AES_256_XTS',
      state: 'VOLUME_STATE_AVAILABLE',
      etag: '0123456789abcdef',
      ...init,
    });
    this.volumes.set(name, volume);
    return volume;
  }

  /** An instance that is there already. */
  addInstance(init: Init<Instance> = {}): Instance {
    const name = `instances/i-${this.#id()}`;
    const isFromImage = init.bootVolume === undefined || init.bootVolume === '';
    const instance = createMessage<Instance>(instanceType, {
      name,
      state: 'INSTANCE_STATE_STOPPED',
      etag: '0123456789abcdef',
      ...(isFromImage ? { image: 'BOOT_IMAGE_TINY' as const } : {}),
      ...init,
      userData: undefined, // No answer has it.
    });
    this.instances.set(name, instance);
    return instance;
  }

  readonly #handlers: Handlers = {
    'Host.GetHost': () =>
      createMessage(hostInfoType, {
        version: '1',
        environment: 'HOST_ENVIRONMENT_TEST',
        limits: this.limits,
        parts: this.pids.map(
          (pid, index): Init<Part> => ({
            id: `part-${pid}`,
            kind: index === 0 ? 'PART_KIND_CONTROLLER' : 'PART_KIND_BLOCK_CARD',
            pid,
          }),
        ),
      }),
    'Host.UpdateHost': ({ host }) => {
      this.limits = host?.limits;
      return createMessage(hostInfoType, { limits: this.limits });
    },
    'Host.ShutDown': () => {
      this.isShutDown = true;
      return {};
    },
    'Volumes.CreateVolume': ({ volume }) =>
      this.addVolume(without(volume, ['name', 'state', 'etag'])),
    'Volumes.GetVolume': ({ name }) => this.#readVolume(name),
    'Volumes.ListVolumes': (request) => this.#page(this.volumes, 'volumes', request),
    'Volumes.UpdateVolume': ({ volume, updateMask }) => {
      const current = must(this.volumes, volume?.name ?? '');
      return keep(this.volumes, { ...current, ...masked(volume, updateMask) });
    },
    'Volumes.DeleteVolume': ({ name }) => remove(this.volumes, name),
    'Volumes.AttachVolume': ({ name, instance, readOnly }) => {
      const [volume, owner] = [must(this.volumes, name), must(this.instances, instance)];
      if (volume.attachment !== undefined) {
        throw new ArgonError('failed-precondition', `${name} is attached`);
      }
      keep(this.instances, { ...owner, volumes: [...owner.volumes, name] });
      const isTaken = this.attachReads === 0;
      return keep(this.volumes, {
        ...volume,
        state: 'VOLUME_STATE_IN_USE',
        attachment: {
          instance,
          readOnly,
          slot: owner.volumes.length,
          state: isTaken ? 'ATTACHMENT_STATE_ATTACHED' : 'ATTACHMENT_STATE_ATTACHING',
        },
      });
    },
    'Volumes.DetachVolume': ({ name, force }) => {
      const volume = must(this.volumes, name);
      const { attachment } = volume;
      if (attachment === undefined) {
        throw new ArgonError('failed-precondition', `${name} is not attached`);
      }
      if (this.isBusy && !force) {
        const busy = { ...attachment, state: 'ATTACHMENT_STATE_BUSY' as const };
        return keep(this.volumes, { ...volume, attachment: busy });
      }
      const owner = must(this.instances, attachment.instance);
      keep(this.instances, { ...owner, volumes: owner.volumes.filter((one) => one !== name) });
      return keep(this.volumes, {
        ...volume,
        state: 'VOLUME_STATE_AVAILABLE',
        attachment: undefined,
      });
    },
    'Instances.CreateInstance': ({ instance }) =>
      this.addInstance(without(instance, ['name', 'state', 'etag'])),
    'Instances.GetInstance': ({ name }) => must(this.instances, name),
    'Instances.ListInstances': (request) => this.#page(this.instances, 'instances', request),
    'Instances.UpdateInstance': ({ instance, updateMask }) => {
      const current = must(this.instances, instance?.name ?? '');
      return keep(this.instances, { ...current, ...masked(instance, updateMask) });
    },
    'Instances.DeleteInstance': ({ name }) => remove(this.instances, name),
    'Instances.StartInstance': ({ name }) =>
      keep(this.instances, {
        ...must(this.instances, name),
        state: 'INSTANCE_STATE_RUNNING',
        accelerator: 'tcg',
      }),
    'Instances.StopInstance': ({ name }) =>
      keep(this.instances, {
        ...must(this.instances, name),
        state: 'INSTANCE_STATE_STOPPED',
        accelerator: '',
      }),
    'Instances.ResetInstance': ({ name }) => must(this.instances, name),
    'Faults.CreateFault': ({ volume, fault }) => {
      this.#count += 1;
      const name = `${must(this.volumes, volume).name}/faults/${this.#count}`;
      return keep(this.faults, createMessage(faultType, { ...fault, name }));
    },
    'Faults.ListFaults': ({ volume }) => ({
      faults: [...this.faults.values()].filter(({ name }) => name.startsWith(`${volume}/`)),
    }),
    'Faults.DeleteFault': ({ name }) => remove(this.faults, name),
    'Faults.ReleaseFaults': () => ({}),
    'Captures.StartCapture': (request) => this.captures.start(request),
    'Captures.ReadCapture': (request) => this.captures.read(request),
    'Captures.StopCapture': (request) => this.captures.stop(request),
    'Metrics.GetVolumeMetrics': ({ name }) => {
      const found = this.metrics.find((one) => one.name === name);
      if (found === undefined) throw new ArgonError('not-found', `${name} is not served`);
      return createMessage(volumeMetricsType, found);
    },
    'Metrics.ListVolumeMetrics': () => ({
      volumes: this.metrics.map((one) => createMessage(volumeMetricsType, one)),
      nextPageToken: '',
    }),
    'Metrics.GetInterfaceMetrics': ({ name }) => {
      const found = this.interfaceMetrics.find((one) => one.name === name);
      if (found === undefined) throw new ArgonError('not-found', `${name} is not served`);
      return createMessage(interfaceMetricsType, found);
    },
    'Metrics.ListInterfaceMetrics': () => ({
      interfaces: this.interfaceMetrics.map((one) => createMessage(interfaceMetricsType, one)),
      nextPageToken: '',
    }),
    'Metrics.GetServiceMetrics': () => this.serviceMetrics,
  };

  #readVolume(name: string): Volume {
    const volume = must(this.volumes, name);
    if (volume.attachment?.state !== 'ATTACHMENT_STATE_ATTACHING') return volume;
    this.attachReads -= 1;
    if (this.attachReads > 0) return volume;
    const attachment = { ...volume.attachment, state: 'ATTACHMENT_STATE_ATTACHED' as const };
    return keep(this.volumes, { ...volume, attachment });
  }

  #page(
    all: ReadonlyMap<string, Named>,
    key: string,
    { pageToken }: { pageToken: string },
  ): object {
    const from = pageToken === '' ? 0 : Number(pageToken);
    const end = from + this.pageSize;
    const items = [...all.values()].slice(from, end);
    return { [key]: items, nextPageToken: end < all.size ? String(end) : '' };
  }

  #id(): string {
    this.#count += 1;
    return this.#count.toString(16).padStart(17, '0');
  }
}

function must<Resource>(all: ReadonlyMap<string, Resource>, name: string): Resource {
  const found = all.get(name);
  if (found === undefined) throw new ArgonError('not-found', `${name} does not exist`);
  return found;
}

function keep<Resource extends Named>(all: Map<string, Resource>, resource: Resource): Resource {
  all.set(resource.name, resource);
  return resource;
}

function remove(all: Map<string, Named>, name: string): object {
  must(all, name);
  all.delete(name);
  return {};
}

// The fields of a resource that an update is about.
function masked(resource: object | undefined, mask: readonly string[] | undefined): object {
  const names = new Set(
    mask?.map((path) => path.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase())),
  );
  return Object.fromEntries(Object.entries(resource ?? {}).filter(([name]) => names.has(name)));
}

function without(value: object | undefined, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !keys.includes(key)));
}
