// SPDX-License-Identifier: Apache-2.0

// One block card of the host: what it serves, which a card that is started again gets again, with
// limits and faults, and its slots. Its process is the supervisor's.

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LevelLimits } from '../../card/bus/controls.ts';
import type { DeviceMetrics, FaultRule, FaultState } from '../../native/addons.ts';
import type { Attachment, Part } from '../model.ts';
import type { CardLauncher, CardLink } from './card-link.ts';
import { type CardState, CardSupervisor } from './card-supervisor.ts';

export interface CardOptions {
  readonly id: string;
  readonly launcher: CardLauncher<CardLink>;
  readonly log: Logger;
  /** The limits that a device is under: its guest's, its volume's, the host's. */
  readonly limitsOf: (attachment: Attachment) => readonly LevelLimits[];
  /** Told of every process that is started or adopted. */
  readonly onProcess: (part: Part) => void;
  readonly pingIntervalMs?: number;
}

interface Served {
  /** Undefined for a device of an adopted card until somebody wants it. */
  attachment: Attachment | undefined;
  /** The card's number; undefined until it has the device. */
  deviceId: number | undefined;
  /** Our number to the card's, and the rule to set again. */
  readonly faults: Map<number, { cardFault: number; readonly rule: FaultRule }>;
  lastFault: number;
}

export class SupervisedCard {
  readonly id: string;
  readonly #options: CardOptions;
  readonly #devices = new Map<VolumeId, Served>();
  readonly #supervisor: CardSupervisor<CardLink>;

