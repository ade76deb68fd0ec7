// SPDX-License-Identifier: Apache-2.0

// The network card of the host: the interfaces that it serves, and the policy that they are under.
// A card that is started again gets the policy first, then its interfaces. Policies are made of
// what the registry says when they are sent, one after another, so that the last one in force is of
// the last change. One that could not be sent is tried again until one is in force.

import { setTimeout as sleep } from 'node:timers/promises';

import { BackOff } from '../../base/back-off.ts';
import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { CaptureOptions, CaptureReading } from '../../card/bus/captures.ts';
import type { CardServiceCounters } from '../../card/bus/interface-counters.ts';
import type { FlowLogState, UplinkState } from '../../card/bus/interfaces.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { Trace } from '../../native/network-watch.ts';
import type { InterfaceAttachment, Part, TracePacket } from '../model.ts';
import type { CardLauncher, NetworkLink } from './card-link.ts';
import { type CardState, CardSupervisor } from './card-supervisor.ts';

// A card that is gone gets its policy when it is started again; nobody waits for that.
export const policyTimeoutMs = 5_000;

export interface NetworkCardOptions {
  readonly id: string;
  readonly launcher: CardLauncher<NetworkLink>;
  readonly log: Logger;
  /** Where the registry has an interface. */
  readonly attachmentOf: (id: string) => InterfaceAttachment | undefined;
  /** The policy for these interfaces, of what the registry says now. */
  readonly policyOf: (served: readonly InterfaceAttachment[]) => Uint8Array;
  /** Told of every process that is started or adopted. */
  readonly onProcess: (part: Part) => void;
  readonly pingIntervalMs?: number;
}

/** That what is in force is not what the registry says. */
export interface PolicyTrouble {
  /** A sentence. */
  readonly reason: string;
  readonly sinceMs: number;
}

interface Served {
  readonly attachment: InterfaceAttachment;
  /** The card of the moment has it. */
  isThere: boolean;
  /** Somebody of this controller wants it. */
  isWanted: boolean;
}

