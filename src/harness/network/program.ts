// SPDX-License-Identifier: Apache-2.0

// A program that serves while it is measured: kept on one CPU, stopped while others have their
// turn, and ended with whoever started it, however that ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';

const readyIntervalMs = 20;
// Long beside what any takes, on a machine with other work too.
const readyTimeoutMs = 120_000;
const outputMaxChars = 1_048_576;
const outputTailChars = 4096;

export interface ProgramOptions extends Cancellable {
  /** For people. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The CPU of all its threads, unless it chooses others itself; anywhere if nothing is said. */
  readonly cpu?: number;
  /** `own`: network devices that it makes are seen by nobody else. */
  readonly network?: 'shared' | 'own';
  /** What to do where it is missing. */
  readonly hint: string;
  /** Asked again and again with what the program has written so far. */
  readonly isReady: (output: string) => Promise<boolean> | boolean;
}

export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** What it has written at its start. */
  readonly output: string;
  resume(): void;
  pause(): void;
}

/** Started and ready. Disposing it kills it: nothing of it is worth a clean end. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, file, args, env, cpu, network = 'shared', hint, signal } = options;
  const pinned = cpu === undefined ? [] : ['taskset', '-c', String(cpu)];
  // First of all: a new namespace forgets who is to be told of a parent's end.
  const apart = network === 'own' ? ['unshare', '--map-root-user', '--net'] : [];
  const words = [...apart, 'setpriv', '--pdeathsig', 'KILL', ...pinned, file, ...args];
  // Its standard input stays open, and is never written to: some end with it.
  const child = spawn(words[0] ?? file, words.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => kill(child));
  let output = '';
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < outputMaxChars) output += text;
      tail = (tail + text).slice(-outputTailChars);
    });
  }
  child.on('error', () => {}); // Without a process there is no pid, which is seen below.
  const { pid } = child;
  await pollUntil(
    async () => {
      if (pid === undefined || child.exitCode === 127) {
        throw new ArgonError('failed-precondition', `${name} could not be started`, { hint });
      }
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new ArgonError('unavailable', `${name} ended: ${tail.trim()}`, { hint });
      }
      return (await options.isReady(output)) ? true : undefined;
    },
    `waiting for ${name}`,
    { signal: deadlineSignal(readyTimeoutMs, signal), intervalMs: readyIntervalMs },
  );
  const owned = stack.move();
  return {
    pid: pid ?? 0,
    output,
    resume: () => child.kill('SIGCONT'),
    pause: () => child.kill('SIGSTOP'),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
