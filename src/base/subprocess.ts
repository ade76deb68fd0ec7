// SPDX-License-Identifier: Apache-2.0

// Short-lived helper programs (mmdebstrap, mke2fs, qemu-img …), run to their end. Long-lived
// children have their own modules.

import { spawn } from 'node:child_process';

import type { Cancellable } from './deadline.ts';
import { throwIfEnded } from './deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from './errors.ts';

export interface RunOptions extends Partial<Cancellable> {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Text for the program's stdin; without it stdin is empty. */
  readonly input?: string;
  /** Called for each line the program writes to stderr. */
  readonly onStderrLine?: (line: string) => void;
}

const outputMaxBytes = 16 * 1024 * 1024; // Arbitrary; a helper's output is at most a package list.
const stderrTailLines = 12;

/**
 * Runs a program to its end and returns what it wrote to stdout.
 * @throws ArgonError with the program, its exit and its last lines when it fails or is missing.
 */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { signal } = options;
  if (signal !== undefined) throwIfEnded(signal, `running ${program}`);
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? { ...process.env, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  const stdout: Buffer[] = [];
  const tail: string[] = [];
  let outputBytes = 0;
  let partial = '';
  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes <= outputMaxBytes) stdout.push(chunk);
    else child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    partial = (lines.pop() ?? '').slice(-4096);
    for (const line of lines) {
      tail.push(line);
      if (tail.length > stderrTailLines) tail.shift();
      options.onStderrLine?.(line);
    }
  });
  child.stdin.on('error', () => {}); // A program may end without reading; its exit code tells.
  child.stdin.end(options.input ?? '');

  const ended = Promise.withResolvers<{ code: number | null; endSignal: string | null }>();
  child.on('error', ended.reject);
  child.on('close', (code, endSignal) => {
    ended.resolve({ code, endSignal });
  });
  try {
    const { code, endSignal } = await ended.promise;
    if (code === 0) return Buffer.concat(stdout).toString('utf8');
    const how = endSignal === null ? `exit code ${String(code)}` : `signal ${endSignal}`;
    const said = [...tail, partial].filter((line) => line !== '').join('\n  ');
    throw new ArgonError('internal', `${program} failed with ${how}${said && `:\n  ${said}`}`);
  } catch (thrown) {
    if (thrown instanceof ArgonError) throw thrown;
    if (signal !== undefined) throwIfEnded(signal, `running ${program}`);
    const isMissing = errnoName(thrown) === 'ENOENT';
    throw new ArgonError(
      isMissing ? 'failed-precondition' : codeOfErrno(errnoName(thrown)),
      `${program} could not be started`,
      { cause: thrown, ...(isMissing ? { hint: 'run ./setup, which installs it' } : {}) },
    );
  }
}
