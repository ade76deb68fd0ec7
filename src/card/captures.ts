// SPDX-License-Identifier: Apache-2.0

// The capture of a host's network card: takes headers out of the engine and keeps them, up to what
// was asked for, until somebody has read them. One at a time, and none in production. It ends with
// whoever asked for it: one that nobody reads is stopped, and then forgotten.
//
//     running ──bound, stop, nobody reads, interface gone──▶ ended ──nobody reads──▶ forgotten

import { setTimeout as sleep } from 'node:timers/promises';

import { ArgonError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { HostEnvironment } from '../native/network-watch.ts';
import type { CaptureEnd, CaptureOptions, CaptureReading } from './bus/captures.ts';
import type { NetworkWatch } from './network-watch.ts';
import { fitBlocks } from './pcapng-blocks.ts';

/** Of what is read at once; half of what a frame of the bus may have. */
export const pieceBytesMax = 512 * 1024;

// Readers come back within a second; a person who reads by hand takes longer. Arbitrary.
const defaultPatienceMs = 15_000;
// Half a megabyte of frames may wait in the card.
const takeEveryMs = 200;

type Watch = Pick<NetworkWatch, 'startCapture' | 'takeCapture' | 'stopCapture'>;

export interface CapturesOptions {
  readonly card: Watch;
  /** As the card was told when it was started. */
  readonly environment: HostEnvironment;
  readonly logger: Logger;
  /** How long a capture waits for somebody who reads it. */
  readonly patienceMs?: number;
}

export class Captures implements AsyncDisposable {
  readonly #options: CapturesOptions;
  #capture: Capture | undefined;
  /** While one is begun. */
  #starting: Promise<void> | undefined;

  constructor(options: CapturesOptions) {
    this.#options = options;
  }

  /**
   * @throws ArgonError permission-denied in production, resource-exhausted while there is another
   * one that goes on.
   */
  async start(options: CaptureOptions): Promise<CaptureReading> {
    const isRunning = this.#capture !== undefined && this.#capture.end === undefined;
    if (isRunning || this.#starting !== undefined) throw isTaken();
    const starting = Promise.withResolvers<void>();
    this.#starting = starting.promise;
    try {
      return (await this.#replace(options)).read(0, 0);
    } finally {
      this.#starting = undefined;
      starting.resolve();
    }
  }

  /**
   * What there is from `offset` on.
   * @throws ArgonError not-found if there is no such capture, or none any more.
   */
  read(id: string, offset: number): CaptureReading {
    return this.#find(id).read(offset, pieceBytesMax);
  }

  /** Settles when it has ended; what it has can still be read. @throws ArgonError not-found. */
  async stop(id: string): Promise<CaptureReading> {
    const capture = this.#find(id);
    await capture.stop('stopped');
    return capture.read(0, 0);
  }

  /** An interface is served no more. */
  async removeInterface(index: number): Promise<void> {
    await this.#starting;
    if (this.#capture?.options.index === index) await this.#capture.stop('interface-gone');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#starting;
    await this.#capture?.[Symbol.asyncDispose]();
    this.#capture = undefined;
  }

  async #replace(options: CaptureOptions): Promise<Capture> {
    await this.#capture?.[Symbol.asyncDispose]();
    this.#capture = undefined;
    const { card, environment } = this.#options;
    const { index: only, interface: name } = options;
    const head = await card.startCapture(environment, { only, name });
    const { patienceMs = defaultPatienceMs, ...others } = this.#options;
    const onForgotten = (forgotten: Capture): void => {
      if (this.#capture === forgotten) this.#capture = undefined;
    };
    this.#capture = new Capture(options, head, { ...others, patienceMs, onForgotten });
    return this.#capture;
  }

  #find(id: string): Capture {
    if (this.#capture?.options.capture === id) return this.#capture;
    throw new ArgonError('not-found', `there is no capture ${id}`, {
      hint: 'one that nobody reads is forgotten; start another one',
    });
  }
}

function isTaken(): ArgonError {
  return new ArgonError('resource-exhausted', 'another capture is under way on this host', {
    hint: 'wait for its end; a host has one at a time',
  });
}

interface CaptureSurroundings extends CapturesOptions {
  readonly patienceMs: number;
  /** Called when nobody has read it for long after its end, or when it is disposed. */
  readonly onForgotten: (capture: Capture) => void;
}

class Capture implements AsyncDisposable {
  readonly options: CaptureOptions;
  readonly #card: Watch;
  readonly #logger: Logger;
  readonly #patienceMs: number;
  /** The file, as large as it is. */
  readonly #bytes: ArrayBuffer;
  readonly #running: Promise<void>;
  readonly #waiting: Promise<void>;
  readonly #onForgotten: (capture: Capture) => void;
  /** Wakes what runs. */
  readonly #stopping = new AbortController();
  readonly #closing = new AbortController();
  readonly #startedMs = performance.now();
  #readMs = performance.now();
  #frames = 0;
  #framesLost = 0n;
  #asked: CaptureEnd | undefined;
  #end: CaptureEnd | undefined;

  constructor(
    options: CaptureOptions,
    head: Uint8Array,
    { card, logger, patienceMs, onForgotten }: CaptureSurroundings,
  ) {
    this.options = options;
    this.#card = card;
    this.#logger = logger;
    this.#patienceMs = patienceMs;
    this.#bytes = new ArrayBuffer(0, { maxByteLength: options.bytesMax });
    this.#append(head);
    this.#running = this.#run();
    this.#onForgotten = onForgotten;
    this.#waiting = this.#waitForReaders();
  }

  get end(): CaptureEnd | undefined {
    return this.#end;
  }

  read(offset: number, bytesMax: number): CaptureReading {
    const sizeBytes = this.#bytes.byteLength;
    if (offset > sizeBytes) {
      throw new ArgonError('invalid-argument', `the capture has ${sizeBytes} bytes`, {
        hint: 'read on behind what was read before',
      });
    }
    this.#readMs = performance.now();
    const end = Math.min(offset + bytesMax, sizeBytes);
    const data = new Uint8Array(this.#bytes.slice(offset, end));
    return { end: this.#end, frames: this.#frames, framesLost: this.#framesLost, sizeBytes, data };
  }

  /** Settles when it has ended, for whatever reason was the first. */
  async stop(reason: CaptureEnd): Promise<void> {
    this.#asked ??= reason;
    this.#stopping.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.stop('stopped');
    await this.#waiting;
  }

  async #run(): Promise<void> {
    const { capture, interface: id } = this.options;
    this.#logger.info({ capture, interface: id }, 'a capture of headers begins');
    this.#end = await this.#record();
    try {
      await this.#card.stopCapture();
    } catch (thrown) {
      this.#logger.error({ err: thrown, capture }, 'a capture could not be stopped');
    }
    this.#logger.info({ capture, end: this.#end, frames: this.#frames }, 'a capture has ended');
  }

  async #record(): Promise<CaptureEnd> {
    try {
      for (;;) {
        // First, so that what came before it is taken.
        const due = this.#due();
        const bound = await this.#take();
        if (bound !== undefined) return bound;
        if (due !== undefined) return due;
        await pause(takeEveryMs, this.#stopping.signal);
      }
    } catch (thrown) {
      this.#logger.error({ err: thrown, capture: this.options.capture }, 'a capture has failed');
      return 'failed';
    }
  }

  #due(): CaptureEnd | undefined {
    if (this.#asked !== undefined) return this.#asked;
    const nowMs = performance.now();
    if (nowMs - this.#startedMs >= this.options.secondsMax * 1_000) return 'time';
    return nowMs - this.#readMs >= this.#patienceMs ? 'abandoned' : undefined;
  }

  /** Which bound is reached, if one is. */
  async #take(): Promise<'frames' | 'bytes' | undefined> {
    const { framesMax, bytesMax } = this.options;
    for (;;) {
      const blocks = await this.#card.takeCapture();
      if (blocks.length === 0) return undefined;
      const fitting = fitBlocks(blocks, {
        framesMax: framesMax - this.#frames,
        bytesMax: bytesMax - this.#bytes.byteLength,
      });
      this.#append(blocks.subarray(0, fitting.bytes));
      this.#frames += fitting.frames;
      this.#framesLost += fitting.framesLost;
      if (fitting.bound !== undefined) return fitting.bound;
    }
  }

  #append(bytes: Uint8Array): void {
    const offset = this.#bytes.byteLength;
    this.#bytes.resize(offset + bytes.length);
    new Uint8Array(this.#bytes).set(bytes, offset);
  }

  async #waitForReaders(): Promise<void> {
    await this.#running;
    this.#readMs = performance.now(); // Somebody may still come to hear why it has ended.
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const leftMs = this.#readMs + this.#patienceMs - performance.now();
      if (leftMs <= 0) break;
      await pause(leftMs, signal);
    }
    this.#onForgotten(this);
  }
}

/** Ends early with the signal, without an error. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
