// SPDX-License-Identifier: Apache-2.0

// Card processes that outlive the controller: the backplane keeps a copy of our end of a card's
// bus. One whose bus it did not get goes with us, so that no card is left that nobody reaches.

import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import { adoptCardBus, startSlotCard } from '../../card/bus/card-process.ts';
import type { CardBus } from '../../card/bus/client.ts';
import { slotChannelFlag } from '../../card/bus/frames.ts';
import type { ServedDeviceOptions } from '../../card/bus/messages.ts';
import type { KeyService } from '../../keys/key-service.ts';
import type { DeviceMetrics, HostAddon, NativeCounterReader } from '../../native/addons.ts';
import { fromNative } from '../../native/error-kind.ts';
import type { VolumeStore } from '../../volume/volume-store.ts';
import type { Backplane } from '../backplane/client.ts';
import type { StepObserver } from '../driver/operations.ts';
import type { Attachment, ProcessIdentity } from '../model.ts';
import { deviceOfVolume } from '../volume-device.ts';
import type { CardLauncher, CardLink } from './card-link.ts';
import { identifyProcess, killProcess, waitForEnd } from './process-identity.ts';

export interface CardLauncherOptions {
  /** Gets a log for each card. */
  readonly logDir: string;
  readonly backplane: Backplane;
  readonly native: HostAddon;
  readonly volumes: VolumeStore;
  readonly keys: KeyService;
  readonly step: StepObserver;
  readonly log: Logger;
}

// Guests share the host's cores with their cards.
const cardOptions = { workers: 1, pollMode: 'off', cpus: [] } as const;
// More than a guest here has CPUs, each of which gets a queue of its own.
const offeredQueues = 16;
// Draining waits for the disk; a card that takes longer is ended by force.
const stopTimeoutMs = 20_000;

export class CardProcesses implements CardLauncher {
  readonly #options: CardLauncherOptions;

  constructor(options: CardLauncherOptions) {
    this.#options = options;
  }

  async start(id: string, scope: Cancellable): Promise<CardLink> {
    const { native, backplane, step, logDir } = this.#options;
    const logFile = join(logDir, `${id}.log`);
    const card = await startSlotCard({ ...scope, card: cardOptions, logFile, host: native });
    try {
      await step('card: spawned');
      const process = await identifyProcess(card.pid);
      if (process === undefined) throw new ArgonError('unavailable', `the card ${id} has ended`);
      // Before the bus, so that who adopts the card finds them.
      await backplane.keepFd(`counters/${id}`, card.counterFd, scope);
      await backplane.keepFd(`bus/${id}`, card.busFd, scope);
      await step('card: bus kept');
      await backplane.attachCard(id, card.slotChannelFd, scope);
      await step('card: attached');
      return this.#link(process, card.bus, this.#openCounters(id, card.counterFd));
    } catch (thrown) {
      card.bus.end();
      await this.forget(id, undefined, { signal: deadlineSignal(stopTimeoutMs) });
      throw thrown;
    } finally {
      closeSync(card.slotChannelFd);
      closeSync(card.counterFd);
    }
  }

  async adopt(id: string, process: ProcessIdentity, scope: Cancellable): Promise<CardLink> {
    const fd = await this.#options.backplane.takeFd(`bus/${id}`, scope);
    const bus = await adoptCardBus(fd, scope);
    return this.#link(process, bus, await this.#takeCounters(id, scope));
  }

  async forget(
    id: string,
    process: ProcessIdentity | undefined,
    scope: Cancellable,
  ): Promise<void> {
    const { backplane } = this.#options;
    if (process !== undefined) await killProcess(process, slotChannelFlag);
    await backplane.dropFd(`bus/${id}`, scope);
    await backplane.dropFd(`counters/${id}`, scope);
    await backplane.detachCard(id, scope);
  }

  async assign(slot: number, card: string, scope: Cancellable): Promise<void> {
    await this.#options.backplane.assign(slot, card, scope);
  }

  /** Forgets the buses of cards that nobody knows; they end with them. */
  async prune(known: ReadonlySet<string>, scope: Cancellable): Promise<void> {
    const { backplane } = this.#options;
    for (const name of await backplane.listFds(scope)) {
      const id = /^(?:bus|counters)\/(.+)$/.exec(name)?.[1];
      if (id !== undefined && !known.has(id)) await backplane.dropFd(name, scope);
    }
  }

