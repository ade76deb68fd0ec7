// SPDX-License-Identifier: Apache-2.0

// The controller's connection to its backplane: one request at a time, descriptors beside it. A
// descriptor that is handed over stays the caller's, open until the call has settled; one that is
// taken is the caller's to close.

import { closeSync } from 'node:fs';

import { abortable, type Cancellable, throwIfEnded } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { FdFrame, NativeFdStream } from '../../native/addons.ts';
import { native } from '../../native/error-kind.ts';
import {
  decodeAnswer,
  decodeHello,
  decodeNames,
  decodeSlots,
  encodeRequest,
  encodeSlot,
  encodeSlotRequest,
  encodeText,
  type Method,
  protocolVersion,
  type Request,
  type SlotStatus,
} from './protocol.ts';

export interface OpenSlotOptions {
  readonly slot: number;
  /** Where QEMU connects: at most 107 bytes. */
  readonly socketPath: string;
  /** Size of the allocation map's shared memory; 0: none. */
  readonly mapBytes: bigint;
}

// For one answer. A backplane answers within a millisecond; one that hangs is given up.
const answerTimeoutMs = 30_000;

interface Call {
  readonly payload?: Uint8Array;
  readonly fds?: readonly number[];
}

interface Answer {
  readonly payload: Buffer;
  readonly fds: readonly number[];
}

export class BackplaneConnection implements AsyncDisposable {
  readonly #stream: NativeFdStream;
  #nextNumber = 1;
  /** Settles when the last call has its answer. */
  #turn: Promise<void> = Promise.resolve();

  /** `stream`: connected, and owned from now on. */
  constructor(stream: NativeFdStream) {
    this.#stream = stream;
  }

  /**
   * The first call: agrees on a version. Waits while the backplane has another controller.
   * @returns the backplane's process.
   */
  async hello(scope: Cancellable): Promise<number> {
    const { payload } = await this.#ask('hello', { payload: encodeSlot(protocolVersion) }, scope);
    const { version, pid } = decodeHello(payload);
    if (version === protocolVersion) return pid;
    throw new ArgonError(
      'failed-precondition',
      `the backplane speaks version ${version}, and this controller ${protocolVersion}`,
      { hint: 'end the guests and the backplane that an older release started' },
    );
  }

  async openSlot(options: OpenSlotOptions, scope: Cancellable): Promise<void> {
    const { slot, mapBytes, socketPath } = options;
    await this.#ask('openSlot', { payload: encodeSlotRequest(slot, mapBytes, socketPath) }, scope);
  }

  async closeSlot(slot: number, scope: Cancellable): Promise<void> {
    await this.#ask('closeSlot', { payload: encodeSlot(slot) }, scope);
  }

  async attachCard(card: string, fd: number, scope: Cancellable): Promise<void> {
    await this.#ask('attachCard', { payload: encodeText(card), fds: [fd] }, scope);
  }

  async detachCard(card: string, scope: Cancellable): Promise<void> {
    await this.#ask('detachCard', { payload: encodeText(card) }, scope);
  }

  async assign(slot: number, card: string | undefined, scope: Cancellable): Promise<void> {
    await this.#ask('assign', { payload: encodeSlot(slot, card) }, scope);
  }

  async keepFd(name: string, fd: number, scope: Cancellable): Promise<void> {
    await this.#ask('keepFd', { payload: encodeText(name), fds: [fd] }, scope);
  }

  async takeFd(name: string, scope: Cancellable): Promise<number> {
    const { fds } = await this.#ask('takeFd', { payload: encodeText(name) }, scope);
    const [fd] = fds;
    if (fd === undefined) throw new ArgonError('aborted', 'the backplane sent no descriptor');
    return fd;
  }

  async listFds(scope: Cancellable): Promise<readonly string[]> {
    return decodeNames((await this.#ask('listFds', {}, scope)).payload);
  }

  async dropFd(name: string, scope: Cancellable): Promise<void> {
    await this.#ask('dropFd', { payload: encodeText(name) }, scope);
  }

  async slots(scope: Cancellable): Promise<readonly SlotStatus[]> {
    return decodeSlots((await this.#ask('listSlots', {}, scope)).payload);
  }

  async cards(scope: Cancellable): Promise<readonly string[]> {
    return decodeNames((await this.#ask('listCards', {}, scope)).payload);
  }

  async shutDown(scope: Cancellable): Promise<void> {
    await this.#ask('shutDown', {}, scope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.close();
  }

  async #ask(method: Method, call: Call, { signal }: Cancellable): Promise<Answer> {
    const { payload = new Uint8Array(), fds = [] } = call;
    const request = { number: this.#nextNumber, method, payload };
    this.#nextNumber = (this.#nextNumber + 1) % 2 ** 32;
    const what = `waiting for the backplane to ${method}`;
    const exchanged = this.#exchange(request, fds, what, signal);
    let frame: FdFrame;
    try {
      frame = await abortable(exchanged, what, { signal });
    } catch (thrown) {
      // The answer to a call that was given up may still come, with a descriptor that nobody wants.
      exchanged.then(closeFds, () => {});
      throw thrown;
    }
    try {
      const answer = { payload: decodeAnswer(frame.bytes, request), fds: frame.fds };
      if (frame.fds.length === (method === 'takeFd' ? 1 : 0)) return answer;
      throw new ArgonError('aborted', `the backplane sent ${frame.fds.length} descriptors`);
    } catch (thrown) {
      closeFds(frame);
      throw thrown;
    }
  }

  /** Sends when every call before has its answer: more at once would only hold threads. */
  async #exchange(
    request: Request,
    fds: readonly number[],
    what: string,
    signal: AbortSignal,
  ): Promise<FdFrame> {
    const turn = Promise.withResolvers<void>();
    const before = this.#turn;
    this.#turn = turn.promise;
    await before;
    try {
      throwIfEnded(signal, what);
      const bytes = encodeRequest(request);
      const exchanged = this.#stream.exchange({ bytes, fds, timeoutMs: answerTimeoutMs });
      return await native(exchanged, 'see backplane.log');
    } finally {
      turn.resolve();
    }
  }
}

function closeFds({ fds }: FdFrame): void {
  for (const fd of fds) closeSync(fd);
}
