// SPDX-License-Identifier: Apache-2.0

// The controller of a state folder: whether there is one, and how one is started. It outlives the
// command that starts it, and its lock ends with it however it ends.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { abortable, type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { HostPaths } from '../../base/host-paths.ts';
import { LineDecoder } from '../../base/line-decoder.ts';
import { ensureStateSubdir, type StateDir } from '../../base/state-dir.ts';
import { lockFile } from '../../image/file-lock.ts';
import type { HostAddon } from '../../native/addons.ts';
import { fromNative } from '../../native/error-kind.ts';
import type { HostEnvironment } from '../../native/network-watch.ts';

export interface StartControllerOptions extends Cancellable {
  readonly stateDir: StateDir;
  readonly paths: HostPaths;
  readonly host: Pick<HostAddon, 'isLocked'>;
  /** What runs as the controller: src/controller/main.ts. */
  readonly program?: string;
  readonly readyTimeoutMs?: number;
  /** Whether VPCs may have uplinks. Of a controller that runs it is as it was started. */
  readonly allowsUplinks?: boolean;
  /** What a host that is started for the first time is for; production if nothing is said. */
  readonly environment?: HostEnvironment;
}

const controllerProgram = fileURLToPath(new URL('../../controller/main.ts', import.meta.url));
// It adopts what an earlier one left, or finishes what that one began, before it is ready.
const defaultReadyTimeoutMs = 120_000;
const logTailLines = 8;
const lineMaxBytes = 4096;

/** True while a controller of this state folder lives, ready or not. */
export function isControllerAlive(
  { lock }: Pick<HostPaths, 'lock'>,
  host: Pick<HostAddon, 'isLocked'>,
): boolean {
  try {
    return existsSync(lock) && host.isLocked(lock);
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

/**
 * Starts a controller and waits until it listens. Returns its pid, or undefined where one runs; it
 * goes on by itself. However many ask for one at once, one is started.
 * @throws ArgonError with the end of its log when it ends before; deadline-exceeded when it takes
 * too long, and is then ended.
 */
export async function startController(
  options: StartControllerOptions,
): Promise<number | undefined> {
  const { stateDir, paths, host, signal } = options;
  const path = join(await ensureStateSubdir(stateDir, 'host'), 'start.lock');
  await using stack = new AsyncDisposableStack();
  stack.use(await lockFile(path, { signal, onWait: () => {} }));
  return isControllerAlive(paths, host) ? undefined : await spawnController(options);
}

async function spawnController(options: StartControllerOptions): Promise<number> {
  const { stateDir, paths, program = controllerProgram, environment } = options;
  const signal = deadlineSignal(options.readyTimeoutMs ?? defaultReadyTimeoutMs, options.signal);
  const before = await logLength(paths.controllerLog);
  await using log = await open(paths.controllerLog, 'a', 0o600);
  const child = spawn(
    process.execPath,
    // The folder says in a list of processes whose controller this is, and argon down reads it.
    [
      '--disable-warning=ExperimentalWarning',
      program,
      ...(options.allowsUplinks === true ? ['--allow-uplink'] : []),
      ...(environment === undefined ? [] : [`--environment=${environment}`]),
      paths.hostDir,
    ],
    {
      stdio: ['ignore', 'pipe', log.fd],
      // A session of its own: Ctrl-C on the terminal is for the command.
      detached: true,
      cwd: '/',
      env: { ...process.env, ARGON_STATE: stateDir },
    },
  );
  try {
    await abortable(readyLine(child), 'starting the controller', { signal });
    child.unref();
    return child.pid ?? 0;
  } catch (cause) {
    child.kill('SIGTERM');
    const tail = await logTail(paths.controllerLog, before);
    const { code, message } = ArgonError.from(cause);
    throw new ArgonError(code, tail === '' ? message : `${message}:\n${tail}`, {
      cause,
      hint: `its log is ${paths.controllerLog}`,
    });
  } finally {
    child.stdout?.destroy();
  }
}

// The controller's first words on stdout: "ready" and where it listens.
async function readyLine(child: ChildProcess): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const decoder = new LineDecoder(lineMaxBytes);
  child.stdout?.on('data', (chunk: Buffer) => {
    if (decoder.push(chunk).some(({ text }) => /^ready\b/.test(text))) ready.resolve();
  });
  child.on('error', ready.reject);
  child.on('exit', (code, signal) => {
    const how = signal ?? `exit code ${String(code)}`;
    ready.reject(new ArgonError('unavailable', `the controller ended at its start (${how})`));
  });
  await ready.promise;
}

async function logLength(path: string): Promise<number> {
  return existsSync(path) ? (await readFile(path)).length : 0;
}

// The last lines that were written since, with no more of a JSON line than its message.
async function logTail(path: string, fromByte: number): Promise<string> {
  const text = (await readFile(path)).subarray(fromByte).toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .slice(-logTailLines)
    .map((line) => `  | ${/"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line}`)
    .join('\n');
}