  #link(
    process: ProcessIdentity,
    bus: CardBus,
    counters: NativeCounterReader | undefined,
  ): CardLink {
    return new BusLink(process, bus, counters, async (attachment) => this.#describe(attachment));
  }

  // Without them the card is asked, as long as it answers.
  #openCounters(id: string, fd: number): NativeCounterReader | undefined {
    const { native, log } = this.#options;
    try {
      return new native.CounterReader(fd);
    } catch (thrown) {
      log.warn({ err: fromNative(thrown), card: id }, 'the counters of a card cannot be read');
      return undefined;
    }
  }

  async #takeCounters(id: string, scope: Cancellable): Promise<NativeCounterReader | undefined> {
    const { backplane, log } = this.#options;
    let fd: number;
    try {
      fd = await backplane.takeFd(`counters/${id}`, scope);
    } catch (thrown) {
      log.warn({ err: thrown, card: id }, 'the counters of a card are not kept');
      return undefined;
    }
    try {
      return this.#openCounters(id, fd);
    } finally {
      closeSync(fd);
    }
  }

  async #describe(attachment: Attachment): Promise<ServedDeviceOptions> {
    const { volumes, keys } = this.#options;
    const { volume, slot, instance, isReadOnly, standIn } = attachment;
    const serving = {
      slot,
      isReadOnly,
      queues: offeredQueues,
      blockBytes: 512, // Firmware boots from nothing else.
      memoryPolicy: 'sealed',
      controls: { guest: instance, hasFaults: true, hasPower: false, seed: 1n },
    } as const;
    if (standIn !== undefined) {
      const store = { kind: 'broken', sizeBytes: standIn.sizeBytes } as const;
      return { id: volume, ...serving, store, cipher: { kind: 'none' } };
    }
    return deviceOfVolume(await volumes.get(volume), volumes, keys, serving);
  }
}

class BusLink implements CardLink {
  readonly process: ProcessIdentity;
  readonly lost: Promise<string>;
  readonly #bus: CardBus;
  readonly #counters: NativeCounterReader | undefined;
  readonly #describe: (attachment: Attachment) => Promise<ServedDeviceOptions>;

  constructor(
    process: ProcessIdentity,
    bus: CardBus,
    counters: NativeCounterReader | undefined,
    describe: (attachment: Attachment) => Promise<ServedDeviceOptions>,
  ) {
    this.process = process;
    this.#bus = bus;
    this.#counters = counters;
    this.#describe = describe;
    this.lost = this.#untilLost();
  }

  ping: CardLink['ping'] = async (scope) => this.#bus.ping(scope);
  devices: CardLink['devices'] = async (scope) => this.#bus.devices(scope);
  addDevice: CardLink['addDevice'] = async (attachment, scope) =>
    this.#bus.addDevice(await this.#describe(attachment), scope);
  removeDevice: CardLink['removeDevice'] = async (id, scope) => this.#bus.removeDevice(id, scope);
  growStore: CardLink['growStore'] = async (id, size, scope) =>
    this.#bus.growStore(id, size, scope);
  growDevice: CardLink['growDevice'] = async (id, size, scope) =>
    this.#bus.growDevice(id, size, scope);
  setLimits: CardLink['setLimits'] = async (level, scope) => this.#bus.setLimits(level, scope);
  addFault: CardLink['addFault'] = async (id, rule, scope) => this.#bus.addFault(id, rule, scope);
  removeFault: CardLink['removeFault'] = async (id, fault, scope) =>
    this.#bus.removeFault(id, fault, scope);
  releaseFaults: CardLink['releaseFaults'] = async (id, scope) =>
    this.#bus.releaseFaults(id, scope);
  faults: CardLink['faults'] = async (id, scope) => this.#bus.faults(id, scope);
  metrics: CardLink['metrics'] = async (id, scope) => this.#bus.metrics(id, scope);

  readCounters(volume: VolumeId): DeviceMetrics | undefined {
    try {
      return this.#counters?.read(volume);
    } catch {
      return undefined; // The card has no room for it there, or has written nonsense.
    }
  }

  async stop(): Promise<void> {
    this.#bus.end();
    try {
      await waitForEnd(this.process, { signal: deadlineSignal(stopTimeoutMs) });
    } catch {
      await this.kill();
    }
  }

  async kill(): Promise<void> {
    this.#bus.end();
    await killProcess(this.process, slotChannelFlag);
  }

  abandon(): void {
    this.#bus.close();
  }

  async #untilLost(): Promise<string> {
    await this.#bus.closed;
    return 'its bus was closed';
  }
}
