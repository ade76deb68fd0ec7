// SPDX-License-Identifier: Apache-2.0

// A QMP client over one stream. It owns the stream: when the client is disposed, when QEMU closes
// it or when QEMU breaks the protocol, the stream is destroyed and every command that waits is
// rejected.

import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { abortable, type Cancellable, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, type ErrorCode } from '../base/errors.ts';
import { type Listener, ListenerSet } from '../base/listener-set.ts';
import { encodeQmpCommand, QmpDecoder, type QmpEvent, type QmpMessage } from './qmp-codec.ts';
import { negotiate, type QmpCommand, qmpVerbs, queryStatus } from './qmp-commands.ts';
import type { QemuVersion } from './version.ts';

/** QEMU refused a command. */
export class QmpError extends ArgonError {
  override readonly name = 'QmpError';
  /** QEMU's class: `GenericError`, `DeviceNotFound`, `CommandNotFound` … */
  readonly qmpClass: string;

  constructor(verb: string, qmpClass: string, description: string) {
    super(codesByClass[qmpClass] ?? 'failed-precondition', `QEMU refused ${verb}: ${description}`);
    this.qmpClass = qmpClass;
  }
}

const codesByClass: Readonly<Record<string, ErrorCode>> = {
  CommandNotFound: 'unimplemented',
  DeviceNotFound: 'not-found',
};

/** One line that crossed the channel, for the run folder's qmp.log. */
export interface TranscriptLine {
  readonly direction: 'sent' | 'received';
  readonly line: string;
}

export interface QmpClient extends AsyncDisposable {
  /** As QEMU greeted. */
  readonly version: QemuVersion;
  /** Why the channel ended, once it has. Never rejects. */
  readonly closed: Promise<ArgonError>;
  /**
   * Runs a command and waits for its one reply. When `signal` ends first, the command may still
   * take effect; its late reply is dropped.
   * @throws QmpError if QEMU refuses, ArgonError unavailable if the channel is or gets closed.
   */
  execute<Reply>(command: QmpCommand<Reply>, options: Cancellable): Promise<Reply>;
  /** Events are hints; the listener hands over to an AsyncQueue. */
  onEvent(listener: Listener<QmpEvent>): Disposable;
}

export interface QmpOptions extends Cancellable {
  /** Told every line both ways. Synchronous. */
  readonly onTranscript?: (line: TranscriptLine) => void;
  /** As onEvent of the client, from the first event on. */
  readonly onEvent?: Listener<QmpEvent>;
}

/**
 * Waits for QEMU's greeting and leaves negotiation. On failure the stream is destroyed.
 * @throws ArgonError unavailable, data-loss, or as `signal` ends.
 */
export async function openQmp(stream: Duplex, options: QmpOptions): Promise<QmpClient> {
  const client = new StreamQmpClient(stream, options.onTranscript ?? ((): void => {}));
  if (options.onEvent !== undefined) client.onEvent(options.onEvent);
  try {
    await client.open(options);
    return client;
  } catch (thrown) {
    await client[Symbol.asyncDispose]();
    throw thrown;
  }
}

/**
 * Takes over the channel of a QEMU that was greeted already, by whoever had it before. What that
 * one left on the channel is passed over, but events are told: they say how the machine ended, if
 * it did meanwhile. On failure the stream is destroyed.
 * @throws ArgonError unavailable or as `signal` ends; unimplemented if QEMU was never greeted.
 */
export async function adoptQmp(
  stream: Duplex,
  options: QmpOptions & { readonly version: QemuVersion },
): Promise<QmpClient> {
  const client = new StreamQmpClient(stream, options.onTranscript ?? ((): void => {}));
  if (options.onEvent !== undefined) client.onEvent(options.onEvent);
  try {
    await client.adopt(options);
    return client;
  } catch (thrown) {
    await client[Symbol.asyncDispose]();
    throw thrown;
  }
}

// Arbitrary; the controller gives one command at a time. Those whose caller gave up count until
// QEMU answers, so a QEMU that hangs costs a bounded amount.
const pendingMax = 64;

interface Pending {
  readonly verb: string;
  readonly settle: PromiseWithResolvers<unknown>;
}

class StreamQmpClient implements QmpClient {
  readonly #stream: Duplex;
  readonly #decoder = new QmpDecoder();
  readonly #events = new ListenerSet<QmpEvent>();
  readonly #pending = new Map<number, Pending>();
  readonly #greeting = Promise.withResolvers<void>();
  readonly #closed = Promise.withResolvers<ArgonError>();
  readonly #onTranscript: (line: TranscriptLine) => void;
  #version: QemuVersion | undefined;
  #closedBy: ArgonError | undefined;
  #isResyncing = false;
  #lastId = 0;

