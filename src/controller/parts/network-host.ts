// SPDX-License-Identifier: Apache-2.0

// Network interfaces on the host: for each a slot of the backplane, where QEMU connects, and the
// one card that serves them all and carries frames between them.

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import type { CaptureOptions, CaptureReading } from '../../card/bus/captures.ts';
import type { CardServiceCounters } from '../../card/bus/interface-counters.ts';
import type { FlowLogState, UplinkState } from '../../card/bus/interfaces.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { Vpc } from '../../network/model/records.ts';
import type { UplinkPlace } from '../../network/uplink.ts';
import type { Backplane } from '../backplane/client.ts';
import type { StepObserver } from '../driver/operations.ts';
import type {
  Condition,
  InterfaceAttachment,
  Part,
  ProcessIdentity,
  TracedFlow,
  TracePacket,
  UplinkAbsence,
} from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import type { CardLauncher, NetworkLink } from './card-link.ts';
import type { CardStatus } from './device-host.ts';
import { policyOf } from './policy.ts';
import { closeSlot, slotSocket } from './slots.ts';
import { policyTimeoutMs, SupervisedNetworkCard } from './supervised-network-card.ts';

export interface NetworkHostOptions {
  readonly runtimeDir: RuntimeDir;
  readonly backplane: Backplane;
  readonly launcher: CardLauncher<NetworkLink>;
  readonly registry: Registry;
  readonly step: StepObserver;
  readonly log: Logger;
  /** Whether the card makes the devices of uplinks; else what is routed to them is dropped. */
  readonly allowsUplinks?: boolean;
}

const cardId = 'network-card';
// Of a condition, as the API has it.
const messageMax = 1_024;
// Whoever scrapes waits no longer for a card that hangs; arbitrary.
const countersTimeoutMs = 2_000;
// The one in force, and the one on its way.
const policiesKept = 2;
// Behind every slot that there can be: kSlotCountMax in native/backplane/spec/control.h.
const firstUplinkIndex = 1024;

type PolicySource = Omit<TracedFlow, 'trace'> & { readonly generation: bigint };

export class NetworkDevices {
  readonly #options: NetworkHostOptions;
  #card: SupervisedNetworkCard | undefined;
  #starting: Promise<SupervisedNetworkCard> | undefined;
  // Higher than those of controllers before, as long as the clock goes forward.
  #generation = BigInt(Date.now()) * 1_000n;
  /** What the last policies were made of, for the names of what they have numbers for. */
  #policies: readonly PolicySource[] = [];

  constructor(options: NetworkHostOptions) {
    this.#options = options;
  }

  /** Takes over what a controller before had started. Once, before anything else. */
  async adopt(scope: Cancellable): Promise<void> {
    const { registry, launcher, log } = this.#options;
    const known = registry.parts().find(({ kind }) => kind === 'network-card');
    if (known === undefined) return;
    try {
      this.#card = await this.#startCard(known, scope);
    } catch (thrown) {
      log.error({ err: thrown, card: cardId }, 'a card can be neither adopted nor started');
      await launcher.forget(known.id, known.process, scope);
      registry.deletePart(known.id);
    }
  }

  /** Takes away what nobody has asked for since `adopt`; the rest gets the policy of now. */
  async prune(scope: Cancellable): Promise<void> {
    await this.#card?.prune(scope);
    await this.refreshPolicy();
  }

  async open(attachment: InterfaceAttachment, scope: Cancellable): Promise<void> {
    const { step } = this.#options;
    await this.#openSlot(attachment, scope);
    await step('device: slot opened');
    const card = await this.#ensureCard(scope);
    await step('device: card runs');
    await card.serve(attachment, scope);
    await step('device: added');
  }

  async close(attachment: InterfaceAttachment, scope: Cancellable): Promise<void> {
    const { backplane, step } = this.#options;
    await this.#card?.remove(attachment, scope);
    await step('device: removed');
    await closeSlot(backplane, attachment.slot, scope);
    await step('device: slot closed');
  }

  /** As CardDevices.reopen(). */
  async reopen(served: readonly InterfaceAttachment[], scope: Cancellable): Promise<void> {
    for (const attachment of served) await this.#openSlot(attachment, scope);
    await this.#card?.renew(scope);
  }

