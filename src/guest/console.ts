// SPDX-License-Identifier: Apache-2.0

// A guest's serial console: everything it prints goes to a log file, to a bounded history that
// expect() and error reports read, and to listeners. It must be read for as long as the guest runs,
// or the guest's own writes stall.

import { createWriteStream, type WriteStream } from 'node:fs';
import { type Duplex, finished } from 'node:stream';

import { abortable, type Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { type Listener, ListenerSet } from '../base/listener-set.ts';
import {
  ConsoleHistory,
  type ConsoleMatch,
  type ConsolePattern,
  ConsoleSearch,
} from './console-history.ts';
import { TerminalText } from './terminal-text.ts';

/** A line of the console, or what there is of the last one so far. */
export interface ConsoleLine {
  readonly text: string;
  readonly isComplete: boolean;
}

export interface ConsoleOptions {
  /** Gets every byte as the guest sent it, up to `logMaxBytes`. */
  readonly logFile?: string;
  /** `new`, the default: the file is made anew. `append`: what it has stays. */
  readonly logMode?: 'new' | 'append';
  readonly logMaxBytes?: number;
  readonly historyMaxChars?: number;
}

// A guest can print for ever. The history is what expect() may still find; the log is what a person
// reads afterwards. Arbitrary: a verbose Debian boot prints 60 KiB.
const historyMaxChars = 256 * 1024;
const logMaxBytes = 64 * 1024 * 1024;
const lineMaxChars = 4096; // A longer line is handed out in pieces of this length.

export class GuestConsole implements AsyncDisposable {
  /** Resolves when the guest's end of the console is gone. Never rejects. */
  readonly ended: Promise<void>;
  readonly #stream: Duplex;
  readonly #text = new TerminalText();
  readonly #history: ConsoleHistory;
  readonly #lines = new ListenerSet<ConsoleLine>();
  readonly #bytes = new ListenerSet<Uint8Array>();
  readonly #log: ConsoleLog | undefined;
  #unfinished = '';
  #changed = Promise.withResolvers<void>();
  #isEnded = false;
  #isExpecting = false;
  readonly #onData = (chunk: Buffer): void => {
    this.#handleChunk(chunk);
  };

  /** Starts reading at once. The stream stays the caller's, who destroys it. */
  constructor(stream: Duplex, options: ConsoleOptions = {}) {
    this.#stream = stream;
    this.#history = new ConsoleHistory(options.historyMaxChars ?? historyMaxChars);
    if (options.logFile !== undefined) {
      this.#log = new ConsoleLog(options.logFile, {
        maxBytes: options.logMaxBytes ?? logMaxBytes,
        flags: options.logMode === 'append' ? 'a' : 'w',
      });
    }
    const ended = Promise.withResolvers<void>();
    this.ended = ended.promise;
    // finished() also takes the error of a stream that breaks, which says no more than its end.
    finished(stream, { writable: false }, () => {
      this.#isEnded = true;
      this.#notifyChange();
      ended.resolve();
    });
    stream.on('error', () => {});
    stream.on('data', this.#onData);
  }

  /** Types into the guest. False: the guest is slow to read; wait until it has, or gone. */
  write(input: string | Uint8Array): boolean {
    return !this.#isEnded && this.#stream.writable && this.#stream.write(input);
  }

  /** Calls `onDrain` once, when the guest has read what was written. */
  onceDrained(onDrain: () => void): void {
    this.#stream.once('drain', onDrain);
  }

  /**
   * Waits until the guest prints `pattern`, starting after the previous match. What comes in
   * between two calls is not lost. One caller at a time; the history has one place up to which it
   * was read.
   * @throws ArgonError as `signal` ends, or unavailable if the console ends first.
   */
  async expect(pattern: ConsolePattern, { signal }: Cancellable): Promise<ConsoleMatch> {
    const what = `waiting for ${String(pattern)} on the guest's console`;
    if (this.#isExpecting) {
      throw new ArgonError('failed-precondition', `another is ${what} already`);
    }
    this.#isExpecting = true;
    try {
      const search = new ConsoleSearch(pattern);
      for (;;) {
        const match = this.#history.take(search);
        if (match !== undefined) return match;
        if (this.#isEnded) {
          throw new ArgonError('unavailable', `the guest's console ended while ${what}`);
        }
        await abortable(this.#changed.promise, what, { signal });
      }
    } finally {
      this.#isExpecting = false;
    }
  }

  /** The last lines without colors and control characters, for reports. */
  lastLines(count: number): readonly string[] {
    return this.#history.lastLines(count);
  }

  /** Told each line as it is completed, and the unfinished one as it grows. */
  onLine(listener: Listener<ConsoleLine>): Disposable {
    return this.#lines.add(listener);
  }

  /** Told the bytes as they come. */
  onBytes(listener: Listener<Uint8Array>): Disposable {
    return this.#bytes.add(listener);
  }

  /** Why the log file is incomplete, if it is. */
  get logError(): ArgonError | undefined {
    return this.#log?.error;
  }

  /** Stops reading and closes the log. What the guest prints from then on is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.off('data', this.#onData);
    if (!this.#stream.destroyed) this.#stream.resume();
    await this.#log?.[Symbol.asyncDispose]();
  }

  #handleChunk(chunk: Buffer): void {
    // untrusted: what the guest prints.
    if (this.#log?.write(chunk) === false) {
      this.#stream.pause();
      this.#log.onceDrained(() => this.#stream.resume());
    }
    const text = this.#text.push(chunk);
    this.#history.append(text);
    this.#emitLines(text);
    this.#bytes.emit(chunk);
    this.#notifyChange();
  }

  #emitLines(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    let rest = lines.pop() ?? '';
    for (const line of lines) this.#lines.emit({ text: line, isComplete: true });
    while (rest.length > lineMaxChars) {
      this.#lines.emit({ text: rest.slice(0, lineMaxChars), isComplete: true });
      rest = rest.slice(lineMaxChars);
    }
    this.#unfinished = rest;
    if (rest !== '') this.#lines.emit({ text: rest, isComplete: false });
  }

  #notifyChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** The log file: bounded, and a failure to write it never disturbs the guest. */
class ConsoleLog implements AsyncDisposable {
  readonly #file: WriteStream;
  readonly #maxBytes: number;
  #sizeBytes = 0;
  #isFull = false;
  error: ArgonError | undefined;

  constructor(path: string, { maxBytes, flags }: { maxBytes: number; flags: 'a' | 'w' }) {
    this.#maxBytes = maxBytes;
    this.#file = createWriteStream(path, { flags, mode: 0o600 });
    this.#file.on('error', (cause) => {
      this.error = new ArgonError('data-loss', `the console log ${path} is incomplete`, { cause });
      this.#file.emit('drain'); // Nobody must wait for a file that will not be written.
    });
  }

  /** False when the file system is behind; the guest then waits, which is what a slow line does. */
  write(chunk: Buffer): boolean {
    if (this.#isFull || this.error !== undefined || this.#file.destroyed) return true;
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes <= this.#maxBytes) return this.#file.write(chunk);
    this.#isFull = true;
    this.error = new ArgonError('resource-exhausted', 'the console log has reached its limit');
    return this.#file.write(`\n[argon: the log ends here, at ${this.#maxBytes} bytes]\n`);
  }

  onceDrained(onDrain: () => void): void {
    this.#file.once('drain', onDrain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    finished(this.#file, () => {
      closed.resolve();
    });
    this.#file.end();
    await closed.promise;
  }
}
