// SPDX-License-Identifier: Apache-2.0

// A client of the QEMU guest agent. The port is shared with the past: an agent that was restarted,
// or a command whose caller gave up, can leave bytes on it. So one exchange runs at a time, and
// after anything unexpected the next one begins by finding the stream's place again
// (guest-sync-delimited).
//
//   unsynced ──delimiter and our newest id──▶ synced ──command, its one reply──▶ synced
//       ▲                                        │
//       └──── no reply in time, garbage, a reply nobody asked for ───┘

import { randomInt } from 'node:crypto';
import { type Duplex, finished } from 'node:stream';

import { abortable, type Cancellable, deadlineSignal, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, assertNever, type ErrorCode } from '../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseBoolean,
  parseInteger,
  parseObject,
  parseString,
} from '../base/parse.ts';
import { AgentDecoder, type AgentMessage, encodeAgentCommand, encodeSync } from './agent-codec.ts';

/** The agent refused a command. */
export class AgentError extends ArgonError {
  override readonly name = 'AgentError';
  /** The agent's class: `GenericError`, `CommandNotFound` … */
  readonly agentClass: string;

  constructor(verb: string, agentClass: string, description: string) {
    const code: ErrorCode =
      agentClass === 'CommandNotFound' ? 'unimplemented' : 'failed-precondition';
    super(code, `the guest agent refused ${verb}: ${description.slice(0, descriptionMaxChars)}`);
    this.agentClass = agentClass;
  }
}

const descriptionMaxChars = 500; // A guest writes it; a message has an end.

export interface AgentInfo {
  readonly version: string;
  /** Names of the commands that the guest's configuration leaves enabled. */
  readonly commands: readonly string[];
}

export interface ExecRequest {
  /** A program, by path or by name on the agent's PATH. */
  readonly path: string;
  readonly args?: readonly string[];
  /** `NAME=value` each; without it the agent's own environment. */
  readonly env?: readonly string[];
  /** What the program reads from its stdin. */
  readonly input?: string | Uint8Array;
}

export interface ExecResult {
  /** Set unless the program was ended by a signal. */
  readonly exitCode: number | undefined;
  /** The number of the signal that ended the program. */
  readonly signal: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** The agent keeps 16 MiB of each and drops the rest. */
  readonly isTruncated: boolean;
}

export type ShutdownMode = 'powerdown' | 'halt' | 'reboot';

export interface AgentOptions {
  /** How long one reply may take. It bounds an agent that died, not a command that it runs. */
  readonly replyTimeoutMs?: number;
  readonly replyMaxBytes?: number;
  /** How long to wait for an agent before asking it again; later up to five times as long. */
  readonly syncIntervalMs?: number;
  /** How long a refusal to shut down may take to come. Success is silence. */
  readonly shutdownGraceMs?: number;
}

// Two outputs of 16 MiB in base64, and what is around them.
const defaultReplyMaxBytes = 48 * 1024 * 1024;
const defaultReplyTimeoutMs = 60_000; // Such a reply takes seconds under TCG.
// QEMU keeps what is sent to a port that the guest has not opened, so an agent that comes up finds
// the question there; asking again is for one that died after it had read it.
const defaultSyncIntervalMs = 1_000;
const syncIntervalGrowth = { factor: 2, max: 5 } as const;
// A shell command under TCG takes 30 ms; a long one is asked after twice a second.
const pollIntervalsMs = { first: 20, factor: 1.5, max: 500 } as const;
const defaultShutdownGraceMs = 1_000; // qemu-ga took 12 ms to refuse, in a guest without shutdown.
const messagesMax = 4; // More than an exchange brings; a flood is dropped and synced away.

export class GuestAgent implements Disposable {
  readonly #stream: Duplex;
  readonly #replyTimeoutMs: number;
  readonly #syncIntervalMs: number;
  readonly #shutdownGraceMs: number;
  readonly #decoder: AgentDecoder;
  readonly #messages: AgentMessage[] = [];
  #arrived = Promise.withResolvers<void>();
  #isSynced = false;
  #isExchanging = false;
  #isEnded = false;
  #lastExchange: Promise<unknown> = Promise.resolve();
  readonly #onData = (chunk: Buffer): void => {
    for (const message of this.#decoder.push(chunk)) this.#handleMessage(message);
  };