  constructor(options: CardOptions) {
    this.#options = options;
    this.id = options.id;
    const { id, launcher, log, onProcess, pingIntervalMs } = options;
    this.#supervisor = new CardSupervisor<CardLink>({
      id,
      kind: 'block-card',
      launcher,
      log,
      onProcess,
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
      learn: async (link, scope) => this.#learn(link, scope),
      restore: async (link, scope) => this.#restoreAll(link, scope),
      forget: () => {
        this.#forget();
      },
    });
  }

  get state(): CardState {
    return this.#supervisor.state;
  }

  /** The process of the moment, or the last one. */
  get part(): Part | undefined {
    return this.#supervisor.part;
  }

  /** The volumes that it is to serve. */
  get volumes(): readonly VolumeId[] {
    return [...this.#devices.keys()];
  }

  /** Begins with a new process, or with the one of a part that the registry knows. */
  async start(known: Part | undefined, scope: Cancellable): Promise<void> {
    await this.#supervisor.start(known, scope);
  }

  /** Serves a volume at its slot; one that it serves already is left as it is. */
  async serve(attachment: Attachment, scope: Cancellable): Promise<void> {
    if (this.#isServed(attachment)) return;
    const link = await this.#ready(scope);
    // A card that was started again meanwhile has been given it.
    if (this.#isServed(attachment)) return;
    const device: Served = { attachment, deviceId: undefined, faults: new Map(), lastFault: 0 };
    this.#devices.set(attachment.volume, device);
    try {
      device.deviceId = await this.#add(link, attachment, scope);
    } catch (thrown) {
      this.#devices.delete(attachment.volume);
      throw thrown;
    }
  }

  /** Takes a volume's device away; fine if there is none. */
  async remove(volume: VolumeId, scope: Cancellable): Promise<void> {
    const served = this.#devices.get(volume);
    // From here on a card that is started again does not get it.
    this.#devices.delete(volume);
    if (served?.deviceId === undefined) return;
    try {
      await (await this.#ready(scope)).removeDevice(served.deviceId, scope);
    } catch (thrown) {
      // A card that has just been started again never had it.
      if (ArgonError.from(thrown).code !== 'not-found') throw thrown;
    }
  }

  /** Takes away what a card before served and nobody has asked for since. */
  async prune(scope: Cancellable): Promise<void> {
    for (const [volume, { attachment }] of this.#devices) {
      if (attachment === undefined) await this.remove(volume, scope);
    }
  }

  /** Asks the card about a device that it serves. @throws ArgonError failed-precondition if not. */
  async ask<Value>(
    volume: VolumeId,
    scope: Cancellable,
    question: (link: CardLink, deviceId: number) => Promise<Value>,
  ): Promise<Value> {
    const link = await this.#ready(scope);
    const deviceId = this.#devices.get(volume)?.deviceId;
    if (deviceId !== undefined) return question(link, deviceId);
    throw new ArgonError('failed-precondition', `volume ${volume} is served by no card now`, {
      hint: 'attach it to an instance that runs',
    });
  }

  /**
   * What a volume's device counts. Read without asking the card, also while that hangs or is being
   * replaced; asked for only where its shared counters do not have the volume.
   */
  async metrics(volume: VolumeId, scope: Cancellable): Promise<DeviceMetrics> {
    const isServed = this.#devices.has(volume);
    const counted = isServed ? this.#supervisor.last?.readCounters(volume) : undefined;
    return counted ?? this.ask(volume, scope, async (link, id) => link.metrics(id, scope));
  }

  async setLimits(level: LevelLimits, scope: Cancellable): Promise<void> {
    await (await this.#ready(scope)).setLimits(level, scope);
  }

  /** Adds a fault, which a card that is started again gets too; its number stays. */
  async addFault(volume: VolumeId, rule: FaultRule, scope: Cancellable): Promise<FaultState> {
    const cardFault = await this.ask(volume, scope, async (link, id) =>
      link.addFault(id, rule, scope),
    );
    const served = this.#devices.get(volume);
    if (served === undefined) throw new ArgonError('aborted', `volume ${volume} was detached`);
    served.lastFault += 1;
    served.faults.set(served.lastFault, { cardFault, rule });
    return { id: served.lastFault, rule, matches: 0n, hits: 0n };
  }

  /** @throws ArgonError not-found. */
  async removeFault(volume: VolumeId, fault: number, scope: Cancellable): Promise<void> {
    const faults = this.#devices.get(volume)?.faults;
    const found = faults?.get(fault);
    if (found === undefined) {
      throw new ArgonError('not-found', `volume ${volume} has no fault ${fault}`);
    }
    await this.ask(volume, scope, async (link, id) => link.removeFault(id, found.cardFault, scope));
    faults?.delete(fault);
  }

  async faults(volume: VolumeId, scope: Cancellable): Promise<readonly FaultState[]> {
    const states = await this.ask(volume, scope, async (link, id) => link.faults(id, scope));
    const byCard = new Map(states.map((state) => [state.id, state]));
    const own = this.#devices.get(volume)?.faults ?? new Map<number, never>();
    return Array.from(own, ([id, { cardFault, rule }]) => {
      const { matches = 0n, hits = 0n } = byCard.get(cardFault) ?? {};
      return { id, rule, matches, hits };
    });
  }

  /** As CardSupervisor.renew(); what it serves is durable first. */
  async renew(scope: Cancellable): Promise<void> {
    await this.#supervisor.renew(scope);
  }

  /** Ends the card in stages; nothing is started again. */
  async stop(): Promise<void> {
    await this.#supervisor.stop();
  }

  /** Leaves the card running, for the next controller. */
  async abandon(): Promise<void> {
    await this.#supervisor.abandon();
  }

  // Keeps the attachment of a volume that the card has.
  #isServed(attachment: Attachment): boolean {
    const served = this.#devices.get(attachment.volume);
    if (served?.deviceId === undefined) return false;
    served.attachment = attachment;
    return true;
  }

  async #ready(scope: Cancellable): Promise<CardLink> {
    return this.#supervisor.ready(scope);
  }

  async #learn(link: CardLink, scope: Cancellable): Promise<void> {
    for (const { id, volume } of await link.devices(scope)) {
      const states = await link.faults(id, scope);
      this.#devices.set(volume, {
        attachment: undefined,
        deviceId: id,
        faults: new Map(states.map((state) => [state.id, { ...state, cardFault: state.id }])),
        lastFault: Math.max(0, ...states.map((state) => state.id)),
      });
    }
  }

  // What nobody has asked for yet is not to be served again.
  #forget(): void {
    for (const [volume, device] of this.#devices) {
      device.deviceId = undefined;
      if (device.attachment === undefined) this.#devices.delete(volume);
    }
  }

  async #restoreAll(link: CardLink, scope: Cancellable): Promise<void> {
    for (const device of this.#devices.values()) {
      if (device.deviceId === undefined) await this.#restore(link, device, scope);
    }
  }

  // A device that cannot be served again does not keep the others from it.
  async #restore(link: CardLink, device: Served, scope: Cancellable): Promise<void> {
    const { log } = this.#options;
    const { attachment } = device;
    if (attachment === undefined) return;
    const { volume } = attachment;
    try {
      const deviceId = await this.#add(link, attachment, scope);
      if (this.#devices.get(volume) !== device) {
        await link.removeDevice(deviceId, scope); // It was taken away meanwhile.
        return;
      }
      device.deviceId = deviceId;
      for (const fault of device.faults.values()) {
        fault.cardFault = await link.addFault(deviceId, fault.rule, scope);
      }
    } catch (thrown) {
      device.deviceId = undefined;
      log.error({ err: thrown, card: this.id, volume }, 'a device cannot be served again');
    }
  }

  async #add(link: CardLink, attachment: Attachment, scope: Cancellable): Promise<number> {
    const { launcher, limitsOf } = this.#options;
    for (const level of limitsOf(attachment)) await link.setLimits(level, scope);
    await launcher.assign(attachment.slot, this.id, scope);
    return link.addDevice(attachment, scope);
  }
}