  /**
   * Puts in force what the records of networks say now. Never throws: what could not be put in
   * force is tried again, and conditions() says so meanwhile.
   */
  async refreshPolicy(): Promise<void> {
    try {
      await this.#card?.pushPolicy({ signal: deadlineSignal(policyTimeoutMs) });
    } catch (thrown) {
      this.#options.log.error({ err: thrown, card: cardId }, 'a policy is not in force');
    }
  }

  /** What is true of the interfaces that the card serves, all of them alike. */
  conditions(): readonly Condition[] {
    const trouble = this.#card?.policyTrouble;
    if (trouble === undefined) return [];
    const { reason: why, sinceMs } = trouble;
    const message = `The last change of networks is not in force; it is tried again. ${why}`;
    const [type, reason] = ['PolicyNotInForce', 'PushFailed'];
    return [{ type, reason, message: message.slice(0, messageMax), changeTimeMs: sinceMs }];
  }

  /**
   * What would become of a packet that the guest of an interface might send.
   * @throws ArgonError failed-precondition unless the interface is of an instance that runs,
   * aborted if the networks changed meanwhile.
   */
  async trace(id: string, packet: TracePacket, scope: Cancellable): Promise<TracedFlow> {
    const trace = await this.#card?.trace(id, packet, scope);
    if (trace === undefined) throw isNotServed(id);
    const policy = this.#policies.find(({ generation }) => generation === trace.generation);
    if (policy !== undefined) return { trace, ...policy };
    throw new ArgonError('aborted', 'the networks changed while the card was asked', {
      hint: 'ask again',
    });
  }

  /** The card of the moment, or the last one. */
  get process(): ProcessIdentity | undefined {
    return this.#card?.part?.process;
  }

  /**
   * Begins a capture of headers. The card keeps what it has, and is asked by the capture's id.
   * @throws ArgonError failed-precondition unless the interface is of an instance that runs.
   */
  async startCapture(
    options: Omit<CaptureOptions, 'index'>,
    scope: Cancellable,
  ): Promise<CaptureReading> {
    const reading = await this.#card?.startCapture(options, scope);
    if (reading === undefined) throw isNotServed(options.interface);
    return reading;
  }

