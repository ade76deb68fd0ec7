// SPDX-License-Identifier: Apache-2.0

// A block card's end of its bus: what it is asked, done with the card of this process.

import type { Duplex } from 'node:stream';

import { ArgonError, assertNever } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { parseVolumeId, type VolumeId } from '../base/volume-id.ts';
import type { BlockAddon } from '../native/addons.ts';
import { type BlockCard, type BlockCardSurroundings, startBlockCard } from './block-card.ts';
import type { ServedDeviceOptions } from './bus/devices.ts';
import { isForNetwork } from './bus/interfaces.ts';
import type { BlockRequest, CardAnswer } from './bus/messages.ts';
import { serveControl } from './control-server.ts';
import { type CardQuestion, type CardService, serveBus } from './conversation.ts';

// Of the four threads that Node has for what blocks, one is left for what does not wait.
const addingMax = 3;

/** Serves the bus on `stream` until its other end closes, or until somebody destroys it. */
export async function serveCard(
  stream: Duplex,
  addon: BlockAddon,
  surroundings: BlockCardSurroundings = {},
): Promise<void> {
  await serveBus(stream, new BlockCardService(addon, surroundings));
}

const done: CardAnswer = { kind: 'done' };

class BlockCardService implements CardService {
  readonly #addon: BlockAddon;
  // What the card takes over it has once.
  #surroundings: BlockCardSurroundings;
  #card: BlockCard | undefined;
  #logger: Logger | undefined;
  // The control sockets of devices that have one.
  readonly #controls = new Map<number, AsyncDisposable>();
  // The volume of each device.
  readonly #volumes = new Map<number, VolumeId>();
  readonly #adding = new Set<Promise<number>>();

  constructor(addon: BlockAddon, surroundings: BlockCardSurroundings) {
    this.#addon = addon;
    this.#surroundings = surroundings;
  }

  /** May be called again. */
  async stop(): Promise<void> {
    for (const id of this.#controls.keys()) await this.#endControl(id);
    const card = this.#card;
    this.#card = undefined;
    await card?.[Symbol.asyncDispose]();
  }

  async handle(request: CardQuestion): Promise<CardAnswer> {
    if (request.method === 'ping') return done;
    if (isForNetwork(request)) {
      throw new ArgonError('unimplemented', `a block card cannot ${request.method}`);
    }
    if (request.method === 'start') {
      if (this.#card !== undefined) {
        throw new ArgonError('failed-precondition', 'the card is started already');
      }
      this.#logger = createLogger('card', 'info', request.logFile);
      const surroundings = this.#surroundings;
      this.#surroundings = {};
      this.#card = startBlockCard(this.#addon, request.options, this.#logger, surroundings);
      return done;
    }
    if (this.#card === undefined) {
      throw new ArgonError('failed-precondition', 'the card is not started');
    }
    return this.#handleStarted(this.#card, request);
  }

  async #handleStarted(
    card: BlockCard,
    request: Exclude<BlockRequest, { readonly method: 'start' }>,
  ): Promise<CardAnswer> {
    switch (request.method) {
      case 'addDevice':
        return { kind: 'device', id: await this.#addDevice(card, request.options) };
      case 'removeDevice':
        await this.#endControl(request.id);
        await card.removeDevice(request.id);
        this.#volumes.delete(request.id);
        return done;
      case 'devices':
        return {
          kind: 'devices',
          devices: Array.from(this.#volumes, ([id, volume]) => ({ id, volume })),
        };
      case 'growStore':
        await card.growStore(request.id, request.sizeBytes);
        return done;
      case 'growDevice':
        await card.growDevice(request.id, request.sizeBytes);
        return done;
      case 'setLimits':
        card.setLimits(request.scope, request.name, request.limits);
        return done;
      case 'addFault':
        return { kind: 'fault', fault: card.addFault(request.id, request.rule) };
      case 'removeFault':
        card.removeFault(request.id, request.fault);
        return done;
      case 'releaseFaults':
        card.releaseFaults(request.id);
        return done;
      case 'faults':
        return { kind: 'faults', faults: card.faults(request.id) };
      case 'counters':
        return { kind: 'counters', queues: await card.counters(request.id) };
      case 'metrics':
        return { kind: 'metrics', metrics: await card.metrics(request.id) };
    }
    return assertNever(request);
  }

  async #addDevice(card: BlockCard, options: ServedDeviceOptions): Promise<number> {
    const { controlPath, ...device } = options;
    while (this.#adding.size >= addingMax) await Promise.allSettled([Promise.race(this.#adding)]);
    const adding = card.addDevice(device);
    this.#adding.add(adding);
    let deviceId: number;
    try {
      deviceId = await adding;
    } finally {
      this.#adding.delete(adding);
    }
    this.#volumes.set(deviceId, parseVolumeId(device.id));
    if (controlPath === undefined || this.#logger === undefined) return deviceId;
    const target = { card, deviceId, volumeId: device.id };
    try {
      this.#controls.set(deviceId, await serveControl(controlPath, target, this.#logger));
    } catch (thrown) {
      await card.removeDevice(deviceId);
      this.#volumes.delete(deviceId);
      throw thrown;
    }
    return deviceId;
  }

  async #endControl(id: number): Promise<void> {
    await this.#controls.get(id)?.[Symbol.asyncDispose]();
    this.#controls.delete(id);
  }
}