  /** Starts reading at once. The stream stays the caller's, who destroys it. */
  constructor(stream: Duplex, options: AgentOptions = {}) {
    this.#stream = stream;
    this.#replyTimeoutMs = options.replyTimeoutMs ?? defaultReplyTimeoutMs;
    this.#syncIntervalMs = options.syncIntervalMs ?? defaultSyncIntervalMs;
    this.#shutdownGraceMs = options.shutdownGraceMs ?? defaultShutdownGraceMs;
    this.#decoder = new AgentDecoder(options.replyMaxBytes ?? defaultReplyMaxBytes);
    finished(stream, { writable: false }, () => {
      this.#isEnded = true;
      this.#notifyArrival();
    });
    stream.on('error', () => {}); // finished() has it.
    stream.on('data', this.#onData);
  }

  /**
   * Waits until the agent answers, asking again in growing intervals: it may not be up yet.
   * @throws ArgonError as `signal` ends, or unavailable when the guest ends.
   */
  async waitUntilUp({ signal }: Cancellable): Promise<void> {
    await this.#inTurn('waiting for the guest agent', signal, async () => {
      await this.#sync(signal);
    });
  }

  /** One exchange; rejects if the agent is not there. */
  async ping(options: Cancellable): Promise<void> {
    await this.#call({ verb: 'guest-ping', parse: () => {} }, options);
  }

  async info(options: Cancellable): Promise<AgentInfo> {
    return await this.#call({ verb: 'guest-info', parse: parseInfo }, options);
  }

  /**
   * Runs a program to its end. The agent of QEMU 7.2 hands over output only when the program has
   * ended; a long command that shall be watched must write to the console. When `signal` ends
   * first, the program goes on in the guest.
   * @throws AgentError if it cannot be started; ArgonError aborted if the agent was restarted and
   * has forgotten the program.
   */
  async run(request: ExecRequest, { signal }: Cancellable): Promise<ExecResult> {
    const { path, args = [], env, input } = request;
    const command: AgentCommand<number> = {
      verb: 'guest-exec',
      args: {
        path,
        arg: args,
        'capture-output': true,
        ...(env === undefined ? {} : { env }),
        ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
      },
      parse: (started) => parseInteger(started['pid'], 'the pid', anyInteger),
    };
    const pid = await this.#call(command, { signal });
    let intervalMs: number = pollIntervalsMs.first;
    for (;;) {
      const result = await this.#askForResult(pid, { signal });
      if (result !== undefined) return result;
      await pause(intervalMs, `waiting for ${path} in the guest`, { signal });
      intervalMs = Math.min(Math.ceil(intervalMs * pollIntervalsMs.factor), pollIntervalsMs.max);
    }
  }

  /**
   * Asks the guest to shut down. Returns when it was asked: the agent answers only to refuse, and
   * the guest ends when it does.
   * @throws AgentError if the agent refuses.
   */
  async shutDown(mode: ShutdownMode, { signal }: Cancellable): Promise<void> {
    const what = 'asking the guest to shut down';
    await this.#inTurn(what, signal, async () => {
      if (!this.#isSynced) await this.#sync(signal);
      this.#send(encodeAgentCommand('guest-shutdown', { mode }));
      try {
        await this.#reply('guest-shutdown', deadlineSignal(this.#shutdownGraceMs, signal));
      } catch (thrown) {
        throwIfEnded(signal, what);
        // Silence is a yes, and so is the end of the guest.
        if (thrown instanceof AgentError) throw thrown;
      }
    });
  }

  /** Stops reading. */
  [Symbol.dispose](): void {
    this.#stream.off('data', this.#onData);
    this.#isEnded = true;
    this.#notifyArrival();
  }

  // Undefined while the program runs, and when the agent did not answer this time.
  async #askForResult(pid: number, { signal }: Cancellable): Promise<ExecResult | undefined> {
    try {
      const command = { verb: 'guest-exec-status', args: { pid }, parse: parseExecStatus };
      return await this.#call(command, { signal });
    } catch (thrown) {
      throwIfEnded(signal, 'waiting for a command in the guest');
      if (thrown instanceof AgentError && thrown.agentClass === 'GenericError') {
        throw new ArgonError('aborted', 'the guest agent has forgotten the command', {
          cause: thrown,
          hint: 'it was restarted while the command ran, or the guest rebooted',
        });
      }
      const isSilence = thrown instanceof ArgonError && thrown.code === 'deadline-exceeded';
      if (isSilence) return undefined;
      throw thrown;
    }
  }

  async #call<Reply>(
    { verb, args, parse }: AgentCommand<Reply>,
    { signal }: Cancellable,
  ): Promise<Reply> {
    const what = `waiting for the guest agent to answer ${verb}`;
    const value = await this.#inTurn(what, signal, async () => {
      if (!this.#isSynced) await this.#sync(signal);
      this.#send(encodeAgentCommand(verb, args));
      return await this.#reply(verb, deadlineSignal(this.#replyTimeoutMs, signal));
    });
    try {
      return parse(parseObject(value, 'the reply'));
    } catch (cause) {
      throw new ArgonError('data-loss', `the guest agent answered ${verb} in an unknown form`, {
        cause,
      });
    }
  }

  // Exchanges one after the other, whoever asks; one that failed does not hold up the next.
  async #inTurn<Value>(
    what: string,
    signal: AbortSignal,
    exchange: () => Promise<Value>,
  ): Promise<Value> {
    const turn = this.#lastExchange.then(async () => {
      throwIfEnded(signal, what); // Whoever gave up in the queue has nothing sent.
      this.#isExchanging = true;
      try {
        return await exchange();
      } finally {
        this.#isExchanging = false;
      }
    });
    this.#lastExchange = turn.catch(() => {});
    return await abortable(turn, what, { signal });
  }

  // Only the newest id will do: the replies to earlier ones then lie behind us, not before us.
  async #sync(signal: AbortSignal): Promise<void> {
    const maxMs = this.#syncIntervalMs * syncIntervalGrowth.max;
    let intervalMs = this.#syncIntervalMs;
    for (;;) {
      throwIfEnded(signal, 'waiting for the guest agent');
      const id = randomInt(2 ** 47);
      this.#send(encodeSync(id));
      const isAnswered = await this.#awaitSync(id, deadlineSignal(intervalMs, signal));
      if (isAnswered) {
        this.#isSynced = true;
        return;
      }
      intervalMs = Math.min(intervalMs * syncIntervalGrowth.factor, maxMs);
    }
  }

  async #awaitSync(id: number, signal: AbortSignal): Promise<boolean> {
    let isDelimited = false;
    try {
      for (;;) {
        const message = await this.#next('waiting for the guest agent', signal);
        if (isDelimited && message.kind === 'return' && message.value === id) return true;
        isDelimited = message.kind === 'delimiter';
      }
    } catch (thrown) {
      // The caller looks whether it was this interval that ended, or its own signal.
      if (signal.aborted) return false;
      throw thrown;
    }
  }

  async #reply(verb: string, signal: AbortSignal): Promise<unknown> {
    this.#isSynced = false; // Until the reply is here, and it is one.
    const message = await this.#next(`waiting for the guest agent to answer ${verb}`, signal);
    switch (message.kind) {
      case 'return':
        this.#isSynced = true;
        return message.value;
      case 'error':
        this.#isSynced = true;
        throw new AgentError(verb, message.agentClass, message.description);
      case 'too-long':
        throw new ArgonError(
          'resource-exhausted',
          `the guest agent's answer to ${verb} is too long`,
        );
      case 'delimiter':
      case 'garbage':
        throw new ArgonError('data-loss', `the guest agent answered ${verb} with garbage`);
      default:
        return assertNever(message);
    }
  }

  async #next(what: string, signal: AbortSignal): Promise<AgentMessage> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#isEnded) throw new ArgonError('unavailable', `the guest ended while ${what}`);
      await abortable(this.#arrived.promise, what, { signal });
    }
  }

  #handleMessage(message: AgentMessage): void {
    // What is before a delimiter is of the past: above all the answers to all but our last sync.
    if (message.kind === 'delimiter') this.#messages.length = 0;
    if (!this.#isExchanging || this.#messages.length >= messagesMax) {
      this.#isSynced = false;
      return;
    }
    this.#messages.push(message);
    this.#notifyArrival();
  }

  #send(bytes: string | Uint8Array): void {
    this.#messages.length = 0; // What came before belongs to an earlier exchange.
    if (this.#stream.writable) this.#stream.write(bytes);
  }

  #notifyArrival(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}

