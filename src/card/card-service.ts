// SPDX-License-Identifier: Apache-2.0

// The answering end of the card bus: each request is answered once, when it is done, so that one
// which waits for a disk holds up no other. Ends when the asking side closes the bus, and then
// stops the card in stages.

import type { Duplex } from 'node:stream';

import { ArgonError, assertNever } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { parseVolumeId, type VolumeId } from '../base/volume-id.ts';
import type { BlockAddon } from '../native/addons.ts';
import { type BlockCard, type BlockCardSurroundings, startBlockCard } from './block-card.ts';
import type { ServedDeviceOptions } from './bus/devices.ts';
import { encodeFrame, FrameDecoder } from './bus/frames.ts';
import {
  type CardAnswer,
  type CardRequest,
  encodeAnswer,
  type Numbered,
  parseRequest,
} from './bus/messages.ts';
import { serveControl } from './control-server.ts';

/** Requests under way at most; further ones wait in the socket. Arbitrary. */
const requestsMax = 64;
// Of the four threads that Node has for what blocks, one is left for what does not wait.
const addingMax = 3;

/** Serves the bus on `stream` until its other end closes, or until somebody destroys it. */
export async function serveCard(
  stream: Duplex,
  addon: BlockAddon,
  surroundings: BlockCardSurroundings = {},
): Promise<void> {
  const service = new CardService(addon, surroundings);
  const conversation = new Conversation(stream, service);
  try {
    await conversation.hold();
  } catch (thrown) {
    if (!isEndOfStream(thrown)) throw thrown;
  } finally {
    // Breaks off what waits; then what came of it has to go too.
    await service.stop();
    await conversation.settle();
    await service.stop();
  }
}

class Conversation {
  readonly #stream: Duplex;
  readonly #service: CardService;
  // None of them rejects.
  readonly #underWay = new Map<symbol, Promise<void>>();
  // Answers are for whoever asked: grows with each controller that takes over.
  #asker = 0;

  constructor(stream: Duplex, service: CardService) {
    this.#stream = stream;
    this.#service = service;
  }

  async hold(): Promise<void> {
    const decoder = new FrameDecoder();
    for await (const chunk of this.#stream) {
      for (const frame of decoder.push(bytesOf(chunk))) await this.#take(parseRequest(frame));
    }
  }

  async settle(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  async #take({ number, body }: Numbered<CardRequest>): Promise<void> {
    if (body.method === 'resync') {
      this.#asker += 1;
      await this.settle();
      this.#stream.write(body.nonce);
      return;
    }
    if (this.#underWay.size >= requestsMax) await Promise.race(this.#underWay.values());
    const key = Symbol(body.method);
    this.#underWay.set(key, this.#answer(key, number, body));
  }

  async #answer(key: symbol, number: number, request: CardQuestion): Promise<void> {
    const asker = this.#asker;
    try {
      const frame = encodeFrame(
        encodeAnswer({ number, body: await this.#service.answer(request) }),
      );
      if (asker === this.#asker && this.#stream.writable) this.#stream.write(frame);
    } catch (thrown) {
      this.#stream.destroy(ArgonError.from(thrown));
    } finally {
      this.#underWay.delete(key);
    }
  }
}

// The asking side may end without having read all answers, and this one before it has asked all.
function isEndOfStream(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || !('code' in thrown)) return false;
  const { code } = thrown;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

// A stream may hand out text or objects too; this one was given no encoding.
function bytesOf(chunk: unknown): Uint8Array {
  if (!(chunk instanceof Uint8Array)) throw new TypeError('the card bus is no stream of bytes');
  return chunk;
}

/** A request that is answered in a frame. */
type CardQuestion = Exclude<CardRequest, { readonly method: 'resync' }>;

const done: CardAnswer = { kind: 'done' };

class CardService {
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

  async answer(request: CardQuestion): Promise<CardAnswer> {
    try {
      return await this.#handle(request);
    } catch (thrown) {
      const { code, message, hint } = ArgonError.from(thrown);
      return { kind: 'error', code, message, hint };
    }
  }

  async #handle(request: CardQuestion): Promise<CardAnswer> {
    if (request.method === 'ping') return done;
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
    request: Exclude<CardQuestion, { readonly method: 'start' | 'ping' }>,
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
