// SPDX-License-Identifier: Apache-2.0

// Card processes that outlive the controller: the backplane keeps a copy of our end of a card's
// bus. One whose bus it did not get goes with us, so that no card is left that nobody reaches.

import { closeSync } from 'node:fs';
import { join } from 'node:path';

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { adoptCardBus, type RunningSlotCard } from '../../card/bus/card-process.ts';
import type { CardBus } from '../../card/bus/client.ts';
import { slotChannelFlag } from '../../card/bus/frames.ts';
import type { HostAddon, NativeCounterReader } from '../../native/addons.ts';
import { fromNative } from '../../native/error-kind.ts';
import type { Backplane } from '../backplane/client.ts';
import type { StepObserver } from '../driver/operations.ts';
import type { ProcessIdentity } from '../model.ts';
import { type CardLauncher, cardStopTimeoutMs, type ProcessLink } from './card-link.ts';
import { identifyProcess, killProcess } from './process-identity.ts';

/** A card that has been spawned. */
export type SpawnedCard = RunningSlotCard & {
  /** Memory that it counts in, if others read that. */
  readonly counterFd?: number;
};

/** What a kind of card is launched with. */
export interface CardMaker<Link extends ProcessLink> {
  readonly spawn: (
    options: { readonly logFile: string; readonly host: HostAddon } & Cancellable,
  ) => Promise<SpawnedCard>;
  readonly link: (
    process: ProcessIdentity,
    bus: CardBus,
    counters: NativeCounterReader | undefined,
  ) => Link;
}

export interface CardLauncherOptions<Link extends ProcessLink> {
  readonly maker: CardMaker<Link>;
  /** Gets a log for each card. */
  readonly logDir: string;
  readonly backplane: Backplane;
  readonly native: HostAddon;
  readonly step: StepObserver;
  readonly log: Logger;
}

export class CardProcesses<Link extends ProcessLink> implements CardLauncher<Link> {
  readonly #options: CardLauncherOptions<Link>;

  constructor(options: CardLauncherOptions<Link>) {
    this.#options = options;
  }

  async start(id: string, scope: Cancellable): Promise<Link> {
    const { maker, native, backplane, step, logDir } = this.#options;
    const logFile = join(logDir, `${id}.log`);
    const card = await maker.spawn({ ...scope, logFile, host: native });
    const { counterFd } = card;
    try {
      await step('card: spawned');
      const process = await identifyProcess(card.pid);
      if (process === undefined) throw new ArgonError('unavailable', `the card ${id} has ended`);
      // Before the bus, so that who adopts the card finds them.
      if (counterFd !== undefined) await backplane.keepFd(`counters/${id}`, counterFd, scope);
      await backplane.keepFd(`bus/${id}`, card.busFd, scope);
      await step('card: bus kept');
      await backplane.attachCard(id, card.slotChannelFd, scope);
      await step('card: attached');
      const counters = counterFd === undefined ? undefined : this.#openCounters(id, counterFd);
      return maker.link(process, card.bus, counters);
    } catch (thrown) {
      card.bus.end();
      await this.forget(id, undefined, { signal: deadlineSignal(cardStopTimeoutMs) });
      throw thrown;
    } finally {
      closeSync(card.slotChannelFd);
      if (counterFd !== undefined) closeSync(counterFd);
    }
  }

  async adopt(id: string, process: ProcessIdentity, scope: Cancellable): Promise<Link> {
    const { maker, backplane } = this.#options;
    const fd = await backplane.takeFd(`bus/${id}`, scope);
    const bus = await adoptCardBus(fd, scope);
    return maker.link(process, bus, await this.#takeCounters(id, scope));
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
}
