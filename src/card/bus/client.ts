// SPDX-License-Identifier: Apache-2.0

// The asking end of the card bus. A card answers what it is asked and nothing else: a frame that
// answers no request, or that cannot be read, closes the bus (claim B10).

import type { Duplex } from 'node:stream';

import { abortable, type Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { DeviceMetrics, FaultRule, FaultState, QueueCounters } from '../../native/addons.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { Trace, TraceQuestion } from '../../native/network-watch.ts';
import type { BlockCardOptions } from '../block-card.ts';
import type { CaptureOptions, CaptureReading } from './captures.ts';
import type { LevelLimits } from './controls.ts';
import type { ServedDeviceOptions } from './devices.ts';
import { encodeRequestFrame, FrameDecoder } from './frames.ts';
import type { CardServiceCounters } from './interface-counters.ts';
import {
  type FlowLogState,
  type NetworkStart,
  policyParts,
  type ServedInterface,
  type SlotInterface,
  type UplinkState,
} from './interfaces.ts';
import {
  type CardAnswer,
  type CardRequest,
  encodeRequest,
  parseAnswer,
  type ServedDevice,
} from './messages.ts';
import { createNonce, NonceScanner } from './resync.ts';

export type { ServedDevice } from './messages.ts';

type Kind = CardAnswer['kind'];
type AnswerOf<Wanted extends Kind> = Extract<CardAnswer, { readonly kind: Wanted }>;

/** Who waits for an answer, and of which kind that has to be. */
interface Pending {
  readonly kind: Kind;
  readonly answered: PromiseWithResolvers<CardAnswer>;
}

export class CardBus {
  /** Settles when the other end has closed the bus, or it was closed here. */
  readonly closed: Promise<void>;
  readonly #stream: Duplex;
  readonly #onClosed = Promise.withResolvers<void>();
  // While a bus is taken over: everything before its nonce is for somebody else.
  #scanner: NonceScanner | undefined;
  readonly #scanned = Promise.withResolvers<void>();
  readonly #decoder = new FrameDecoder();
  readonly #pending = new Map<number, Pending>();
  #nextNumber = 1;
  #closedBy: ArgonError | undefined;

  /** `stream`: this side of the socketpair that the card was given. */
  constructor(stream: Duplex) {
    this.#stream = stream;
    this.closed = this.#onClosed.promise;
    // Whoever does not take a bus over does not ask.
    this.#scanned.promise.catch(() => {});
    stream.on('data', (chunk: Buffer) => {
      this.#onData(chunk);
    });
    stream.on('error', () => {}); // 'close' follows and tells.
    stream.on('close', () => {
      this.#fail(new ArgonError('unavailable', 'the card is gone'));
      this.#onClosed.resolve();
    });
  }

  /**
   * Takes over a bus that another controller had; what that one asked for is done by now.
   * @throws ArgonError as the card is gone, or does not answer in time.
   */
  static async adopt(stream: Duplex, scope: Cancellable): Promise<CardBus> {
    const bus = new CardBus(stream);
    try {
      await bus.#resync(scope);
      return bus;
    } catch (thrown) {
      bus.close();
      throw thrown;
    }
  }

  async start(options: BlockCardOptions, logFile: string, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'start', options, logFile }, 'done', scope);
  }

  async startNetwork(options: NetworkStart, logFile: string, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'startNetwork', options, logFile }, 'done', scope);
  }

  /** Settles when the card's main loop has come to it. */
  async ping(scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'ping' }, 'done', scope);
  }

  /**
   * Has a device served. For one in a slot the card waits until the backplane offers that: it must
   * be assigned before, or without awaiting this.
   */
  async addDevice(options: ServedDeviceOptions, scope: Cancellable): Promise<number> {
    return (await this.#ask({ method: 'addDevice', options }, 'device', scope)).id;
  }

  async removeDevice(id: number, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'removeDevice', id }, 'done', scope);
  }

  async devices(scope: Cancellable): Promise<readonly ServedDevice[]> {
    return (await this.#ask({ method: 'devices' }, 'devices', scope)).devices;
  }

  /** Makes a device's store larger, for a size that is written down before it is announced. */
  async growStore(id: number, sizeBytes: bigint, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'growStore', id, sizeBytes }, 'done', scope);
  }

  /** Makes a device larger; its driver is told. */
  async growDevice(id: number, sizeBytes: bigint, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'growDevice', id, sizeBytes }, 'done', scope);
  }

  /** Sets all limits of a level. */
  async setLimits(level: LevelLimits, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'setLimits', ...level }, 'done', scope);
  }

  /** The number of the new rule. */
  async addFault(id: number, rule: FaultRule, scope: Cancellable): Promise<number> {
    return (await this.#ask({ method: 'addFault', id, rule }, 'fault', scope)).fault;
  }

  async removeFault(id: number, fault: number, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'removeFault', id, fault }, 'done', scope);
  }

  /** Lets requests go on that hang by a fault. */
  async releaseFaults(id: number, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'releaseFaults', id }, 'done', scope);
  }

  async faults(id: number, scope: Cancellable): Promise<readonly FaultState[]> {
    return (await this.#ask({ method: 'faults', id }, 'faults', scope)).faults;
  }

  async metrics(id: number, scope: Cancellable): Promise<DeviceMetrics> {
    return (await this.#ask({ method: 'metrics', id }, 'metrics', scope)).metrics;
  }

  async counters(id: number, scope: Cancellable): Promise<readonly QueueCounters[]> {
    return (await this.#ask({ method: 'counters', id }, 'counters', scope)).queues;
  }

  /** Has an interface served in its slot, as soon as the backplane offers that. */
  async addInterface(options: SlotInterface, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'addInterface', options }, 'done', scope);
  }

  async removeInterface(index: number, scope: Cancellable): Promise<void> {
    await this.#ask({ method: 'removeInterface', index }, 'done', scope);
  }

  async interfaces(scope: Cancellable): Promise<readonly ServedInterface[]> {
    return (await this.#ask({ method: 'interfaces' }, 'interfaces', scope)).interfaces;
  }

  /** Settles when the policy is in force. Not again before that: parts of two would mix. */
  async setPolicy(policy: Uint8Array, scope: Cancellable): Promise<void> {
    for (const part of policyParts(policy)) {
      await this.#ask({ method: 'setPolicy', ...part }, 'done', scope);
    }
  }

  async interfaceCounters(index: number, scope: Cancellable): Promise<InterfaceCounters> {
    const body = { method: 'interfaceCounters', index } as const;
    return (await this.#ask(body, 'interfaceCounters', scope)).counters;
  }

  async serviceCounters(scope: Cancellable): Promise<CardServiceCounters> {
    return (await this.#ask({ method: 'serviceCounters' }, 'serviceCounters', scope)).counters;
  }

  async flowLogs(scope: Cancellable): Promise<readonly FlowLogState[]> {
    return (await this.#ask({ method: 'flowLogs' }, 'flowLogs', scope)).flowLogs;
  }

  async uplinks(scope: Cancellable): Promise<readonly UplinkState[]> {
    return (await this.#ask({ method: 'uplinks' }, 'uplinks', scope)).uplinks;
  }

  /** What would become of a packet. Words and numbers of the answer are the card's own. */
  async trace(question: TraceQuestion, scope: Cancellable): Promise<Trace> {
    return (await this.#ask({ method: 'trace', question }, 'trace', scope)).trace;
  }

  /** Begins a capture; a card has one at a time. What it has is readCapture()'s matter. */
  async startCapture(options: CaptureOptions, scope: Cancellable): Promise<CaptureReading> {
    return (await this.#ask({ method: 'startCapture', ...options }, 'capture', scope)).reading;
  }

  /** @throws ArgonError not-found if the card has no such capture. */
  async readCapture(capture: string, offset: number, scope: Cancellable): Promise<CaptureReading> {
    const body = { method: 'readCapture', capture, offset } as const;
    return (await this.#ask(body, 'capture', scope)).reading;
  }

  /** The same; what the capture has can still be read. */
  async stopCapture(capture: string, scope: Cancellable): Promise<CaptureReading> {
    return (await this.#ask({ method: 'stopCapture', capture }, 'capture', scope)).reading;
  }

  /** Lets go of the bus. A card stops in stages when nobody else has a copy of its descriptor. */
  close(): void {
    this.#fail(new ArgonError('cancelled', 'the card bus was closed'));
    this.#stream.destroy();
  }

  /** Ends the conversation for all who have a copy of the descriptor; the card stops in stages. */
  end(): void {
    this.#hangUp(new ArgonError('cancelled', 'the card bus was ended'));
  }

  async #resync(scope: Cancellable): Promise<void> {
    const nonce = createNonce();
    this.#scanner = new NonceScanner(nonce);
    this.#stream.write(this.#number({ method: 'resync', nonce }).frame);
    await abortable(this.#scanned.promise, 'taking over a card', scope);
  }

  async #ask<Wanted extends Kind>(
    body: CardRequest,
    kind: Wanted,
    scope: Cancellable,
  ): Promise<AnswerOf<Wanted>> {
    if (this.#closedBy !== undefined) throw this.#closedBy;
    // Before anybody waits: a request may be too long for a frame.
    const { number, frame } = this.#number(body);
    const answered = Promise.withResolvers<CardAnswer>();
    this.#pending.set(number, { kind, answered });
    this.#stream.write(frame);
    const answer = await abortable(
      answered.promise,
      `waiting for the card to ${body.method}`,
      scope,
    );
    if (isOfKind(answer, kind)) return answer;
    throw answer.kind === 'error' ? errorOf(answer) : wrongKind();
  }

  #number(body: CardRequest): { readonly number: number; readonly frame: Buffer } {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    return { number, frame: encodeRequestFrame(encodeRequest({ number, body })) };
  }

  // What is for this controller.
  #skip(chunk: Buffer): Buffer {
    if (this.#scanner === undefined) return chunk;
    const rest = this.#scanner.push(chunk);
    if (rest === undefined) return Buffer.alloc(0);
    this.#scanner = undefined;
    this.#scanned.resolve();
    return rest;
  }

  #onData(chunk: Buffer): void {
    if (this.#closedBy !== undefined) return;
    try {
      for (const frame of this.#decoder.push(this.#skip(chunk))) {
        const { number, body } = parseAnswer(frame);
        const pending = this.#pending.get(number);
        if (pending === undefined) {
          throw new ArgonError('aborted', 'the card sent a frame that nobody asked for');
        }
        if (body.kind !== pending.kind && body.kind !== 'error') throw wrongKind();
        this.#pending.delete(number);
        pending.answered.resolve(body);
      }
    } catch (thrown) {
      this.#hangUp(ArgonError.from(thrown));
    }
  }

  // The end is sent before the descriptor is closed, because others may have copies of that.
  #hangUp(reason: ArgonError): void {
    this.#fail(reason);
    this.#stream.end(() => this.#stream.destroy());
  }

  #fail(reason: ArgonError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = reason;
    this.#scanned.reject(reason);
    for (const { answered } of this.#pending.values()) answered.reject(reason);
    this.#pending.clear();
  }
}

function isOfKind<Wanted extends Kind>(
  answer: CardAnswer,
  kind: Wanted,
): answer is AnswerOf<Wanted> {
  return answer.kind === kind;
}

function errorOf({ code, message, hint }: AnswerOf<'error'>): ArgonError {
  return new ArgonError(code, message, hint === undefined ? {} : { hint });
}

function wrongKind(): ArgonError {
  return new ArgonError('aborted', 'the card answered another question than the one it was asked');
}
