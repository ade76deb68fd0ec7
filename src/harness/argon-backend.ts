// SPDX-License-Identifier: Apache-2.0

// Our own back end under measurement: a card process with a worker for each queue.

import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { createVolumeId } from '../base/volume-id.ts';
import type { StoreOptions } from '../card/block-card.ts';
import { startCardProcess } from '../card/bus/card-process.ts';
import type { BackendKind, BackendOptions, RunningBackend } from './bench-backend.ts';

export const argonBackend: BackendKind = { name: 'argon', start };

async function start(options: BackendOptions): Promise<RunningBackend> {
  const { target, polling, queues, socketDir, cpus, signal } = options;
  await using stack = new AsyncDisposableStack();
  const store = await makeStore(options, stack);
  const card = stack.use(
    await startCardProcess({
      card: { workers: queues, pollMode: polling, cpus },
      logFile: join(socketDir, 'card.log'),
      signal,
    }),
  );
  const socketPath = join(socketDir, 'argon.sock');
  const id = await card.addDevice(
    {
      id: createVolumeId(),
      queues,
      blockBytes: 512,
      isReadOnly: false,
      socketPath,
      memoryPolicy: 'sealed',
      store,
      cipher: { kind: target.cipher === 'encrypted' ? 'throwaway-key' : 'none' },
    },
    { signal },
  );
  const owned = stack.move();
  return {
    name: 'argon',
    socketPath,
    pid: card.pid,
    metrics: async () => card.metrics(id, { signal }),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function makeStore(
  { target, sizeBytes, fileDirs }: BackendOptions,
  stack: AsyncDisposableStack,
): Promise<StoreOptions> {
  if (target.store === 'null' || target.store === 'memory') {
    return { kind: target.store, sizeBytes: BigInt(sizeBytes) };
  }
  const path = join(fileDirs[target.store], 'argon.data');
  stack.defer(async () => rm(path, { force: true }));
  await using file = await open(path, 'w', 0o600);
  await file.truncate(sizeBytes);
  return { kind: 'file', path, caching: 'auto', expectedBytes: BigInt(sizeBytes) };
}
