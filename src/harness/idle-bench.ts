// SPDX-License-Identifier: Apache-2.0

// What devices cost that nobody uses: a card process with some, each with a front end connected,
// its ring started and one request behind it, and then nothing.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Cancellable } from '../base/deadline.ts';
import { createVolumeId } from '../base/volume-id.ts';
import { startCardProcess } from '../card/bus/card-process.ts';
import type { FrontendAddon, NativeBlockFrontend } from '../native/addons.ts';
import { native } from '../native/error-kind.ts';
import { type BenchResult, judgeLimit } from './bench-result.ts';
import { processCpuSeconds } from './process-cpu.ts';
import { processMemory } from './process-memory.ts';

/** A row of the benchmark about devices that nobody uses. */
export interface IdleRow {
  readonly name: string;
  readonly work: string;
  readonly deviceCount: number;
  readonly figure: 'cores' | 'bytesPerDevice';
  /** The figure is below this. */
  readonly limit: number;
}

export const idleRows: readonly IdleRow[] = [
  {
    name: 'idle-device',
    work: 'CPU of a card with one idle device',
    deviceCount: 1,
    figure: 'cores',
    limit: 0.005,
  },
  {
    name: 'idle-1000-cpu',
    work: 'CPU of a card with 1,000 idle devices',
    deviceCount: 1000,
    figure: 'cores',
    limit: 0.01,
  },
  {
    name: 'idle-1000-memory',
    work: 'memory of each of 1,000 idle devices beyond guest memory',
    deviceCount: 1000,
    figure: 'bytesPerDevice',
    limit: 65_536,
  },
];

/** Measures idle rows, each number of devices once. */
export async function benchIdle(
  rows: readonly IdleRow[],
  options: Omit<IdleOptions, 'deviceCount'>,
): Promise<readonly BenchResult[]> {
  const costs = new Map<number, IdleCost>();
  const results: BenchResult[] = [];
  for (const { name, work, deviceCount, figure, limit } of rows) {
    const cost = costs.get(deviceCount) ?? (await measureIdle({ ...options, deviceCount }));
    costs.set(deviceCount, cost);
    const unit = figure === 'cores' ? 'cores' : 'bytes';
    results.push(judgeLimit({ row: name, work, unit }, cost[figure], limit));
  }
  return results;
}

export interface IdleOptions extends Cancellable {
  readonly addon: FrontendAddon;
  readonly deviceCount: number;
  /** How long the idle card is watched. */
  readonly watchMs: number;
}

export interface IdleCost {
  /** CPU seconds of the card's whole process for each second. */
  readonly cores: number;
  /** Memory of the card that came with each device after the first, beyond guest memory. */
  readonly bytesPerDevice: number;
  readonly pageTableBytesPerDevice: number;
}

const deviceBytes = 64n * 1024n * 1024n;
// As QEMU has it.
const queueSize = 128;
// Of a guest: enough for the rings and a few requests.
const arenaBytes = 1_048_576n;
const everyFeature = 2n ** 64n - 1n;
// What follows connecting (a poll window, Node's own work) is over by then.
const settleMs = 500;

/** Starts a card with encrypted devices in memory, uses each once, and watches the card idle. */
export async function measureIdle(options: IdleOptions): Promise<IdleCost> {
  const { deviceCount, watchMs, signal } = options;
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'argon-idle-'));
  stack.defer(async () => rm(dir, { recursive: true, force: true }));
  const card = stack.use(
    await startCardProcess({
      card: { workers: 1, pollMode: 'adaptive', cpus: [] },
      logFile: join(dir, 'card.log'),
      signal,
    }),
  );
  const addDevice = async (name: string): Promise<void> => {
    const socketPath = join(dir, name);
    await card.addDevice(
      {
        id: createVolumeId(),
        queues: 1,
        blockBytes: 512,
        isReadOnly: false,
        socketPath,
        memoryPolicy: 'sealed',
        store: { kind: 'memory', sizeBytes: deviceBytes },
        cipher: { kind: 'throwaway-key' },
      },
      { signal },
    );
    const frontend = await connect(options.addon, socketPath, stack);
    await native(frontend.read(0n, 4096));
  };
  // The first device brings what all share: code, pools, the worker's buffers.
  await addDevice('first');
  await sleep(settleMs, undefined, { signal });
  const before = await processMemory(card.pid);
  for (let number = 1; number < deviceCount; ++number) {
    signal.throwIfAborted();
    await addDevice(String(number));
  }
  await sleep(settleMs, undefined, { signal });
  const after = await processMemory(card.pid);
  const cpuBefore = await processCpuSeconds(card.pid);
  const startMs = performance.now();
  await sleep(watchMs, undefined, { signal });
  const cpuSeconds = (await processCpuSeconds(card.pid)) - cpuBefore;
  const perDevice = (bytes: number): number => Math.round(bytes / Math.max(deviceCount - 1, 1));
  return {
    cores: Number(((cpuSeconds * 1000) / (performance.now() - startMs)).toFixed(4)),
    bytesPerDevice: perDevice(after.ownBytes - before.ownBytes),
    pageTableBytesPerDevice: perDevice(after.pageTableBytes - before.pageTableBytes),
  };
}

async function connect(
  addon: FrontendAddon,
  socketPath: string,
  stack: AsyncDisposableStack,
): Promise<NativeBlockFrontend> {
  const frontend = new addon.BlockFrontend();
  stack.defer(async () => frontend.close());
  await native(
    frontend.connect({ socketPath, queues: 1, queueSize, arenaBytes, features: everyFeature }),
  );
  return frontend;
}
