// SPDX-License-Identifier: Apache-2.0

// The answering end of the card bus: each request is answered once, when it is done, so that one
// which waits for a disk holds up no other. Ends when the asking side closes the bus, and then
// stops the card in stages.

import type { Duplex } from 'node:stream';

import { ArgonError } from '../base/errors.ts';
import { encodeFrame, FrameDecoder } from './bus/frames.ts';
import {
  type CardAnswer,
  type CardRequest,
  encodeAnswer,
  type Numbered,
  parseRequest,
} from './bus/messages.ts';

/** Requests under way at most; further ones wait in the socket. Arbitrary. */
const requestsMax = 64;

/** A request that is answered in a frame. */
export type CardQuestion = Exclude<CardRequest, { readonly method: 'resync' }>;

/** What a card does for its bus. */
export interface CardService {
  /** Called in the order of the requests. What it throws is the answer. */
  handle(request: CardQuestion): Promise<CardAnswer>;
  /** Ends the card in stages. Called twice, for what came of requests that were under way. */
  stop(): Promise<void>;
}

/** Serves the bus on `stream` until its other end closes, or until somebody destroys it. */
export async function serveBus(stream: Duplex, service: CardService): Promise<void> {
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
        encodeAnswer({ number, body: await answerOf(this.#service, request) }),
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

async function answerOf(service: CardService, request: CardQuestion): Promise<CardAnswer> {
  try {
    return await service.handle(request);
  } catch (thrown) {
    const { code, message, hint } = ArgonError.from(thrown);
    return { kind: 'error', code, message, hint };
  }
}