export class SupervisedNetworkCard {
  readonly #options: NetworkCardOptions;
  readonly #supervisor: CardSupervisor<NetworkLink>;
  readonly #served = new Map<string, Served>();
  /** The end of the last push; never rejects. */
  #pushing: Promise<void> = Promise.resolve();
  #policyTrouble: PolicyTrouble | undefined;
  /** While a policy is tried again; never rejects. */
  #retrying: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: NetworkCardOptions) {
    const { id, launcher, log, onProcess, pingIntervalMs } = options;
    this.#options = options;
    this.#supervisor = new CardSupervisor<NetworkLink>({
      id,
      kind: 'network-card',
      launcher,
      log,
      onProcess,
      ...(pingIntervalMs === undefined ? {} : { pingIntervalMs }),
      learn: async (link, scope) => this.#learn(link, scope),
      restore: async (link, scope) => this.#restore(link, scope),
      forget: () => {
        for (const [served, one] of this.#served) {
          one.isThere = false;
          if (!one.isWanted) this.#served.delete(served);
        }
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

  async start(known: Part | undefined, scope: Cancellable): Promise<void> {
    await this.#supervisor.start(known, scope);
  }

  /** Serves an interface at its slot; one that it serves already is left as it is. */
  async serve(attachment: InterfaceAttachment, scope: Cancellable): Promise<void> {
    const id = attachment.interface;
    const link = await this.#supervisor.ready(scope);
    const known = this.#served.get(id);
    if (known?.isThere === true && known.attachment.slot === attachment.slot) {
      known.isWanted = true;
      return;
    }
    const one: Served = { attachment, isThere: false, isWanted: true };
    this.#served.set(id, one);
    try {
      // Before its first frame.
      await this.pushPolicy(scope);
      // A card that was started again meanwhile has been given it.
      if (!one.isThere) await this.#add(link, one, scope);
    } catch (thrown) {
      this.#served.delete(id);
      throw thrown;
    }
  }

  /** Takes an interface away; fine if there is none. */
  async remove({ interface: id }: InterfaceAttachment, scope: Cancellable): Promise<void> {
    const one = this.#served.get(id);
    // From here on a card that is started again does not get it.
    this.#served.delete(id);
    if (one === undefined) return;
    if (one.isThere) {
      const link = await this.#supervisor.ready(scope);
      await link.removeInterface(one.attachment.slot, scope).catch(ignoreMissing);
    }
    await this.pushPolicy(scope);
  }

  /** Takes away what a card before served and nobody has asked for since. */
  async prune(scope: Cancellable): Promise<void> {
    for (const { attachment, isWanted } of this.#served.values()) {
      if (!isWanted) await this.remove(attachment, scope);
    }
  }

  /** Settles when the policy of now, or a later one, is in force. */
  async pushPolicy(scope: Cancellable): Promise<void> {
    const before = this.#pushing;
    const push = async (): Promise<void> => {
      await before;
      await this.#setPolicy(await this.#supervisor.ready(scope), scope);
    };
    const pushed = push();
    // Whoever asked for it hears of it too.
    this.#pushing = pushed.catch((thrown: unknown) => {
      this.#noteTrouble(thrown);
    });
    await pushed;
  }

  /** Undefined while the policy in force is the one of now, as far as is known. */
  get policyTrouble(): PolicyTrouble | undefined {
    return this.#policyTrouble;
  }

  /** What would become of a packet of an interface; undefined if that is not served. */
  async trace(id: string, packet: TracePacket, scope: Cancellable): Promise<Trace | undefined> {
    return this.#ask(id, scope, async (link, from) => link.trace({ ...packet, from }, scope));
  }

  /** What an interface counted; undefined if it is not served. */
  async counters(id: string, scope: Cancellable): Promise<InterfaceCounters | undefined> {
    return this.#ask(id, scope, async (link, index) => link.counters(index, scope));
  }

  /** Begins a capture of an interface; undefined if that is not served. */
  async startCapture(
    options: Omit<CaptureOptions, 'index'>,
    scope: Cancellable,
  ): Promise<CaptureReading | undefined> {
    return this.#ask(options.interface, scope, async (link, index) =>
      link.startCapture({ ...options, index }, scope),
    );
  }

  async readCapture(capture: string, offset: number, scope: Cancellable): Promise<CaptureReading> {
    return (await this.#supervisor.ready(scope)).readCapture(capture, offset, scope);
  }

  async stopCapture(capture: string, scope: Cancellable): Promise<CaptureReading> {
    return (await this.#supervisor.ready(scope)).stopCapture(capture, scope);
  }

  async flowLogs(scope: Cancellable): Promise<readonly FlowLogState[]> {
    return (await this.#supervisor.ready(scope)).flowLogs(scope);
  }

  async uplinks(scope: Cancellable): Promise<readonly UplinkState[]> {
    return (await this.#supervisor.ready(scope)).uplinks(scope);
  }

  async serviceCounters(scope: Cancellable): Promise<CardServiceCounters> {
    return (await this.#supervisor.ready(scope)).serviceCounters(scope);
  }

  /** As CardSupervisor.renew(). */
  async renew(scope: Cancellable): Promise<void> {
    await this.#supervisor.renew(scope);
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    await this.#supervisor.stop();
    await this.#retrying;
  }

  async abandon(): Promise<void> {
    this.#closing.abort();
    await this.#supervisor.abandon();
    await this.#retrying;
  }

  async #setPolicy(link: NetworkLink, scope: Cancellable): Promise<void> {
    await link.setPolicy(this.#policy(), scope);
    this.#policyTrouble = undefined;
  }

  #noteTrouble(thrown: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { message: reason } = ArgonError.from(thrown);
    this.#policyTrouble = { reason, sinceMs: this.#policyTrouble?.sinceMs ?? Date.now() };
    this.#retrying ??= this.#retry();
  }

  // A card that is started again gets the policy with its start; this is for one that is there.
  async #retry(): Promise<void> {
    const { signal } = this.#closing;
    const backOff = new BackOff();
    while (this.#policyTrouble !== undefined && !signal.aborted) {
      try {
        await sleep(backOff.next(0), undefined, { signal });
        await this.pushPolicy({ signal: deadlineSignal(policyTimeoutMs, signal) });
      } catch {
        // It is noted, and the next time is later.
      }
    }
    this.#retrying = undefined;
  }

  async #ask<Value>(
    id: string,
    scope: Cancellable,
    question: (link: NetworkLink, index: number) => Promise<Value>,
  ): Promise<Value | undefined> {
    if (!this.#served.has(id)) return undefined;
    const link = await this.#supervisor.ready(scope);
    const one = this.#served.get(id);
    return one?.isThere === true ? question(link, one.attachment.slot) : undefined;
  }

  #policy(): Uint8Array {
    const served = [...this.#served.values()].map(({ attachment }) => attachment);
    return this.#options.policyOf(served);
  }

  // What the registry does not have is as good as gone.
  async #learn(link: NetworkLink, scope: Cancellable): Promise<void> {
    for (const { index, interface: id } of await link.interfaces(scope)) {
      const attachment = this.#options.attachmentOf(id);
      if (attachment?.slot === index) {
        this.#served.set(id, { attachment, isThere: true, isWanted: false });
      } else await link.removeInterface(index, scope).catch(ignoreMissing);
    }
  }

  // An interface that cannot be served again does not keep the others from it.
  async #restore(link: NetworkLink, scope: Cancellable): Promise<void> {
    const { log, id } = this.#options;
    if (this.#served.size === 0) return;
    await this.#setPolicy(link, scope);
    for (const one of this.#served.values()) {
      try {
        if (!one.isThere) await this.#add(link, one, scope);
        // It may have been taken away meanwhile.
        const { slot, interface: served } = one.attachment;
        if (this.#served.get(served) !== one) await link.removeInterface(slot, scope);
      } catch (thrown) {
        const { interface: served } = one.attachment;
        log.error({ err: thrown, card: id, served }, 'an interface cannot be served again');
      }
    }
  }

  async #add(link: NetworkLink, one: Served, scope: Cancellable): Promise<void> {
    const { launcher, id } = this.#options;
    await launcher.assign(one.attachment.slot, id, scope);
    await link.addInterface(one.attachment, scope);
    one.isThere = true;
  }
}

function ignoreMissing(thrown: unknown): void {
  if (ArgonError.from(thrown).code !== 'not-found') throw thrown;
}