/** A command and how its reply is read. */
interface AgentCommand<Reply> {
  readonly verb: string;
  readonly args?: JsonObject;
  readonly parse: (reply: JsonObject) => Reply;
}

const anyInteger = { min: 0, max: Number.MAX_SAFE_INTEGER };

function parseInfo(info: JsonObject): AgentInfo {
  const commands = parseArray(info['supported_commands'], 'the commands')
    .map((item) => parseObject(item, 'a command'))
    .filter((command) => parseBoolean(command['enabled'], 'enabled'))
    .map((command) => parseString(command['name'], 'the name'));
  return { version: parseString(info['version'], 'the version'), commands };
}

function parseExecStatus(status: JsonObject): ExecResult | undefined {
  if (!parseBoolean(status['exited'], 'exited')) return undefined;
  const optional = (name: string): number | undefined =>
    status[name] === undefined ? undefined : parseInteger(status[name], name, anyInteger);
  const output = (name: string): Buffer =>
    Buffer.from(status[name] === undefined ? '' : parseString(status[name], name), 'base64');
  const exitCode = optional('exitcode');
  const signal = optional('signal');
  if (exitCode === undefined && signal === undefined) {
    // Not to be taken for success.
    throw new ArgonError('data-loss', 'the command ended in no way');
  }
  return {
    exitCode,
    signal,
    stdout: output('out-data'),
    stderr: output('err-data'),
    isTruncated: status['out-truncated'] === true || status['err-truncated'] === true,
  };
}

// Ends after `timeoutMs`, or rejects with `signal`.
async function pause(timeoutMs: number, what: string, { signal }: Cancellable): Promise<void> {
  const { promise } = Promise.withResolvers<never>();
  await abortable(promise, what, { signal: deadlineSignal(timeoutMs, signal) }).catch(() => {});
  throwIfEnded(signal, what);
}