  constructor(stream: Duplex, onTranscript: (line: TranscriptLine) => void) {
    this.#stream = stream;
    this.#onTranscript = onTranscript;
    stream.on('data', (chunk: Buffer) => {
      this.#handleChunk(chunk);
    });
    stream.on('error', (cause) => {
      this.#close(new ArgonError('unavailable', 'the QMP channel failed', { cause }));
    });
    stream.on('close', () => {
      this.#close(new ArgonError('unavailable', 'QEMU closed the QMP channel'));
    });
    // A half-closed channel is as good as a closed one.
    stream.on('end', () => {
      this.#close(new ArgonError('unavailable', 'QEMU closed the QMP channel'));
    });
  }

  get version(): QemuVersion {
    if (this.#version === undefined) throw new TypeError('the QMP client is not open');
    return this.#version;
  }

  get closed(): Promise<ArgonError> {
    return this.#closed.promise;
  }

  async open({ signal }: Cancellable): Promise<void> {
    await abortable(this.#greeting.promise, 'waiting for QEMU to start', { signal });
    await this.execute(negotiate(), { signal });
  }

  async adopt({ signal, version }: Cancellable & { version: QemuVersion }): Promise<void> {
    this.#version = version;
    this.#isResyncing = true;
    this.#decoder.isTolerant = true;
    // Far from the ids that whoever had the channel may still be answered with.
    this.#lastId = randomInt(2 ** 32, 2 ** 47);
    // A command that was cut off must not swallow ours: QEMU's lexer starts anew at this byte.
    this.#stream.write(Buffer.from([0xff, 0x0a]));
    await this.execute(queryStatus(), { signal });
    this.#decoder.isTolerant = false;
    this.#isResyncing = false;
  }

  async execute<Reply>(command: QmpCommand<Reply>, { signal }: Cancellable): Promise<Reply> {
    const what = `waiting for QEMU to answer ${command.verb}`;
    if (!qmpVerbs.includes(command.verb)) {
      throw new ArgonError('permission-denied', `${command.verb} is not an allowed verb`);
    }
    throwIfEnded(signal, what);
    if (this.#closedBy !== undefined) throw this.#closedBy;
    if (this.#pending.size >= pendingMax) {
      throw new ArgonError('resource-exhausted', `QEMU has not answered ${pendingMax} commands`);
    }
    this.#lastId += 1;
    const settle = Promise.withResolvers<unknown>();
    this.#pending.set(this.#lastId, { verb: command.verb, settle });
    const line = encodeQmpCommand(this.#lastId, command.verb, command.args);
    this.#onTranscript({ direction: 'sent', line: line.trimEnd() });
    this.#stream.write(line);
    const value = await abortable(settle.promise, what, { signal });
    try {
      return command.parseReply(value);
    } catch (cause) {
      throw new ArgonError('data-loss', `QEMU answered ${command.verb} in an unknown form`, {
        cause,
      });
    }
  }

  onEvent(listener: Listener<QmpEvent>): Disposable {
    return this.#events.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(new ArgonError('cancelled', 'the QMP channel was closed'));
    await this.#closed.promise;
  }

  #handleChunk(chunk: Buffer): void {
    if (this.#closedBy !== undefined) return;
    try {
      for (const { message, line } of this.#decoder.push(chunk)) {
        this.#onTranscript({ direction: 'received', line });
        this.#handleMessage(message);
      }
    } catch (thrown) {
      if (!(thrown instanceof ArgonError)) throw thrown;
      this.#close(thrown);
    }
  }

  #handleMessage(message: QmpMessage): void {
    if (this.#isResyncing && !this.#isOurs(message)) return;
    switch (message.kind) {
      case 'greeting':
        if (this.#version !== undefined) throw violation('a second greeting');
        this.#version = message.version;
        this.#greeting.resolve();
        return;
      case 'event':
        this.#events.emit(message.event);
        return;
      case 'return':
        this.#takePending(message.id).settle.resolve(message.value);
        return;
      case 'error': {
        const { verb, settle } = this.#takePending(message.id);
        settle.reject(new QmpError(verb, message.qmpClass, message.description));
      }
    }
  }

  #isOurs(message: QmpMessage): boolean {
    if (message.kind === 'event') return true;
    if (message.kind === 'greeting') return false;
    return message.id !== undefined && this.#pending.has(message.id);
  }

  #takePending(id: number | undefined): Pending {
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) throw violation('a reply to no command');
    this.#pending.delete(id);
    return pending;
  }

  #close(reason: ArgonError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = reason;
    this.#stream.destroy();
    for (const { settle } of this.#pending.values()) {
      settle.promise.catch(() => {}); // Whoever gave up waiting does not hear of it either.
      settle.reject(reason);
    }
    this.#pending.clear();
    this.#greeting.promise.catch(() => {}); // Already resolved, or awaited by open().
    this.#greeting.reject(reason);
    this.#closed.resolve(reason);
  }
}

function violation(what: string): ArgonError {
  return new ArgonError('data-loss', `QEMU broke the QMP protocol with ${what}`);
}
