// SPDX-License-Identifier: Apache-2.0

// The answering end of the card bus: one request after another, each answered once. Ends when the
// asking side closes the bus, and then stops the card in stages.

import type { Duplex } from 'node:stream';

import { ArgonError, assertNever } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import type { BlockAddon } from '../native/addons.ts';
import { type BlockCard, startBlockCard } from './block-card.ts';
import { encodeFrame, FrameDecoder } from './bus/frames.ts';
import {
  type CardAnswer,
  type CardRequest,
  type CardValue,
  encodeAnswer,
  parseRequest,
  type ServedDeviceOptions,
} from './bus/messages.ts';
import { serveControl } from './control-server.ts';

/** Serves the bus on `stream` until its other end closes, or until somebody destroys it. */
export async function serveCard(stream: Duplex, addon: BlockAddon): Promise<void> {
  const decoder = new FrameDecoder();
  const service = new CardService(addon);
  try {
    for await (const chunk of stream) {
      for (const frame of decoder.push(bytesOf(chunk))) {
        stream.write(encodeFrame(await service.answer(frame)));
      }
    }
  } catch (thrown) {
    if (!isEndOfStream(thrown)) throw thrown;
  } finally {
    await service.stop();
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

class CardService {
  readonly #addon: BlockAddon;
  #card: BlockCard | undefined;
  #logger: Logger | undefined;
  // The control sockets of devices that have one.
  readonly #controls = new Map<number, AsyncDisposable>();
  // The volume of each device.
  readonly #volumes = new Map<number, string>();

  constructor(addon: BlockAddon) {
    this.#addon = addon;
  }

  async answer(frame: Uint8Array): Promise<Uint8Array> {
    const { number, body } = parseRequest(frame);
    return encodeAnswer({ number, body: await this.#outcome(body) });
  }

  async stop(): Promise<void> {
    for (const id of this.#controls.keys()) await this.#endControl(id);
    await this.#card?.[Symbol.asyncDispose]();
    this.#card = undefined;
  }

  async #outcome(request: CardRequest): Promise<CardAnswer> {
    try {
      return { kind: 'value', value: await this.#handle(request) };
    } catch (thrown) {
      const { code, message, hint } = ArgonError.from(thrown);
      return { kind: 'error', code, message, hint };
    }
  }

  async #handle(request: CardRequest): Promise<CardValue> {
    if (request.method === 'start') {
      if (this.#card !== undefined) {
        throw new ArgonError('failed-precondition', 'the card is started already');
      }
      this.#logger = createLogger('card', 'info', request.logFile);
      this.#card = startBlockCard(this.#addon, request.options, this.#logger);
      return {};
    }
    if (this.#card === undefined) {
      throw new ArgonError('failed-precondition', 'the card is not started');
    }
    return this.#handleStarted(this.#card, request);
  }

  async #handleStarted(
    card: BlockCard,
    request: Exclude<CardRequest, { readonly method: 'start' }>,
  ): Promise<CardValue> {
    switch (request.method) {
      case 'addDevice':
        return { id: await this.#addDevice(card, request.options) };
      case 'removeDevice':
        await this.#endControl(request.id);
        await card.removeDevice(request.id);
        this.#volumes.delete(request.id);
        return {};
      case 'devices':
        return { devices: Array.from(this.#volumes, ([id, volume]) => ({ id, volume })) };
      case 'growStore':
        await card.growStore(request.id, request.sizeBytes);
        return {};
      case 'growDevice':
        await card.growDevice(request.id, request.sizeBytes);
        return {};
      case 'setLimits':
        card.setLimits(request.scope, request.name, request.limits);
        return {};
      case 'addFault':
        return { fault: card.addFault(request.id, request.rule) };
      case 'removeFault':
        card.removeFault(request.id, request.fault);
        return {};
      case 'releaseFaults':
        card.releaseFaults(request.id);
        return {};
      case 'faults':
        return { faults: card.faults(request.id) };
      case 'counters':
        return { queues: await card.counters(request.id) };
      case 'metrics':
        return { ...(await card.metrics(request.id)) };
    }
    return assertNever(request);
  }

  async #addDevice(card: BlockCard, options: ServedDeviceOptions): Promise<number> {
    const { controlPath, ...device } = options;
    const deviceId = await card.addDevice(device);
    this.#volumes.set(deviceId, device.id);
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
