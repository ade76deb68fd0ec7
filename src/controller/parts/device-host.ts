// SPDX-License-Identifier: Apache-2.0

// Devices of volumes on the host: for each a slot of the backplane, where QEMU connects, and a card
// that serves it. All guests share one card, or each has its own.

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { InstanceId } from '../../base/instance-id.ts';
import type { Logger } from '../../base/log.ts';
import type { RuntimeDir } from '../../base/runtime-dir.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { LevelLimits } from '../../card/bus/controls.ts';
import type { DeviceMetrics, FaultRule, FaultState } from '../../native/addons.ts';
import type { Backplane, SlotStatus } from '../backplane/client.ts';
import type { StepObserver } from '../driver/operations.ts';
import type { Attachment, Part, PluggedDevice } from '../model.ts';
import { noLimits } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import type { CardLauncher, CardLink } from './card-link.ts';
import type { CardState } from './card-supervisor.ts';
import { closeSlot, slotSocket } from './slots.ts';
import { SupervisedCard } from './supervised-card.ts';

/** `host`: one card for all guests. `instance`: a card of its own for each. */
export type CardSharing = 'host' | 'instance';

export interface DeviceHostOptions {
  readonly runtimeDir: RuntimeDir;
  readonly backplane: Backplane;
  readonly launcher: CardLauncher<CardLink>;
  readonly registry: Registry;
  readonly sharing: CardSharing;
  readonly step: StepObserver;
  readonly log: Logger;
}

/** A card of the host, for whoever describes it. */
export interface CardStatus {
  readonly part: Part;
  readonly state: CardState;
}

const hostCardId = 'block-card';
// Grown by whoever uses it; it needs a size at first.
const mapMemoryBytes = 4096n;
// Every request fails but flushes: the last one is the card's own, for what the guest was told is
// written before, and goes the same way.
const everyFailure: FaultRule = {
  layer: 'device',
  operations: 27,
  firstByte: 0n,
  endByte: 2n ** 64n - 1n,
  nth: 0n,
  every: 0n,
  times: 0n,
  chancePpm: 1_000_000,
  action: 'error',
  delay: { shape: 'fixed', baseNs: 0n, spreadNs: 0n },
};
// A card that is gone gets its limits when it is started again; nobody waits for that.
const limitsTimeoutMs = 5_000;

export class CardDevices {
  readonly #options: DeviceHostOptions;
  readonly #cards = new Map<string, SupervisedCard>();
  readonly #starting = new Map<string, Promise<SupervisedCard>>();

  constructor(options: DeviceHostOptions) {
    this.#options = options;
  }

  /** Takes over what a controller before had started. Once, before anything else. */
  async adopt(scope: Cancellable): Promise<void> {
    const { registry, launcher, log } = this.#options;
    for (const part of registry.parts().filter(({ kind }) => kind === 'block-card')) {
      try {
        await this.#startCard(part.id, part, scope);
      } catch (thrown) {
        log.error({ err: thrown, card: part.id }, 'a card can be neither adopted nor started');
        await launcher.forget(part.id, part.process, scope);
        registry.deletePart(part.id);
      }
    }
  }

  /** Takes away what nobody has asked for since `adopt`. */
  async prune(scope: Cancellable): Promise<void> {
    const { registry, backplane } = this.#options;
    for (const card of this.#cards.values()) {
      await card.prune(scope);
      if (card.id !== hostCardId && card.volumes.length === 0) await this.#stopCard(card);
    }
    const known = new Set(registry.usedSlots());
    for (const { slot } of await backplane.slots(scope)) {
      if (!known.has(slot)) await backplane.closeSlot(slot, scope);
    }
    const parts = new Set(registry.parts().map(({ id }) => id));
    for (const card of await backplane.cards(scope)) {
      if (!parts.has(card)) await backplane.detachCard(card, scope);
    }
  }

  async open(attachment: Attachment, scope: Cancellable): Promise<void> {
    const { step } = this.#options;
    await this.#openSlot(attachment, scope);
    await step('device: slot opened');
    const card = await this.#ensureCard(this.#cardOf(attachment.instance), scope);
    await step('device: card runs');
    await card.serve(attachment, scope);
    await step('device: added');
  }

  /**
   * Has a backplane that knows nothing serve devices that another one served. QEMU connects to a
   * slot as soon as it is open, and is answered when its card is there.
   */
  async reopen(served: readonly Attachment[], scope: Cancellable): Promise<void> {
    for (const attachment of served) await this.#openSlot(attachment, scope);
    // Their slot channels ended with the one before.
    await Promise.all([...this.#cards.values()].map(async (card) => card.renew(scope)));
  }

  async close({ slot, volume, instance }: Attachment, scope: Cancellable): Promise<void> {
    const { backplane, step } = this.#options;
    const card = this.#cards.get(this.#cardOf(instance));
    if (card !== undefined) {
      await card.remove(volume, scope);
      await step('device: removed');
      if (card.id !== hostCardId && card.volumes.length === 0) await this.#stopCard(card);
    }
    await closeSlot(backplane, slot, scope);
    await step('device: slot closed');
  }

  async replace(volume: VolumeId, standIn: Attachment, scope: Cancellable): Promise<void> {
    const { step } = this.#options;
    await this.#cards.get(this.#cardOf(standIn.instance))?.remove(volume, scope);
    await step('device: replaced');
    await this.open(standIn, scope);
  }

  async hasDriver({ slot }: PluggedDevice, scope: Cancellable): Promise<boolean> {
    const status = (await this.slots(scope)).find((found) => found.slot === slot);
    return status?.isDriverOk === true;
  }

  async growStore(volume: VolumeId, sizeBytes: bigint, scope: Cancellable): Promise<void> {
    await this.#serving(volume).ask(volume, scope, async (link, id) =>
      link.growStore(id, sizeBytes, scope),
    );
  }

  async growDevice(volume: VolumeId, sizeBytes: bigint, scope: Cancellable): Promise<void> {
    await this.#serving(volume).ask(volume, scope, async (link, id) =>
      link.growDevice(id, sizeBytes, scope),
    );
  }

