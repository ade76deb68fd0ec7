// SPDX-License-Identifier: Apache-2.0

// One QEMU process, from spawn to its end. The three channels are socketpairs that it inherits, so
// there is no path that anybody else could open. It ends with its parent (launcher.ts), and nothing
// here returns before it has ended.
//
//   starting ──greeting──▶ running ──SHUTDOWN, crash──▶ ended
//      └──no greeting──▶ killed, ended      └──dispose: quit, SIGTERM, SIGKILL──▶ ended

import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex, finished, type Readable } from 'node:stream';

import { abortable, type Cancellable, deadlineSignal, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { LineDecoder } from '../base/line-decoder.ts';
import type { Logger } from '../base/log.ts';
import { buildCommandLine, inheritedFds } from './command-line.ts';
import { wrapForParent } from './launcher.ts';
import type { MachineSpec } from './machine-spec.ts';
import { openQmp, type QmpClient, type TranscriptLine } from './qmp-client.ts';
import type { QmpEvent } from './qmp-codec.ts';
import { quit } from './qmp-commands.ts';
import { explainStartFailure, formatEnd, type ProcessEnd } from './start-failure.ts';
import type { QemuProgram } from './version.ts';

/** How a QEMU process ended. */
export interface QemuExit {
  readonly end: ProcessEnd;
  /**
   * The reason in QEMU's SHUTDOWN event, if it came: `guest-shutdown`, `guest-reset`,
   * `host-qmp-quit` and others. A hint.
   */
  readonly reason: string | undefined;
  /** Whether the guest told QEMU that it panicked. A hint; not every guest has the driver. */
  readonly hasPanicked: boolean;
  /** The last lines that QEMU wrote to stderr. */
  readonly stderr: readonly string[];
}

export interface QemuProcess extends AsyncDisposable {
  readonly pid: number;
  readonly qmp: QmpClient;
  /** The guest's console. Whoever starts an instance must read it, or the guest's writes stall. */
  readonly serial: Duplex;
  /** The guest agent's port. */
  readonly agent: Duplex;
  /**
   * Resolves when the process has ended, however. The console may have more to read even then.
   * Never rejects.
   */
  readonly exited: Promise<QemuExit>;
}

export interface StartOptions extends Cancellable {
  readonly log: Logger;
  /** See LaunchOptions: what to put around QEMU, for example a sandbox. */
  readonly launcher?: readonly string[];
  /** Told every QMP line, for the run folder's qmp.log. */
  readonly onTranscript?: (line: TranscriptLine) => void;
  /** How long dispose waits after QMP quit, and again after SIGTERM. */
  readonly stopTimeoutMs?: number;
}

/**
 * Starts QEMU and waits until it answers QMP; with `start: 'held'` no instruction has run then.
 * `signal` bounds the start alone; afterwards the process lives until it ends or is disposed.
 * @throws ArgonError with QEMU's own words; the process has ended by then.
 */
export async function startQemu(
  spec: MachineSpec,
  qemu: QemuProgram,
  options: StartOptions,
): Promise<QemuProcess> {
  const { signal, launcher = [] } = options;
  const { args, fileFds } = buildCommandLine(spec, qemu.dialect);
  throwIfEnded(signal, 'starting QEMU');
  const launch = wrapForParent(qemu.program, args, { parentPid: process.pid, launcher });
  const child = spawn(launch.file, launch.args, {
    // 0 to 2 standard, then QMP, console and agent as in inheritedFds, then the boot files.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', ...fileFds],
    // A session of its own: Ctrl-C on the terminal is for Argon, which then stops QEMU in order.
    detached: true,
    cwd: '/',
    // Nothing of the caller's environment, which may hold secrets.
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  });
  const running = new ChildQemu(spec.name, child, options);
  try {
    await running.open(options);
    return running;
  } catch (thrown) {
    await running[Symbol.asyncDispose]();
    throw thrown;
  }
}

const stderrTailLines = 40; // What a failure shows of a console too.
const stderrLoggedMax = 1_000; // A guest can make QEMU complain at will; the log has an end.
const stderrLineMaxBytes = 4_096;
// QEMU answers quit at once unless its main loop hangs, in which case only SIGKILL helps.
const defaultStopTimeoutMs = 2_000;
const drainTimeoutMs = 1_000; // What is in the channels' buffers when the process has ended.

class ChildQemu implements QemuProcess {
  readonly exited: Promise<QemuExit>;
  readonly serial: Duplex;
  readonly agent: Duplex;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #log: Logger;
  readonly #stopTimeoutMs: number;
  readonly #stderr: string[] = [];
  readonly #spawnError = Promise.withResolvers<never>();
  #stderrCount = 0;
  #reason: string | undefined;
  #hasPanicked = false;
  #qmp: QmpClient | undefined;
  #stopping: Promise<void> | undefined;

  constructor(name: string, child: ChildProcess, options: StartOptions) {
    this.#name = name;
    this.#child = child;
    this.#log = options.log;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? defaultStopTimeoutMs;
    this.serial = channel(child, inheritedFds.serial);
    this.agent = channel(child, inheritedFds.agent);
    for (const stream of [this.serial, this.agent]) {
      // The end of the process says it all; without a listener an error would be thrown.
      stream.on('error', () => {});
    }
    this.#readStderr();
    this.#spawnError.promise.catch(() => {}); // Awaited by open() only while the process starts.
    this.exited = this.#watchEnd();
  }

  get pid(): number {
    return this.#child.pid ?? 0; // open() has failed where there is none.
  }

  get qmp(): QmpClient {
    if (this.#qmp === undefined) throw new TypeError('QEMU has not been opened');
    return this.#qmp;
  }

  async open({ signal, onTranscript }: StartOptions): Promise<void> {
    const opening = openQmp(channel(this.#child, inheritedFds.qmp), {
      signal,
      ...(onTranscript === undefined ? {} : { onTranscript }),
      onEvent: (event) => {
        this.#handleEvent(event);
      },
    });
    try {
      this.#qmp = await Promise.race([opening, this.#spawnError.promise]);
    } catch (thrown) {
      opening.catch(() => {}); // Only one of the two is reported.
      throw await this.#explain(thrown, signal);
    }
    this.#log.info({ instance: this.#name, qemuPid: this.pid }, 'QEMU is ready');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  #handleEvent({ name, data }: QmpEvent): void {
    if (name === 'GUEST_PANICKED') this.#hasPanicked = true;
    if (name === 'SHUTDOWN' && typeof data['reason'] === 'string') this.#reason = data['reason'];
  }

  async #explain(thrown: unknown, signal: AbortSignal): Promise<unknown> {
    const spawnErrno = errnoName(thrown);
    if (this.#child.pid === undefined && spawnErrno !== undefined) {
      const code = spawnErrno === 'ENOENT' ? 'failed-precondition' : codeOfErrno(spawnErrno);
      const message = `QEMU for instance ${this.#name} could not be started (${spawnErrno})`;
      const hint = 'run ./setup, which installs QEMU and what starts it';
      return new ArgonError(code, message, { cause: thrown, hint });
    }
    const isCancelled = thrown instanceof ArgonError && thrown.code === 'cancelled';
    if (isCancelled) return thrown;
    // The channel closes a moment before the exit is known. A QEMU that is alive is killed later.
    const ended = signal.aborted ? undefined : await within(this.exited, this.#stopTimeoutMs);
    return explainStartFailure(this.#name, ended?.end, this.#stderr, thrown);
  }

  async #stop(): Promise<void> {
    if (this.#qmp !== undefined) {
      const signal = deadlineSignal(this.#stopTimeoutMs);
      const isAsked = this.#qmp.execute(quit(), { signal }).then(
        () => true,
        () => false, // Already gone, or hanging; the signals follow.
      );
      if (await isAsked) await within(this.exited, this.#stopTimeoutMs);
      await this.#qmp[Symbol.asyncDispose]();
    }
    if (this.#isAlive()) {
      this.#child.kill('SIGTERM');
      await within(this.exited, this.#stopTimeoutMs);
    }
    if (this.#isAlive()) {
      this.#log.warn({ instance: this.#name }, 'QEMU did not stop when asked; killing it');
      this.#child.kill('SIGKILL');
    }
    await this.exited;
    await Promise.all([drain(this.serial), drain(this.agent)]);
  }

  #isAlive(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  async #watchEnd(): Promise<QemuExit> {
    const ended = Promise.withResolvers<ProcessEnd>();
    this.#child.on('error', (error) => {
      this.#spawnError.reject(error);
      if (this.#child.pid === undefined) ended.resolve({ kind: 'code', code: 127 }); // As a shell.
    });
    this.#child.on('exit', (code, signal) => {
      if (code !== null) ended.resolve({ kind: 'code', code });
      else ended.resolve({ kind: 'signal', signal: signal ?? 'unknown' });
    });
    const end = await ended.promise;
    // Its last words may come after the exit. The child's own close event would wait for the
    // guest's channels too, which nobody may be reading.
    if (this.#child.stderr !== null) await within(closed(this.#child.stderr), drainTimeoutMs);
    if (this.#qmp !== undefined) await within(this.#qmp.closed, drainTimeoutMs);
    const about = { instance: this.#name, end: formatEnd(end), reason: this.#reason };
    this.#log.info(about, 'QEMU ended');
    return {
      end,
      reason: this.#reason,
      hasPanicked: this.#hasPanicked,
      stderr: [...this.#stderr],
    };
  }

  #readStderr(): void {
    const lines = new LineDecoder(stderrLineMaxBytes);
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      for (const { text } of lines.push(chunk)) this.#noteStderr(text);
    });
    this.#child.stderr?.on('end', () => {
      const rest = lines.finish();
      if (rest !== undefined) this.#noteStderr(rest.text);
    });
  }

  #noteStderr(line: string): void {
    this.#stderr.push(line);
    if (this.#stderr.length > stderrTailLines) this.#stderr.shift();
    this.#stderrCount += 1;
    if (this.#stderrCount > stderrLoggedMax) return;
    const isLast = this.#stderrCount === stderrLoggedMax;
    this.#log.warn({ instance: this.#name, line, isLast }, 'QEMU wrote to stderr');
  }
}

// Node makes each 'pipe' from descriptor 3 on an AF_UNIX socketpair, which is what QEMU's socket
// chardev takes. Without a process (spawn failed) there is a stream that has ended.
function channel(child: ChildProcess, fd: 3 | 4 | 5): Duplex {
  const streams: readonly unknown[] = child.stdio;
  const stream = streams[fd];
  if (stream instanceof Duplex) return stream;
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }).destroy();
}

/** What `promise` resolves to, or undefined when it takes longer. */
async function within<Value>(
  promise: Promise<Value>,
  timeoutMs: number,
): Promise<Value | undefined> {
  try {
    return await abortable(promise, 'waiting for QEMU to end', {
      signal: deadlineSignal(timeoutMs),
    });
  } catch {
    return undefined;
  }
}

// The console's last words are still in its buffer when the process has ended; who reads gets them.
async function drain(stream: Duplex): Promise<void> {
  const readerCount = stream.listenerCount('data') + stream.listenerCount('readable');
  if (readerCount > 0) await within(closed(stream), drainTimeoutMs);
  stream.destroy();
}

async function closed(stream: Readable): Promise<void> {
  const ended = Promise.withResolvers<void>();
  finished(stream, () => {
    ended.resolve();
  });
  await ended.promise;
}