  /** @throws ArgonError not-found if there is no such capture. */
  async readCapture(capture: string, offset: number, scope: Cancellable): Promise<CaptureReading> {
    if (this.#card === undefined) throw hasNoCapture(capture);
    return this.#card.readCapture(capture, offset, scope);
  }

  /** @throws ArgonError not-found if there is no such capture. */
  async stopCapture(capture: string, scope: Cancellable): Promise<CaptureReading> {
    if (this.#card === undefined) throw hasNoCapture(capture);
    return this.#card.stopCapture(capture, scope);
  }

  /**
   * What interfaces counted, asked for side by side. Those are left out that are not served, or
   * whose card is being replaced or does not answer.
   */
  async counters(
    ids: readonly string[],
    { signal }: Cancellable,
  ): Promise<ReadonlyMap<string, InterfaceCounters>> {
    const bounded = { signal: deadlineSignal(countersTimeoutMs, signal) };
    const counted = new Map<string, InterfaceCounters>();
    const read = async (id: string): Promise<void> => {
      const counters = await this.#card?.counters(id, bounded);
      if (counters !== undefined) counted.set(id, counters);
    };
    const outcomes = await Promise.allSettled(ids.map(read));
    this.#noteSilence(outcomes);
    return counted;
  }

  /** What the card's services counted; undefined if no card runs, or as counters(). */
  async serviceCounters(scope: Cancellable): Promise<CardServiceCounters | undefined> {
    return this.#askCard(scope, async (card, bounded) => card.serviceCounters(bounded));
  }

  /** What has become of flow logs, as far as the card says so. */
  async flowLogs(scope: Cancellable): Promise<readonly FlowLogState[]> {
    return (await this.#askCard(scope, async (card, bounded) => card.flowLogs(bounded))) ?? [];
  }

  /** What has become of uplinks, or why there can be none. */
  async uplinks(scope: Cancellable): Promise<readonly UplinkState[] | UplinkAbsence> {
    if (this.#options.allowsUplinks !== true) return 'not-allowed';
    if (this.#card === undefined) return 'no-card';
    return (await this.#askCard(scope, async (card, bounded) => card.uplinks(bounded))) ?? 'silent';
  }

  cards(): readonly CardStatus[] {
    const part = this.#card?.part;
    const state = this.#card?.state;
    return part === undefined || state === undefined ? [] : [{ part, state }];
  }

  async stop(): Promise<void> {
    const card = this.#card;
    this.#card = undefined;
    await card?.stop();
    this.#options.registry.deletePart(cardId);
  }

  /** Lets go of the card, which goes on. */
  async abandon(): Promise<void> {
    await this.#card?.abandon();
  }

  async #askCard<Value>(
    { signal }: Cancellable,
    question: (card: SupervisedNetworkCard, scope: Cancellable) => Promise<Value>,
  ): Promise<Value | undefined> {
    if (this.#card === undefined) return undefined;
    const bounded = { signal: deadlineSignal(countersTimeoutMs, signal) };
    const [outcome] = await Promise.allSettled([question(this.#card, bounded)]);
    this.#noteSilence([outcome]);
    return outcome.status === 'fulfilled' ? outcome.value : undefined;
  }

  #noteSilence(outcomes: readonly PromiseSettledResult<unknown>[]): void {
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) return;
    const err: unknown = failed.reason;
    this.#options.log.warn({ err, card: cardId }, 'a card does not tell what it counts');
  }

  async #openSlot({ slot }: InterfaceAttachment, scope: Cancellable): Promise<void> {
    const { backplane, runtimeDir } = this.#options;
    const socketPath = slotSocket(runtimeDir, slot);
    await backplane.openSlot({ slot, socketPath, mapBytes: 0n }, scope);
  }

  async #ensureCard(scope: Cancellable): Promise<SupervisedNetworkCard> {
    if (this.#card !== undefined) return this.#card;
    // Two guests that start at once share the card that the first one starts.
    this.#starting ??= this.#startCard(undefined, scope);
    try {
      this.#card = await this.#starting;
      return this.#card;
    } finally {
      this.#starting = undefined;
    }
  }

  async #startCard(known: Part | undefined, scope: Cancellable): Promise<SupervisedNetworkCard> {
    const { launcher, log, registry } = this.#options;
    const card = new SupervisedNetworkCard({
      id: cardId,
      launcher,
      log,
      attachmentOf: (id) => registry.networks.attachment(id),
      policyOf: (served) => this.#makePolicy(served),
      onProcess: (part) => {
        registry.putPart(part);
      },
    });
    await card.start(known, scope);
    return card;
  }

  #makePolicy(served: readonly InterfaceAttachment[]): Uint8Array {
    this.#generation += 1n;
    const generation = this.#generation;
    const { registry } = this.#options;
    const state = registry.networks.state();
    const uplinks = this.#placeUplinks(state.vpc);
    const interfaces = new Map([
      ...served.map(({ slot, interface: id }) => [slot, id] as const),
      ...uplinks.map(({ index, vpc }) => [index, vpc] as const),
    ]);
    const made = { generation, state, interfaces };
    this.#policies = [...this.#policies.slice(1 - policiesKept), made];
    return policyOf({
      state,
      served,
      generation,
      uplinks,
      instanceOf: (id) => registry.instance(id),
    });
  }

  // A number stays a VPC's as long as that has an uplink, also when another controller takes over:
  // the device stays while its number does.
  #placeUplinks(vpcs: readonly Vpc[]): readonly UplinkPlace[] {
    if (this.#options.allowsUplinks !== true) return [];
    const having = new Set(vpcs.filter(({ uplink }) => uplink !== undefined).map(({ id }) => id));
    const { networks } = this.#options.registry;
    for (const { vpc } of networks.uplinkPlaces()) {
      if (!having.has(vpc)) networks.deleteUplinkPlace(vpc);
    }
    for (const vpc of having) networks.placeUplink(vpc, firstUplinkIndex);
    return networks.uplinkPlaces();
  }
}

function isNotServed(id: string): ArgonError {
  return new ArgonError('failed-precondition', `interface ${id} is served by no card now`, {
    hint: 'attach it to an instance that runs',
  });
}

function hasNoCapture(capture: string): ArgonError {
  return new ArgonError('not-found', `there is no capture ${capture}: no network card runs`);
}
