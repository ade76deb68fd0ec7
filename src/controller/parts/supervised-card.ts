// SPDX-License-Identifier: Apache-2.0

// One card of the host: kept running, asked now and then whether it still answers, and started
// again when it does not. What it served is added again, with limits and faults, and given its
// slots; the backplane holds the guests' requests meanwhile. One that is renewed goes the same way,
// but ends in stages and without a pause.
//
//   starting ──devices added──▶ running ──lost, silent──▶ backing off ──pause──▶ starting
//       └──────────── stop ────────┴───────────────────────────┴──▶ stopped

import { setTimeout as sleep } from 'node:timers/promises';

import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LevelLimits } from '../../card/bus/controls.ts';
import type { DeviceMetrics, FaultRule, FaultState } from '../../native/addons.ts';
import type { Attachment, Part } from '../model.ts';
import { BackOff } from './back-off.ts';
import type { CardLauncher, CardLink } from './card-link.ts';

export interface CardOptions {
  readonly id: string;
  readonly launcher: CardLauncher;
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

export type CardState = 'starting' | 'running' | 'backing-off' | 'stopping';

// A card answers from its main thread, which no I/O holds up; a host that is out of CPU may.
const defaultPingIntervalMs = 3_000;
const pingTimeoutMs = 20_000;
// Opening a volume waits for the last I/O of a card that died.
const restartTimeoutMs = 60_000;

export class SupervisedCard {
  readonly id: string;
  readonly #options: CardOptions;
  readonly #devices = new Map<VolumeId, Served>();
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  #link = Promise.withResolvers<CardLink>();
  /** The card that served last: what it counted can be read when it is gone. */
  #counting: CardLink | undefined;
  #running: Promise<void> | undefined;
  /** Resolved when the card of the moment is to give way to another. */
  #renewal = Promise.withResolvers<'renewed'>();
  #isRenewing = false;
  #state: CardState = 'starting';
  #part: Part | undefined;
  #restarts = 0;

  constructor(options: CardOptions) {
    this.#options = options;
    this.id = options.id;
    this.#link.promise.catch(() => {}); // Whoever waits for it hears of it.
  }

  get state(): CardState {
    return this.#state;
  }

  /** The process of the moment, or the last one. */
  get part(): Part | undefined {
    return this.#part;
  }

  /** The volumes that it is to serve. */
  get volumes(): readonly VolumeId[] {
    return [...this.#devices.keys()];
  }

  /** Begins with a new process, or with the one of a part that the registry knows. */
  async start(known: Part | undefined, scope: Cancellable): Promise<void> {
    this.#restarts = known?.restarts ?? 0;
    let link: CardLink | undefined;
    if (known !== undefined) link = await this.#adopt(known, scope);
    const first = link ?? (await this.#launch(scope));
    this.#running = this.#keepRunning(first);
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
    const counted = isServed ? this.#counting?.readCounters(volume) : undefined;
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

  /**
   * Has another card take the place of this one, which makes all that it serves durable first: for
   * when the channel that it inherited leads nowhere any more.
   */
  async renew(scope: Cancellable): Promise<void> {
    await this.#ready(scope);
    // One that was lost in this moment is being started again anyway.
    if (this.#state === 'running') {
      this.#isRenewing = true;
      this.#beginWait('starting');
      this.#renewal.resolve('renewed');
    }
    await this.#ready(scope);
  }

  /** Ends the card in stages; nothing is started again. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.#closing.abort();
    await this.#running;
    const scope = { signal: deadlineSignal(restartTimeoutMs) };
    await this.#options.launcher.forget(this.id, this.#part?.process, scope);
  }

  /** Leaves the card running, for the next controller. */
  async abandon(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  // Keeps the attachment of a volume that the card has.
  #isServed(attachment: Attachment): boolean {
    const served = this.#devices.get(attachment.volume);
    if (served?.deviceId === undefined) return false;
    served.attachment = attachment;
    return true;
  }

  async #ready({ signal }: Cancellable): Promise<CardLink> {
    return abortable(this.#link.promise, `waiting for ${this.id}`, { signal });
  }

  async #adopt(known: Part, scope: Cancellable): Promise<CardLink | undefined> {
    const { launcher, log } = this.#options;
    try {
      const link = await launcher.adopt(this.id, known.process, scope);
      for (const { id, volume } of await link.devices(scope)) {
        const states = await link.faults(id, scope);
        this.#devices.set(volume, {
          attachment: undefined,
          deviceId: id,
          faults: new Map(states.map((state) => [state.id, { ...state, cardFault: state.id }])),
          lastFault: Math.max(0, ...states.map((state) => state.id)),
        });
      }
      this.#note(link, known.startTimeMs);
      return link;
    } catch (thrown) {
      log.warn({ err: thrown, card: this.id }, 'a card cannot be adopted, and is started anew');
      this.#devices.clear();
      await launcher.forget(this.id, known.process, scope);
      this.#restarts += 1;
      return undefined;
    }
  }

