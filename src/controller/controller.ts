// SPDX-License-Identifier: Apache-2.0

// The controller of a host (design record 0013): everything it has, in the order in which it is
// taken, and what it does when it ends. A controller that is ended with `shutDown` leaves nothing
// running; one that is killed leaves all of it to the next.

import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Cancellable, deadlineSignal } from '../base/deadline.ts';
import type { Logger } from '../base/log.ts';
import {
  ensureRuntimeDir,
  hostTag,
  locateRuntimeDir,
  type RuntimeDir,
} from '../base/runtime-dir.ts';
import { ensureStateSubdir, type StateDir } from '../base/state-dir.ts';
import { openLocalKeyService } from '../keys/key-service.ts';
import type { HostAddon } from '../native/addons.ts';
import type { HostEnvironment } from '../native/network-watch.ts';
import { loadProfile } from '../qemu/profile.ts';
import { detectQemu } from '../qemu/version.ts';
import { openVolumeStore } from '../volume/volume-store.ts';
import { type BackplaneOptions, startOrAdoptBackplane } from './backplane/client.ts';
import { ReplaceableBackplane } from './backplane/replaceable.ts';
import { bootSourceOf, findAccelerator } from './boot.ts';
import { AttachmentDriver } from './driver/attachments.ts';
import { CaptureDriver } from './driver/captures.ts';
import { standInOf, withCondition } from './driver/decide.ts';
import { FaultDriver } from './driver/faults.ts';
import { type DriverContext, defaultTimeouts } from './driver/host.ts';
import { InstanceDriver } from './driver/instances.ts';
import { InterfaceDriver } from './driver/interfaces.ts';
import { MachineKeeper } from './driver/machine-keeper.ts';
import { createNetworkDrivers, type NetworkDrivers } from './driver/networks.ts';
import { Operations, type StepObserver } from './driver/operations.ts';
import { recover } from './driver/recover.ts';
import { ResourceQueues } from './driver/resource-queues.ts';
import { VolumeDriver } from './driver/volumes.ts';
import { settleEnvironment } from './environment.ts';
import { captureHandlers } from './handlers/captures.ts';
import { faultHandlers } from './handlers/faults.ts';
import { flowLogHandlers } from './handlers/flow-logs.ts';
import type { HandlersOf } from './handlers/handler.ts';
import { type HostControl, hostHandlers, type PartFacts } from './handlers/host.ts';
import { instanceHandlers } from './handlers/instances.ts';
import { interfaceMetricHandlers } from './handlers/interface-metrics.ts';
import { interfaceHandlers } from './handlers/interfaces.ts';
import { metricHandlers } from './handlers/metrics.ts';
import { networkServiceHandlers } from './handlers/network-services.ts';
import { networkHandlers } from './handlers/networks.ts';
import { prefixListHandlers } from './handlers/prefix-lists.ts';
import { volumeHandlers } from './handlers/volumes.ts';
import { type Attachment, type Condition, type DeviceAttachment, isOfInterface } from './model.ts';
import { blockCardMaker } from './parts/block-link.ts';
import { CardProcesses } from './parts/card-launcher.ts';
import { CardDevices, type CardSharing } from './parts/device-host.ts';
import { HostDevices } from './parts/host-devices.ts';
import { CachedImages } from './parts/image-host.ts';
import { QemuMachines } from './parts/machine-host.ts';
import { NetworkDevices } from './parts/network-host.ts';
import { networkCardMaker } from './parts/network-link.ts';
import { isAlive } from './parts/process-identity.ts';
import { notePlane, planeReplaced } from './plane-notes.ts';
import { Registry } from './registry/registry.ts';

export interface ControllerOptions extends Cancellable {
  readonly stateDir: StateDir;
  readonly native: HostAddon;
  readonly log: Logger;
  readonly sharing?: CardSharing;
  /** What the host is for, if that is said; it is for production if it never was. */
  readonly environment?: HostEnvironment;
  /** Whether VPCs may have uplinks: devices of the host's own network. */
  readonly allowsUplinks?: boolean;
  /** Told every step of every mutation. */
  readonly step?: StepObserver;
}

