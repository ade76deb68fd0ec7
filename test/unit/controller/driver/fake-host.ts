// SPDX-License-Identifier: Apache-2.0

// The host under a driver, in memory: devices that are open and machines that run outlive a driver,
// as processes outlive a controller. `driverOn` makes a driver with its registry on it.

import type { InstanceId } from '../../../../src/base/instance-id.ts';
import { createLogger } from '../../../../src/base/log.ts';
import { locateStateDir } from '../../../../src/base/state-dir.ts';
import type { VolumeId } from '../../../../src/base/volume-id.ts';
import type { LevelLimits } from '../../../../src/card/bus/controls.ts';
import { AttachmentDriver } from '../../../../src/controller/driver/attachments.ts';
import {
  type DeviceHost,
  type DriverContext,
  defaultTimeouts,
  type HostImage,
  type ImageHost,
  type Machine,
  type MachineEnd,
  type MachineHost,
} from '../../../../src/controller/driver/host.ts';
import { InstanceDriver } from '../../../../src/controller/driver/instances.ts';
import { InterfaceDriver } from '../../../../src/controller/driver/interfaces.ts';
import { MachineKeeper } from '../../../../src/controller/driver/machine-keeper.ts';
import { type NetworkContext, NetworkDriver } from '../../../../src/controller/driver/networks.ts';
import { Operations, type StepObserver } from '../../../../src/controller/driver/operations.ts';
import { recover } from '../../../../src/controller/driver/recover.ts';
import { ResourceQueues } from '../../../../src/controller/driver/resource-queues.ts';
import { VolumeDriver } from '../../../../src/controller/driver/volumes.ts';
import {
  type Attachment,
  type Condition,
  type DeviceAttachment,
  deviceId,
  type Instance,
} from '../../../../src/controller/model.ts';
import { Registry } from '../../../../src/controller/registry/registry.ts';
import type { KeyService } from '../../../../src/keys/key-service.ts';
import type { VolumeRecord } from '../../../../src/volume/volume-record.ts';
import { openVolumeStore, type VolumeStore } from '../../../../src/volume/volume-store.ts';
import { fakeHost } from '../../fake-host.ts';
import { createTempDir, type TempDir } from '../../temp-dir.ts';

export const scope = { signal: AbortSignal.timeout(300_000) };
export const slotCount = 4;

const keys: KeyService = {
  createVolumeKey: async () => new Uint8Array(96).fill(0xa5),
  grant: (wrappedKey) => ({ kind: 'local-master-key', masterKeyPath: '/nowhere', wrappedKey }),
};

export class FakeMachine implements Machine {
  readonly process = { pid: 4_000, startTicks: '1' };
  readonly ended: Promise<MachineEnd>;
  /** Volumes and interfaces. */
  readonly plugged = new Set<string>();
  readonly #end = Promise.withResolvers<MachineEnd>();
  isAlive = true;
  /** What its guest does when it is asked to let go, or to power off. */
  isObedient = true;
  plugFailure: Error | undefined;
  lastEnd: MachineEnd | undefined;

  constructor(devices: readonly DeviceAttachment[]) {
    this.ended = this.#end.promise;
    for (const device of devices) this.plugged.add(deviceId(device));
  }

  end(reason: string | undefined, hasPanicked = false): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.lastEnd = { reason, hasPanicked, how: 'exit code 0' };
    this.#end.resolve(this.lastEnd);
  }

  async plug(device: DeviceAttachment): Promise<void> {
    if (this.plugFailure !== undefined) throw this.plugFailure;
    this.plugged.add(deviceId(device));
  }

  async unplug(device: DeviceAttachment): Promise<'removed' | 'busy'> {
    const id = deviceId(device);
    if (!this.isObedient && this.plugged.has(id)) return 'busy';
    this.plugged.delete(id);
    return 'removed';
  }

  async powerDown(): Promise<void> {
    if (this.isObedient) this.end('guest-shutdown');
  }

  async reset(): Promise<void> {
    this.end('host-qmp-system-reset');
  }

  async cut(): Promise<void> {
    this.end('host-qmp-quit');
  }
}

export class FakeParts implements DeviceHost, MachineHost, ImageHost {
  readonly slotCount = slotCount;
  /** Slots that listen and are served, with their volume or interface. */
  readonly opened = new Map<number, string>();
  readonly alive = new Map<InstanceId, FakeMachine>();
  readonly calls: string[] = [];
  readonly erased = new Set<InstanceId>();
  openFailure: Error | undefined;
  writeFailure: Error | undefined;
  startFailure: Error | undefined;
  hasDrivers = true;
  /** Awaited before a device is open. */
  gate: Promise<void> = Promise.resolve();
  step: StepObserver = async () => {};

  async findDebian(): Promise<HostImage> {
    return { name: 'debian', path: '/nowhere', sizeBytes: 5_000 };
  }

  async write({ id }: VolumeRecord, { name }: HostImage): Promise<void> {
    this.calls.push(`write ${name} ${id}`);
    await this.step('parts: image written');
    if (this.writeFailure !== undefined) throw this.writeFailure;
  }

