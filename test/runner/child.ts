// SPDX-License-Identifier: Apache-2.0

// Programs that the test runner starts. Their output goes to the terminal as it comes, or into a
// log that is shown when they fail.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

export const root = join(import.meta.dirname, '..', '..');
export const resultsDir = join(root, 'build', 'test-results');

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The environment of a child: Node and the npm tools of this repository come first. */
function environment(): NodeJS.ProcessEnv {
  const path = `${join(root, 'node_modules', '.bin')}:${dirname(process.execPath)}`;
  const color = process.stdout.isTTY ? {} : { NO_COLOR: '1' };
  return { ...process.env, ...color, PATH: `${path}:${process.env['PATH'] ?? ''}` };
}

/** Runs a program with this terminal; whether it ended with exit code 0 within `timeoutMs`. */
export async function runShown(command: readonly string[], timeoutMs: number): Promise<boolean> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ended = Promise.withResolvers<boolean>();
  child.on('error', (error) => {
    say(`${program}: ${error.message}`);
    ended.resolve(false);
  });
  child.on('close', (code) => {
    ended.resolve(code === 0);
  });
  return await ended.promise;
}

export interface LoggedOptions {
  readonly label: string;
  readonly logFile: string;
  readonly timeoutMs: number;
  /** Whether a line is shown at once; without it, the whole log is shown after a failure. */
  readonly isShown?: (line: string) => boolean;
}

const progressEveryMs = 5_000; // Often enough to see that it moves, seldom enough to read.

/** Runs a program into a log; says how far it is where its lines tell, as `[3/8]` or `3/8 Test`. */
export async function runLogged(
  command: readonly string[],
  { label, logFile, timeoutMs, isShown }: LoggedOptions,
): Promise<boolean> {
  const [program = '', ...args] = command;
  const log = createWriteStream(logFile, { flags: 'a' });
  const lines: string[] = [];
  let saidAtMs = performance.now();

  const take = (line: string): void => {
    log.write(`${line}\n`);
    if (isShown === undefined) lines.push(line);
    else if (isShown(line)) say(`  ${line}`);
    const progress = /^\s*\[?(\d+\/\d+)(?:\]| Test)/.exec(line)?.[1];
    if (progress === undefined || performance.now() - saidAtMs < progressEveryMs) return;
    say(`${label} ${progress}`);
    saidAtMs = performance.now();
  };

  const child = spawn(program, args, {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  createInterface({ input: child.stdout }).on('line', take);
  createInterface({ input: child.stderr }).on('line', take);
  const ended = Promise.withResolvers<boolean>();
  child.on('error', (error) => {
    take(`${program}: ${error.message}`);
    ended.resolve(false);
  });
  child.on('close', (code, signal) => {
    if (signal !== null) take(`${program}: ended by ${signal} (the limit is ${timeoutMs} ms)`);
    ended.resolve(code === 0);
  });
  const isGood = await ended.promise;
  log.end();
  await finished(log);
  if (!isGood && isShown === undefined) say(lines.join('\n'));
  return isGood;
}