export interface ShutDownOptions {
  /** How long each guest has to power off; 0: as long as usual. */
  readonly timeoutMs: number;
  readonly isForced: boolean;
}

const version = '0.1.0'; // As in package.json.
const driverPollMs = 1_000; // Who waits for a driver asks by itself; this is for those who do not.
const stopTimeoutMs = 60_000;

/**
 * Takes over the host: adopts what runs, finishes or undoes what broke off. The caller has the
 * host's lock. @throws ArgonError; what runs goes on then.
 */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { stateDir, native, log, signal, step = async () => {}, sharing = 'host' } = options;
  const { allowsUplinks = false } = options;
  await using stack = new AsyncDisposableStack();
  const logDir = await ensureStateSubdir(stateDir, 'host');
  const instancesDir = await ensureStateSubdir(stateDir, 'host', 'instances');
  const runtimeDir = await makeRuntimeDir(stateDir);
  const registry = stack.use(new Registry(join(logDir, 'registry.db')));
  const environment = settleEnvironment(registry, options.environment);
  log.info({ environment }, `the host is for ${environment}`);
  const keys = await openLocalKeyService(stateDir, native);
  const volumes = await openVolumeStore(stateDir, native, keys);
  const planeOptions = { runtimeDir, log, host: native, logFile: join(logDir, 'backplane.log') };
  const started = await startOrAdoptBackplane({ ...planeOptions, signal });
  const backplane = stack.use(new ReplaceableBackplane(started.backplane));
  await notePlane(registry, started.pid);
  const common = { backplane, native, step, log, runtimeDir };
  const maker = blockCardMaker({ volumes, keys });
  const launcher = new CardProcesses({ ...common, logDir, maker });
  const networkMaker = networkCardMaker(environment);
  const networkLauncher = new CardProcesses({ ...common, logDir, maker: networkMaker });
  const devices = new HostDevices(
    new CardDevices({ ...common, launcher, registry, sharing }),
    new NetworkDevices({ ...common, launcher: networkLauncher, registry, allowsUplinks }),
  );
  const profile = await loadProfile();
  const machines = new QemuMachines({
    ...common,
    hostTag: hostTag(stateDir),
    instancesDir,
    profile,
    findQemu: async (scope) => detectQemu(scope),
    findAccelerator: async (qemu, scope) =>
      (await findAccelerator({ stateDir, qemu, profile, log, ...scope })).accelerator,
    bootSourceOf: async (instance, folder) => bootSourceOf(instance, { stateDir, folder }),
  });
  const queues = new ResourceQueues();
  const operations = new Operations(registry, queues, step);
  const context: DriverContext = {
    registry,
    operations,
    queues,
    volumes,
    devices,
    machines,
    images: new CachedImages({ stateDir, runtimeDir, logDir, volumes, keys }),
    running: new Map(),
    step,
    log,
    timeouts: defaultTimeouts,
  };
  const parts = {
    context,
    devices,
    machines,
    backplane,
    planeOptions,
    runtimeDir,
    environment,
    allowsUplinks,
  };
  const controller = new Controller(parts);
  await controller.takeOver(async (known, scope) => launcher.prune(known, scope), { signal });
  controller.own(stack.move());
  return controller;
}

async function makeRuntimeDir(stateDir: StateDir): Promise<RuntimeDir> {
  const runtimeDir = locateRuntimeDir(stateDir);
  await ensureRuntimeDir(runtimeDir);
  for (const name of ['slots', 'tenant']) {
    await mkdir(join(runtimeDir, name), { recursive: true, mode: 0o700 });
  }
  // Where a controller that was killed was filling volumes; the cards went with it.
  for (const name of await readdir(join(runtimeDir, 'slots'))) {
    if (name.startsWith('vol')) await rm(join(runtimeDir, 'slots', name), { force: true });
  }
  return runtimeDir;
}

