// SPDX-License-Identifier: Apache-2.0

// The process of one card of the host, of any kind: kept running, asked now and then whether it
// still answers, and started again when it does not. What it served is given to it again; the
// backplane holds the guests' requests meanwhile. One that is renewed goes the same way, but ends
// in stages and without a pause.
//
//   starting ──given all──▶ running ──lost, silent──▶ backing off ──pause──▶ starting
//       └───────── stop ───────┴───────────────────────────┴──▶ stopped

import { setTimeout as sleep } from 'node:timers/promises';

import { BackOff } from '../../base/back-off.ts';
import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Part, PartKind } from '../model.ts';
import type { CardLauncher, ProcessLink } from './card-link.ts';

export interface SupervisorOptions<Link extends ProcessLink> {
  readonly id: string;
  readonly kind: PartKind;
  readonly launcher: CardLauncher<Link>;
  readonly log: Logger;
  /** Told of every process that is started or adopted. */
  readonly onProcess: (part: Part) => void;
  readonly pingIntervalMs?: number;
  /** Notes what a card has that a controller before started. */
  readonly learn: (link: Link, scope: Cancellable) => Promise<void>;
  /** Gives a card that runs what it has not; before anybody else asks it. */
  readonly restore: (link: Link, scope: Cancellable) => Promise<void>;
  /** The card has nothing any more. */
  readonly forget: () => void;
}

export type CardState = 'starting' | 'running' | 'backing-off' | 'stopping';

// A card answers from its main thread, which no I/O holds up; a host that is out of CPU may.
const defaultPingIntervalMs = 3_000;
const pingTimeoutMs = 20_000;
// Opening a volume waits for the last I/O of a card that died.
const restartTimeoutMs = 60_000;

export class CardSupervisor<Link extends ProcessLink> {
  readonly #options: SupervisorOptions<Link>;
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  #link = Promise.withResolvers<Link>();
  #last: Link | undefined;
  #running: Promise<void> | undefined;
  /** Resolved when the card of the moment is to give way to another. */
  #renewal = Promise.withResolvers<'renewed'>();
  #isRenewing = false;
  #state: CardState = 'starting';
  #part: Part | undefined;
  #restarts = 0;

  constructor(options: SupervisorOptions<Link>) {
    this.#options = options;
    this.#link.promise.catch(() => {}); // Whoever waits for it hears of it.
  }

  get state(): CardState {
    return this.#state;
  }

  /** The process of the moment, or the last one. */
  get part(): Part | undefined {
    return this.#part;
  }

  /** The card that served last, also when it is gone. */
  get last(): Link | undefined {
    return this.#last;
  }

  /** Begins with a new process, or with the one of a part that the registry knows. */
  async start(known: Part | undefined, scope: Cancellable): Promise<void> {
    this.#restarts = known?.restarts ?? 0;
    let link: Link | undefined;
    if (known !== undefined) link = await this.#adopt(known, scope);
    const first = link ?? (await this.#launch(scope));
    this.#running = this.#keepRunning(first);
  }

  /** The card, as soon as it runs and has what it is to have. */
  async ready({ signal }: Cancellable): Promise<Link> {
    return abortable(this.#link.promise, `waiting for ${this.#options.id}`, { signal });
  }

  /**
   * Has another card take the place of this one, which ends in stages first: for when the channel
   * that it inherited leads nowhere any more.
   */
  async renew(scope: Cancellable): Promise<void> {
    await this.ready(scope);
    // One that was lost in this moment is being started again anyway.
    if (this.#state === 'running') {
      this.#isRenewing = true;
      this.#beginWait('starting');
      this.#renewal.resolve('renewed');
    }
    await this.ready(scope);
  }

  /** Ends the card in stages; nothing is started again. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.#closing.abort();
    await this.#running;
    const scope = { signal: deadlineSignal(restartTimeoutMs) };
    await this.#options.launcher.forget(this.#options.id, this.#part?.process, scope);
  }

  /** Leaves the card running, for the next controller. */
  async abandon(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #adopt(known: Part, scope: Cancellable): Promise<Link | undefined> {
    const { id, launcher, log, learn, forget } = this.#options;
    try {
      const link = await launcher.adopt(id, known.process, scope);
      await learn(link, scope);
      this.#note(link, known.startTimeMs);
      return link;
    } catch (thrown) {
      log.warn({ err: thrown, card: id }, 'a card cannot be adopted, and is started anew');
      forget();
      await launcher.forget(id, known.process, scope);
      this.#restarts += 1;
      return undefined;
    }
  }

  async #launch(scope: Cancellable): Promise<Link> {
    this.#state = 'starting';
    const link = await this.#options.launcher.start(this.#options.id, scope);
    this.#note(link, Date.now());
    return link;
  }

  #note({ process }: Link, startTimeMs: number): void {
    const { id, kind, onProcess } = this.#options;
    const restarts = this.#restarts;
    this.#part = { id, kind, process, restarts, startTimeMs };
    onProcess(this.#part);
  }

  async #keepRunning(first: Link): Promise<void> {
    const { id, log, launcher, forget } = this.#options;
    const { signal } = this.#closing;
    let link: Link | undefined = first;
    for (;;) {
      const startedMs = performance.now();
      try {
        link ??= await this.#launch({ signal: deadlineSignal(restartTimeoutMs, signal) });
        await this.#follow(link);
      } catch (thrown) {
        if (signal.aborted) break;
        log.error({ err: thrown, card: id }, 'a card could not be started');
      }
      if (signal.aborted) break;
      // Whoever waits for a card that never came to run waits for the next one.
      if (this.#state === 'running') this.#beginWait('backing-off');
      this.#state = 'backing-off';
      forget();
      const isRenewing = this.#isRenewing;
      this.#isRenewing = false;
      this.#renewal = Promise.withResolvers();
      await (isRenewing ? link?.stop() : link?.kill());
      await launcher.forget(id, this.#part?.process, {
        signal: deadlineSignal(restartTimeoutMs),
      });
      link = undefined;
      this.#restarts += 1;
      const pauseMs = isRenewing ? 0 : this.#backOff.next(performance.now() - startedMs);
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
    this.#link.reject(new ArgonError('unavailable', `${id} was stopped`));
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
  async #follow(link: Link): Promise<void> {
    const { id, log, restore, pingIntervalMs = defaultPingIntervalMs } = this.#options;
    const { signal } = this.#closing;
    await restore(link, { signal: deadlineSignal(restartTimeoutMs, signal) });
    this.#state = 'running';
    this.#last = link;
    this.#link.resolve(link);
    for (;;) {
      const pause = sleep(pingIntervalMs, 'still there', { signal }).catch(() => 'closing');
      const outcome = await Promise.race([link.lost, pause, this.#renewal.promise]);
      if (signal.aborted || outcome === 'renewed') return;
      if (outcome !== 'still there') {
        log.error({ card: id, reason: outcome }, 'a card is lost');
        return;
      }
      try {
        await link.ping({ signal: deadlineSignal(pingTimeoutMs, signal) });
      } catch (thrown) {
        if (!signal.aborted) log.error({ card: id, err: thrown }, 'a card does not answer');
        return;
      }
    }
  }
}
