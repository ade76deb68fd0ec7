// SPDX-License-Identifier: Apache-2.0

// The peer: qemu-storage-daemon with an iothread, on a raw file or on QEMU's LUKS.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { pollUntil } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';
import type { BackendKind, BackendOptions, RunningBackend } from './bench-backend.ts';

// What the peer's LUKS header is locked with; it protects a file of random bytes.
const passphrase = 'benchmark';
const readyIntervalMs = 20;

/** How it does the I/O of a file; which one is faster depends on the file system. */
export type QsdAio = 'threads' | 'io_uring';

/** It has no store that is plain memory: a file on tmpfs is its nearest. */
export function qsdBackend(aio: QsdAio): BackendKind {
  return {
    name: `qemu-storage-daemon, aio=${aio}`,
    start: async (options) => start(aio, options),
  };
}

async function start(aio: QsdAio, options: BackendOptions): Promise<RunningBackend> {
  const { target, polling, queues, socketDir, signal, cpus } = options;
  if (target.store === 'memory' || (target.store === 'null' && target.cipher === 'encrypted')) {
    throw new ArgonError('unimplemented', 'qemu-storage-daemon has no such store');
  }
  await using stack = new AsyncDisposableStack();
  const blockdev = await makeBlockdev(aio, options, stack);
  const socketPath = join(socketDir, 'qsd.sock');
  const child = spawn(
    'taskset',
    [
      '-c',
      cpus.join(','),
      'qemu-storage-daemon',
      '--object',
      polling === 'off' ? 'iothread,id=io0,poll-max-ns=0' : 'iothread,id=io0',
      ...blockdev,
      '--export',
      `type=vhost-user-blk,id=e0,node-name=d0,addr.type=unix,addr.path=${socketPath},` +
        `writable=on,num-queues=${queues},iothread=io0`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  stack.defer(async () => stop(child));
  await waitForSocket(child, socketPath, options);
  if (child.pid === undefined) {
    throw new ArgonError('failed-precondition', 'qemu-storage-daemon could not be started', {
      hint: 'run ./setup test, which installs it',
    });
  }
  const owned = stack.move();
  signal.throwIfAborted();
  return {
    name: `qemu-storage-daemon, aio=${aio}`,
    socketPath,
    pid: child.pid,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function makeBlockdev(
  aio: QsdAio,
  { target, sizeBytes, fileDirs, signal }: BackendOptions,
  stack: AsyncDisposableStack,
): Promise<readonly string[]> {
  if (target.store === 'null' || target.store === 'memory') {
    return ['--blockdev', `driver=null-co,node-name=d0,size=${sizeBytes}`];
  }
  const path = join(fileDirs[target.store], 'qsd.data');
  stack.defer(async () => rm(path, { force: true }));
  const caching = target.store === 'disk' ? 'cache.direct=on,' : '';
  const file = `driver=file,node-name=f0,filename=${path},${caching}aio=${aio}`;
  if (target.cipher === 'none') {
    await using created = await open(path, 'w', 0o600);
    await created.truncate(sizeBytes);
    return ['--blockdev', file, '--blockdev', 'driver=raw,node-name=d0,file=f0'];
  }
  const secret = `secret,id=s0,data=${passphrase}`;
  await createLuksFile(path, sizeBytes, secret, signal);
  return [
    '--object',
    secret,
    '--blockdev',
    file,
    '--blockdev',
    'driver=luks,node-name=d0,file=f0,key-secret=s0',
  ];
}

// qemu-img times its key derivation by getrusage and gives up when the kernel's tick did not
// advance as it hoped (crypto/pbkdf.c), now and then on a virtual machine; the next try works.
const luksTriesMax = 10;

async function createLuksFile(
  path: string,
  sizeBytes: number,
  secret: string,
  signal: AbortSignal,
): Promise<void> {
  const format = 'key-secret=s0,cipher-alg=aes-256,cipher-mode=xts,iter-time=10';
  const words = ['create', '-q', '-f', 'luks', '--object', secret, '-o', format];
  for (let tryNumber = 1; ; ++tryNumber) {
    try {
      await run('qemu-img', [...words, path, String(sizeBytes)], { signal });
      return;
    } catch (thrown) {
      const isUnlucky = ArgonError.from(thrown).message.includes('accurate CPU usage');
      if (!isUnlucky || tryNumber === luksTriesMax) throw thrown;
    }
  }
}

async function waitForSocket(
  child: ChildProcess,
  socketPath: string,
  { signal }: BackendOptions,
): Promise<void> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  child.on('error', () => {}); // Without a process there is no pid, which the caller sees.
  await pollUntil(
    () => {
      if (child.exitCode !== null || child.pid === undefined) {
        throw new ArgonError('unavailable', `qemu-storage-daemon ended: ${said.trim()}`);
      }
      return existsSync(socketPath) ? true : undefined;
    },
    'waiting for qemu-storage-daemon to listen',
    { signal, intervalMs: readyIntervalMs },
  );
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  // With an iothread it deadlocks on SIGTERM under I/O; nothing of it is worth a clean end.
  child.kill('SIGKILL');
  await exited;
}