interface ControllerParts {
  readonly context: DriverContext;
  readonly devices: HostDevices;
  readonly machines: QemuMachines;
  readonly backplane: ReplaceableBackplane;
  /** How another one is started. */
  readonly planeOptions: Omit<BackplaneOptions, 'signal'>;
  readonly runtimeDir: RuntimeDir;
  readonly environment: HostEnvironment;
  readonly allowsUplinks: boolean;
}

type AllHandlers = HandlersOf<string>;

export class Controller implements AsyncDisposable {
  readonly runtimeDir: RuntimeDir;
  readonly volumes: VolumeDriver;
  readonly attachments: AttachmentDriver;
  readonly instances: InstanceDriver;
  readonly faults: FaultDriver;
  readonly networks: NetworkDrivers;
  readonly interfaces: InterfaceDriver;
  readonly captures: CaptureDriver;
  readonly #parts: ControllerParts;
  readonly #keeper: MachineKeeper;
  readonly #startTimeMs = Date.now();
  readonly #closing = new AbortController();
  #owned = new AsyncDisposableStack();
  #following: Promise<void> = Promise.resolve();
  readonly #ended = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<void>();
  #shuttingDown: Promise<void> | undefined;

  constructor(parts: ControllerParts) {
    const { context, devices, allowsUplinks } = parts;
    const { registry, operations } = context;
    this.#parts = parts;
    this.runtimeDir = parts.runtimeDir;
    this.#keeper = new MachineKeeper(context, this.#closing.signal);
    this.volumes = new VolumeDriver(context);
    this.attachments = new AttachmentDriver(context);
    const onChange = async (): Promise<void> => devices.interfaces.refreshPolicy();
    this.instances = new InstanceDriver(context, this.#keeper, onChange);
    this.faults = new FaultDriver(operations, devices.volumes);
    const conditions = (): readonly Condition[] => devices.interfaces.conditions();
    const networks = { registry, operations, allowsUplinks, onChange, conditions };
    this.networks = createNetworkDrivers(networks);
    this.interfaces = new InterfaceDriver(context, this.networks.interface);
    const { environment } = parts;
    this.captures = new CaptureDriver({
      environment,
      places: devices.interfaces,
      log: context.log,
    });
  }

  /** Brings the registry and the host in line. Once, before anything else. */
  async takeOver(
    pruneCards: (known: ReadonlySet<string>, scope: Cancellable) => Promise<void>,
    scope: Cancellable,
  ): Promise<void> {
    const { context, devices, machines } = this.#parts;
    const { registry } = context;
    await devices.adopt(scope);
    await recover(context, { volumes: this.volumes, keeper: this.#keeper }, scope);
    await devices.prune(scope);
    await pruneCards(new Set(registry.parts().map(({ id }) => id)), scope);
    await machines.prune(new Set(registry.instances().items.map(({ id }) => id)), scope);
    this.#following = this.#followDrivers();
  }

  /** What goes when the controller goes. */
  own(stack: AsyncDisposableStack): void {
    this.#owned = stack;
  }

  /** The methods of the management API. */
  handlers(): AllHandlers {
    const { devices } = this.#parts;
    return {
      ...hostHandlers(this.#host()),
      ...volumeHandlers(this.volumes, this.attachments),
      ...instanceHandlers(this.instances),
      ...faultHandlers(this.faults),
      ...networkHandlers(this.networks, devices.interfaces),
      ...networkServiceHandlers(this.networks),
      ...prefixListHandlers(this.networks['prefix-list']),
      ...interfaceHandlers(this.networks.interface, this.interfaces, devices.interfaces),
      ...flowLogHandlers(this.networks['flow-log'], devices.interfaces),
      ...captureHandlers(this.captures, this.networks.interface),
      ...metricHandlers({
        served: () => this.#servedVolumes(),
        metrics: async (volume, scope) => devices.volumes.metrics(volume, scope),
        slots: async (scope) => devices.volumes.slots(scope),
      }),
      ...interfaceMetricHandlers({
        served: () => this.#served().filter(isOfInterface),
        counters: async (ids, scope) => devices.interfaces.counters(ids, scope),
        serviceCounters: async (scope) => devices.interfaces.serviceCounters(scope),
        slots: async (scope) => devices.volumes.slots(scope),
      }),
    };
  }

  /** Stops all guests side by side, then the cards. Nothing can be started afterwards. */
  async shutDown(options: ShutDownOptions): Promise<void> {
    this.#shuttingDown ??= this.#shutDown(options);
    if (options.isForced) {
      for (const { id } of this.#parts.context.registry.instances().items) {
        this.instances.hurry(id);
      }
    }
    await this.#shuttingDown;
    this.#ended.resolve();
  }

  /**
   * Resolves when the backplane has ended and no other could take its place. The next controller
   * ends the guests, whose channels it cannot have back.
   */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /** Resolves when guests and cards are gone because somebody asked for it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Ends the backplane too; after this only files are left. */
  async endBackplane(): Promise<void> {
    const { backplane, context } = this.#parts;
    await backplane.shutDown({ signal: deadlineSignal(stopTimeoutMs) });
    context.registry.deletePart('backplane');
    await rm(this.runtimeDir, { recursive: true, force: true });
  }

  /** Lets go of everything; what runs goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#following;
    await this.#parts.devices.abandon();
    await this.#parts.machines.abandon();
    await this.#owned.disposeAsync();
  }

  async #shutDown({ timeoutMs, isForced }: ShutDownOptions): Promise<void> {
    const { context, devices } = this.#parts;
    const { log } = context;
    context.operations.close();
    const ids = context.registry
      .instances()
      .items.filter(({ state }) => state !== 'stopped' && state !== 'error')
      .map(({ id }) => id);
    await Promise.all(
      ids.map(async (id) => {
        try {
          await this.instances.stopForShutDown(id, { timeoutMs, isForced });
        } catch (thrown) {
          log.error({ err: thrown, instance: id }, 'an instance could not be stopped');
        }
      }),
    );
    await devices.stop();
  }

  #host(): HostControl {
    const { context, devices, environment } = this.#parts;
    const { registry, operations } = context;
    return {
      version,
      startTimeMs: this.#startTimeMs,
      environment,
      parts: () => this.#describeParts(),
      limits: () => registry.hostLimits(),
      setLimits: async (limits, { requestId, isValidateOnly }, scope) =>
        operations.run<undefined, void>(
          {
            method: 'host.update',
            requestId,
            isValidateOnly,
            request: limits,
            resources: ['host'],
            decide: () => undefined,
            preview: () => {},
            target: () => 'host',
            perform: async (_plan, commit) => {
              commit(() => {
                registry.setHostLimits(limits);
              });
              await devices.volumes.setLimits({ scope: 'host', name: '', limits });
            },
            recall: () => {},
          },
          scope,
        ),
      shutDown: async (options) => this.shutDown(options),
    };
  }

  #describeParts(): readonly PartFacts[] {
    const { context, devices } = this.#parts;
    const { registry } = context;
    const own = { id: 'controller', kind: 'controller', state: 'running', restarts: 0 } as const;
    const controller = { ...own, pid: process.pid, startTimeMs: this.#startTimeMs };
    const planes = registry.parts().filter(({ kind }) => kind === 'backplane');
    return [
      controller,
      ...planes.map(({ id, kind, process: { pid }, restarts, startTimeMs }) => {
        return { id, kind, state: 'running', pid, restarts, startTimeMs } as const;
      }),
      ...devices.cards().map(({ part, state }) => {
        const { id, kind, restarts, startTimeMs } = part;
        return { id, kind, state, pid: part.process.pid, restarts, startTimeMs };
      }),
      ...registry.instances().items.flatMap(({ id, machine, startTimeMs }) => {
        if (machine === undefined) return [];
        const part = { id: `qemu-${id}`, kind: 'qemu', state: 'running', restarts: 0 } as const;
        return [{ ...part, pid: machine.pid, startTimeMs: startTimeMs ?? Date.now() }];
      }),
    ];
  }

  #servedVolumes(): readonly Attachment[] {
    const { registry, running } = this.#parts.context;
    return registry.attachments().filter(({ instance }) => running.has(instance));
  }

  #served(): readonly DeviceAttachment[] {
    const { registry, running } = this.#parts.context;
    return registry.devices().filter(({ instance }) => running.has(instance));
  }

  // A driver that takes its time, or comes again after a reboot, is seen here.
  async #followDrivers(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await sleep(driverPollMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      if (!(await this.#keepBackplane())) return;
      if (this.#served().length === 0) continue;
      try {
        await this.#lookForDrivers({ signal: deadlineSignal(stopTimeoutMs, signal) });
      } catch (thrown) {
        if (!signal.aborted) this.#parts.context.log.warn({ err: thrown }, 'slots are not known');
      }
    }
  }

  // False if there is none and can be none.
  async #keepBackplane(): Promise<boolean> {
    const { log } = this.#parts.context;
    // What a shutdown ends is not to come back.
    if (this.#shuttingDown !== undefined || (await this.#hasBackplane())) return true;
    log.error('the backplane has ended; another one takes its place');
    try {
      await this.#replaceBackplane({
        signal: deadlineSignal(stopTimeoutMs, this.#closing.signal),
      });
      return true;
    } catch (thrown) {
      log.error({ err: thrown }, 'no backplane could take the place of the one that ended');
      this.#lost.resolve();
      return false;
    }
  }

  // The new one gets what this controller has copies of: the channels of machines. Slots are opened
  // where they were, which is where QEMU tries to connect again, and cards are started anew.
  async #replaceBackplane(scope: Cancellable): Promise<void> {
    const { context, devices, machines, backplane, planeOptions } = this.#parts;
    const { registry } = context;
    const started = await startOrAdoptBackplane({ ...planeOptions, ...scope });
    await backplane.replace(started.backplane);
    await notePlane(registry, started.pid);
    await machines.keepChannels(scope);
    const served = this.#served();
    const volumes = this.#servedVolumes();
    // What a guest holds of volumes that were taken by force is served too.
    const held = registry.heldSlots().filter(({ instance }) => context.running.has(instance));
    await devices.reopen([...served, ...held.map(standInOf)], scope);
    // Last: whoever reads it finds the slots there.
    for (const id of new Set(volumes.map(({ instance }) => instance))) {
      const conditions = registry.instance(id)?.conditions ?? [];
      const condition = planeReplaced(volumes.filter(({ instance }) => instance === id));
      this.#keeper.put({ id }, { conditions: withCondition(conditions, condition) });
    }
  }

  async #hasBackplane(): Promise<boolean> {
    const { registry } = this.#parts.context;
    const plane = registry.parts().find(({ kind }) => kind === 'backplane');
    return plane !== undefined && (await isAlive(plane.process));
  }

  async #lookForDrivers(scope: Cancellable): Promise<void> {
    const { context, devices } = this.#parts;
    const slots = new Map(
      (await devices.volumes.slots(scope)).map((status) => [status.slot, status]),
    );
    for (const attachment of this.#served()) {
      const hasDriver = slots.get(attachment.slot)?.isDriverOk === true;
      if (attachment.phase !== 'plugged' || attachment.hasDriver === hasDriver) continue;
      context.registry.putDevice({ ...attachment, hasDriver });
    }
  }
}
