// SPDX-License-Identifier: Apache-2.0

// A lock between processes that the kernel drops when its owner dies, however it dies. Node has no
// flock(2), so a child of util-linux's flock(1) holds the lock; it ends when our end of its stdin
// closes, by dispose or by our death.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

import { type Cancellable, throwIfEnded } from '../base/deadline.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';

const conflictExitCode = 75; // EX_TEMPFAIL of sysexits.h; neither flock nor the shell use it.

/** Takes the lock of `path`, a file that is made if missing. Disposing gives it back. */
export async function lockFile(
  path: string,
  options: Cancellable & {
    /** Called once if somebody else has the lock, before waiting for it. */
    readonly onWait: () => void;
  },
): Promise<AsyncDisposable> {
  const free = await acquire(path, ['--nonblock'], options);
  if (free !== undefined) return free;
  options.onWait();
  const waited = await acquire(path, [], options);
  if (waited === undefined) throw new ArgonError('internal', `the lock ${path} was not given`);
  return waited;
}

async function acquire(
  path: string,
  waiting: readonly string[],
  { signal }: Cancellable,
): Promise<AsyncDisposable | undefined> {
  throwIfEnded(signal, `waiting for the lock ${path}`);
  const flags = ['--exclusive', '--conflict-exit-code', String(conflictExitCode), ...waiting];
  const holder = spawn('flock', [...flags, path, 'sh', '-c', 'echo held; exec cat'], {
    detached: true, // Out of reach of the terminal's Ctrl-C: we still clean up under the lock then.
  });
  holder.stdin.on('error', () => {}); // It may end before we close it; its exit code tells.
  const held = Promise.withResolvers<'held'>();
  holder.stdout.once('data', () => {
    held.resolve('held');
  });
  let complaint = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, 1000);
  });
  const closed = Promise.withResolvers<number | null>();
  holder.on('close', closed.resolve).on('error', closed.reject);
  const onAbort = (): void => {
    holder.kill('SIGKILL');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const outcome = await Promise.race([held.promise, closed.promise]);
    if (outcome === 'held') {
      return { [Symbol.asyncDispose]: async () => release(holder, closed.promise) };
    }
    throwIfEnded(signal, `waiting for the lock ${path}`);
    if (outcome === conflictExitCode) return undefined;
    throw new ArgonError('internal', `the lock ${path} cannot be taken: ${complaint.trim()}`);
  } catch (thrown) {
    if (thrown instanceof ArgonError) throw thrown;
    const code = codeOfErrno(errnoName(thrown));
    throw new ArgonError(code, `flock could not be started for ${path}`, { cause: thrown });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function release(
  holder: ChildProcessWithoutNullStreams,
  closed: Promise<unknown>,
): Promise<void> {
  holder.stdin.end();
  await closed;
}
