// SPDX-License-Identifier: Apache-2.0

// A process of a test: what it writes is kept, how it ends is awaited, and it never outlives the
// test. Everything is addressed by its pid.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';

import { abortable, deadlineSignal, pollUntil } from '../../../src/base/deadline.ts';

/** How a process ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** Added to an environment of little more than PATH. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs as this user. */
  readonly uid?: number;
}

/** The repository. */
export const root = join(import.meta.dirname, '..', '..', '..');
/** Bounds a hang; what is waited for takes a fraction of it on an idle machine. */
export const patienceMs = 120_000;
const pollIntervalMs = 10;
// Node compiles our sources once and not for each of some hundred processes.
const compileCache = join(root, 'build/node-compile-cache');

/** Waits until `check` gives something other than undefined. */
export async function eventually<Value>(
  check: () => Promise<Value | undefined> | Value | undefined,
  what: string,
): Promise<Value> {
  const signal = deadlineSignal(patienceMs);
  return pollUntil(check, what, { signal, intervalMs: pollIntervalMs });
}

export class Child implements AsyncDisposable {
  readonly pid: number;
  /** Resolves when the process has ended and its output is read. */
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;
  readonly #name: string;
  #stdout = '';
  #stderr = '';
  #end: Ended | undefined;

  constructor(process: ChildProcess, name: string) {
    this.#process = process;
    this.#name = name;
    this.pid = process.pid ?? 0;
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    const ended = Promise.withResolvers<Ended>();
    process.on('error', ended.reject);
    process.on('close', (code, signal) => {
      this.#end = { code, signal, stdout: this.#stdout, stderr: this.#stderr };
      ended.resolve(this.#end);
    });
    this.ended = ended.promise;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The process itself, for its descriptors. */
  get process(): ChildProcess {
    return this.#process;
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Ends it with a signal and waits until it has ended. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.kill(signal);
    return await this.waitForEnd();
  }

  async waitForEnd(): Promise<Ended> {
    return await abortable(this.ended, `waiting for ${this.#name} to end`, {
      signal: deadlineSignal(patienceMs),
    });
  }

  /** Waits until what it wrote matches; fails with all of it if it ends before. */
  async waitFor(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    return await eventually(
      () => {
        const match = pattern.exec(stream === 'stdout' ? this.#stdout : this.#stderr);
        if (match !== null) return match;
        if (this.#end === undefined) return undefined;
        throw new Error(
          `${this.#name} ended without ${String(pattern)}: ${describeEnd(this.#end)}`,
        );
      },
      `waiting for ${String(pattern)} of ${this.#name}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end === undefined) this.#process.kill('SIGKILL');
    await this.ended;
  }
}

/** For messages of failed tests. */
export function describeEnd({ code, signal, stdout, stderr }: Ended): string {
  return `code ${String(code)}, signal ${String(signal)}\nstdout: ${stdout}\nstderr: ${stderr}`;
}

/** Starts a program; `await using` ends it with the test. */
export function startChild(
  program: string,
  args: readonly string[],
  { env = {}, cwd = '/', uid }: ChildOptions = {},
  stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe'],
): Child {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...env },
    stdio,
    ...(uid === undefined ? {} : { uid }),
  });
  return new Child(child, program.split('/').at(-1) ?? program);
}

/** Starts one of the programs beside this file, as Node runs TypeScript. */
export function startScript(
  name: string,
  args: readonly string[],
  options: ChildOptions = {},
  stdio: SpawnOptions['stdio'] = ['ignore', 'pipe', 'pipe'],
): Child {
  const path = join(import.meta.dirname, name);
  const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc', path];
  return startChild(process.execPath, [...flags, ...args], options, stdio);
}