  async open(device: DeviceAttachment): Promise<void> {
    const { slot } = device;
    this.calls.push(`open ${slot}`);
    await this.gate;
    if (this.openFailure !== undefined) throw this.openFailure;
    await this.step('parts: slot opened');
    this.opened.set(slot, deviceId(device));
    await this.step('parts: device added');
  }

  async close({ slot }: DeviceAttachment): Promise<void> {
    this.calls.push(`close ${slot}`);
    await this.step('parts: device removed');
    this.opened.delete(slot);
  }

  async replace(volume: VolumeId, standIn: Attachment): Promise<void> {
    this.calls.push(`replace ${volume}`);
    await this.step('parts: device replaced');
    await this.open(standIn);
  }

  async hasDriver(): Promise<boolean> {
    return this.hasDrivers;
  }

  async growStore(volume: VolumeId, sizeBytes: bigint): Promise<void> {
    this.calls.push(`growStore ${volume} ${sizeBytes}`);
  }

  async growDevice(volume: VolumeId, sizeBytes: bigint): Promise<void> {
    this.calls.push(`growDevice ${volume} ${sizeBytes}`);
  }

  async setLimits({ scope: level, name }: LevelLimits): Promise<void> {
    this.calls.push(`setLimits ${level} ${name}`);
  }

  async failRequests(volume: VolumeId): Promise<void> {
    this.calls.push(`failRequests ${volume}`);
  }

  async start({ instance, attachments, onSpawned }: Parameters<MachineHost['start']>[0]) {
    if (this.startFailure !== undefined) throw this.startFailure;
    const machine = new FakeMachine(attachments);
    this.alive.set(instance.id, machine);
    await this.step('parts: spawned');
    onSpawned(machine.process, 'tcg');
    await this.step('parts: greeted');
    return machine;
  }

  async adopt({ id }: Instance): Promise<Machine | MachineEnd> {
    const machine = this.alive.get(id);
    if (machine?.isAlive === true) return machine;
    return machine?.lastEnd ?? { reason: undefined, hasPanicked: false, how: 'gone' };
  }

  async clear({ id }: Pick<Instance, 'id'>): Promise<void> {
    this.alive.get(id)?.end('host-qmp-quit');
    this.alive.delete(id);
  }

  async erase(id: InstanceId): Promise<void> {
    this.erased.add(id);
  }
}

export interface TestDriver {
  readonly registry: Registry;
  readonly store: VolumeStore;
  readonly volumes: VolumeDriver;
  readonly attachments: AttachmentDriver;
  readonly networks: NetworkContext;
  /** What the card of interfaces says of itself. */
  readonly conditions: Condition[];
  readonly interfaces: InterfaceDriver;
  readonly instances: InstanceDriver;
  readonly keeper: MachineKeeper;
  readonly context: DriverContext;
  readonly queues: ResourceQueues;
}

/** A host with a state folder; `start` gives it a driver, as often as a test likes. */
export class TestHost implements AsyncDisposable {
  readonly parts = new FakeParts();
  /** How often the services of the network card were to hear of a change. */
  metadataChanges = 0;
  readonly #dir: TempDir;
  // As durable as a file for drivers that only stop.
  readonly #registry = new Registry(':memory:');

  constructor(dir: TempDir) {
    this.#dir = dir;
  }

  static async create(): Promise<TestHost> {
    return new TestHost(await createTempDir());
  }

  get path(): string {
    return this.#dir.path;
  }

  async start(step: StepObserver = async () => {}): Promise<TestDriver> {
    const stateDir = locateStateDir({ ARGON_STATE: this.#dir.path }, '/');
    const registry = this.#registry;
    const store = await openVolumeStore(stateDir, fakeHost(), keys);
    const queues = new ResourceQueues();
    this.parts.step = step;
    const context: DriverContext = {
      registry,
      operations: new Operations(registry, queues, step),
      queues,
      volumes: store,
      devices: this.parts,
      machines: this.parts,
      images: this.parts,
      running: new Map(),
      step,
      log: createLogger('test', 'silent'),
      timeouts: { ...defaultTimeouts, driverMs: 20, powerOffMs: 20 },
    };
    const volumes = new VolumeDriver(context);
    const keeper = new MachineKeeper(context, new AbortController().signal);
    await recover(context, { volumes, keeper }, scope);
    const conditions: Condition[] = [];
    const networks = {
      registry,
      operations: context.operations,
      onChange: async () => {},
      conditions: () => conditions,
    };
    return {
      registry,
      store,
      volumes,
      attachments: new AttachmentDriver(context),
      networks,
      conditions,
      interfaces: new InterfaceDriver(context, new NetworkDriver('interface', networks)),
      instances: new InstanceDriver(context, keeper, async () => {
        this.metadataChanges += 1;
      }),
      keeper,
      context,
      queues,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#registry[Symbol.dispose]();
    await this.#dir[Symbol.asyncDispose]();
  }
}