  async #launch(scope: Cancellable): Promise<CardLink> {
    this.#state = 'starting';
    const link = await this.#options.launcher.start(this.id, scope);
    this.#note(link, Date.now());
    return link;
  }

  #note({ process }: CardLink, startTimeMs: number): void {
    const { onProcess } = this.#options;
    const restarts = this.#restarts;
    this.#part = { id: this.id, kind: 'block-card', process, restarts, startTimeMs };
    onProcess(this.#part);
  }

  async #keepRunning(first: CardLink): Promise<void> {
    const { log, launcher } = this.#options;
    const { signal } = this.#closing;
    let link: CardLink | undefined = first;
    for (;;) {
      const startedMs = performance.now();
      try {
        link ??= await this.#launch({ signal: deadlineSignal(restartTimeoutMs, signal) });
        await this.#follow(link);
      } catch (thrown) {
        if (signal.aborted) break;
        log.error({ err: thrown, card: this.id }, 'a card could not be started');
      }
      if (signal.aborted) break;
      // Whoever waits for a card that never came to run waits for the next one.
      if (this.#state === 'running') this.#beginWait('backing-off');
      this.#state = 'backing-off';
      for (const device of this.#devices.values()) device.deviceId = undefined;
      const isRenewing = this.#isRenewing;
      this.#isRenewing = false;
      this.#renewal = Promise.withResolvers();
      await (isRenewing ? link?.stop() : link?.kill());
      await launcher.forget(this.id, this.#part?.process, {
        signal: deadlineSignal(restartTimeoutMs),
      });
      link = undefined;
      this.#restarts += 1;
      const pauseMs = isRenewing ? 0 : this.#backOff.next(performance.now() - startedMs);
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    this.#link.reject(new ArgonError('unavailable', `${this.id} was stopped`));
    if (this.#state === 'stopping') await link?.stop();
    else link?.abandon();
  }

  // Whoever asks from here on waits for the next card.
  #beginWait(state: CardState): void {
    this.#state = state;
    this.#link = Promise.withResolvers();
    this.#link.promise.catch(() => {});
  }

  // Until the card is lost or does not answer, or is to stop or to give way.
  async #follow(link: CardLink): Promise<void> {
    const { log, pingIntervalMs = defaultPingIntervalMs } = this.#options;
    const { signal } = this.#closing;
    const restart = { signal: deadlineSignal(restartTimeoutMs, signal) };
    for (const device of this.#devices.values()) {
      if (device.deviceId === undefined) await this.#restore(link, device, restart);
    }
    this.#state = 'running';
    this.#counting = link;
    this.#link.resolve(link);
    for (;;) {
      const pause = sleep(pingIntervalMs, 'still there', { signal }).catch(() => 'closing');
      const outcome = await Promise.race([link.lost, pause, this.#renewal.promise]);
      if (signal.aborted || outcome === 'renewed') return;
      if (outcome !== 'still there') {
        log.error({ card: this.id, reason: outcome }, 'a card is lost');
        return;
      }
      try {
        await link.ping({ signal: deadlineSignal(pingTimeoutMs, signal) });
      } catch (thrown) {
        if (!signal.aborted) log.error({ card: this.id, err: thrown }, 'a card does not answer');
        return;
      }
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