  async setLimits(level: LevelLimits): Promise<void> {
    const { log } = this.#options;
    for (const card of this.#cards.values()) {
      try {
        await card.setLimits(level, { signal: deadlineSignal(limitsTimeoutMs) });
      } catch (thrown) {
        log.warn({ err: thrown, card: card.id }, 'a card gets its limits when it is there again');
      }
    }
  }

  async failRequests(volume: VolumeId, scope: Cancellable): Promise<void> {
    const card = this.#serving(volume);
    await card.addFault(volume, everyFailure, scope);
    await card.ask(volume, scope, async (link, id) => link.releaseFaults(id, scope));
  }

  async addFault(volume: VolumeId, rule: FaultRule, scope: Cancellable): Promise<FaultState> {
    return this.#serving(volume).addFault(volume, rule, scope);
  }

  async removeFault(volume: VolumeId, fault: number, scope: Cancellable): Promise<void> {
    await this.#serving(volume).removeFault(volume, fault, scope);
  }

  async faults(volume: VolumeId, scope: Cancellable): Promise<readonly FaultState[]> {
    return this.#serving(volume).faults(volume, scope);
  }

  async releaseFaults(volume: VolumeId, scope: Cancellable): Promise<void> {
    await this.#serving(volume).ask(volume, scope, async (link, id) =>
      link.releaseFaults(id, scope),
    );
  }

  async metrics(volume: VolumeId, scope: Cancellable): Promise<DeviceMetrics> {
    return this.#serving(volume).metrics(volume, scope);
  }

  async slots(scope: Cancellable): Promise<readonly SlotStatus[]> {
    return this.#options.backplane.slots(scope);
  }

  cards(): readonly CardStatus[] {
    return [...this.#cards.values()].flatMap(({ part, state }) =>
      part === undefined ? [] : [{ part, state }],
    );
  }

  /** Ends all cards. */
  async stop(): Promise<void> {
    for (const card of this.#cards.values()) await this.#stopCard(card);
  }

  /** Lets go of all cards, which go on. */
  async abandon(): Promise<void> {
    for (const card of this.#cards.values()) await card.abandon();
  }

  #cardOf(instance: InstanceId): string {
    return this.#options.sharing === 'host' ? hostCardId : `${hostCardId}-${instance}`;
  }

  #serving(volume: VolumeId): SupervisedCard {
    const instance = this.#options.registry.attachment(volume)?.instance;
    const card = instance === undefined ? undefined : this.#cards.get(this.#cardOf(instance));
    if (card !== undefined) return card;
    throw new ArgonError('failed-precondition', `volume ${volume} is served by no card now`, {
      hint: 'attach it to an instance that runs',
    });
  }

  async #openSlot({ slot, volume, standIn }: Attachment, scope: Cancellable): Promise<void> {
    const { backplane, runtimeDir, registry } = this.#options;
    const hasMap = standIn?.hasMap ?? registry.volume(volume)?.cipher !== 'none';
    const socketPath = slotSocket(runtimeDir, slot);
    const mapBytes = hasMap ? mapMemoryBytes : 0n;
    await backplane.openSlot({ slot, socketPath, mapBytes }, scope);
  }

  async #ensureCard(id: string, scope: Cancellable): Promise<SupervisedCard> {
    const known = this.#cards.get(id) ?? this.#starting.get(id);
    if (known !== undefined) return known;
    // Two guests that start at once share the card that the first one starts.
    const starting = this.#startCard(id, undefined, scope);
    this.#starting.set(id, starting);
    try {
      return await starting;
    } finally {
      this.#starting.delete(id);
    }
  }

  async #startCard(
    id: string,
    known: Part | undefined,
    scope: Cancellable,
  ): Promise<SupervisedCard> {
    const { launcher, log, registry } = this.#options;
    const card = new SupervisedCard({
      id,
      launcher,
      log,
      limitsOf: (attachment) => this.#limitsOf(attachment),
      onProcess: (part) => {
        registry.putPart(part);
      },
    });
    await card.start(known, scope);
    this.#cards.set(id, card);
    return card;
  }

  async #stopCard(card: SupervisedCard): Promise<void> {
    this.#cards.delete(card.id);
    await card.stop();
    this.#options.registry.deletePart(card.id);
  }

  #limitsOf({ volume, instance }: Attachment): readonly LevelLimits[] {
    const { registry } = this.#options;
    const ofVolume = registry.volume(volume)?.limits ?? noLimits;
    const ofGuest = registry.instance(instance)?.limits ?? noLimits;
    return [
      { scope: 'host', name: '', limits: registry.hostLimits() },
      { scope: 'guest', name: instance, limits: ofGuest },
      { scope: 'volume', name: volume, limits: ofVolume },
    ];
  }
}
