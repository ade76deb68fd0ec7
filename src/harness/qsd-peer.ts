// SPDX-License-Identifier: Apache-2.0

// A qemu-storage-daemon on a fresh file, with every feature that it has: the peer that conformance
// cases are compared with.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type Cancellable, pollUntil } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';

const readyIntervalMs = 20;
const deviceBytes = 64 * 1024 * 1024;

export interface QsdPeerOptions extends Cancellable {
  /** Where a folder for its socket and its file is made. */
  readonly dir: string;
  readonly isReadOnly?: boolean;
  /** What QEMU's `blkdebug` driver does to requests, such as an error at each flush. */
  readonly fault?: string;
}

export interface QsdPeer extends AsyncDisposable {
  readonly socketPath: string;
}

/** Started and listening; disposing it kills it and removes its file. */
export async function startQsdPeer(options: QsdPeerOptions): Promise<QsdPeer> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(options.dir, 'qsd-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const filename = join(dir, 'device.raw');
  {
    await using file = await open(filename, 'wx', 0o600);
    await file.truncate(deviceBytes);
  }
  const socketPath = join(dir, 'qsd.sock');
  const child = spawn('qemu-storage-daemon', qsdArguments(filename, socketPath, options), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stack.defer(async () => kill(child));
  await waitForSocket(child, socketPath, options.signal);
  const owned = stack.move();
  return { socketPath, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

/** Its words: a file, a fault in between if there is one, and the export. */
export function qsdArguments(
  filename: string,
  socketPath: string,
  { isReadOnly = false, fault }: Pick<QsdPeerOptions, 'isReadOnly' | 'fault'>,
): readonly string[] {
  const faulty =
    fault === undefined ? [] : ['--blockdev', `driver=blkdebug,node-name=b0,image=f0,${fault}`];
  const below = fault === undefined ? 'f0' : 'b0';
  return [
    '--blockdev',
    `driver=file,node-name=f0,filename=${filename},discard=unmap`,
    ...faulty,
    '--blockdev',
    `driver=raw,node-name=d0,file=${below},discard=unmap`,
    '--export',
    `type=vhost-user-blk,id=e0,node-name=d0,addr.type=unix,addr.path=${socketPath},` +
      `writable=${isReadOnly ? 'off' : 'on'},num-queues=4`,
  ];
}

async function waitForSocket(
  child: ChildProcess,
  socketPath: string,
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  child.on('error', () => {}); // Without a process there is no pid, which is seen below.
  await pollUntil(
    () => {
      if (child.pid === undefined) {
        throw new ArgonError('failed-precondition', 'qemu-storage-daemon could not be started', {
          hint: 'run ./setup test, which installs it',
        });
      }
      if (child.exitCode !== null) {
        throw new ArgonError('unavailable', `qemu-storage-daemon ended: ${said.trim()}`);
      }
      return existsSync(socketPath) ? true : undefined;
    },
    'waiting for qemu-storage-daemon to listen',
    { signal, intervalMs: readyIntervalMs },
  );
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
