// SPDX-License-Identifier: Apache-2.0

// Measures block back ends with our own front end, without a guest: the front end polls on one CPU,
// the back end runs on another. For each target every back end is measured before the next target,
// so that what is compared was measured within the same minute.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Cancellable } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import type { FrontendAddon, LoadResult } from '../native/addons.ts';
import { native } from '../native/error-kind.ts';
import type { BackendKind, RunningBackend } from './bench-backend.ts';
import { processCpuSeconds } from './process-cpu.ts';
import type { BenchRow, BenchTarget, Workload } from './workload.ts';

export interface BenchOptions extends Cancellable {
  readonly addon: FrontendAddon;
  readonly backends: readonly BackendKind[];
  readonly targets: readonly BenchTarget[];
  readonly workloads: readonly Workload[];
  readonly sizeBytes: number;
  /** How long each row is measured. */
  readonly durationMs: number;
  readonly frontEndCpu: number;
  readonly backendCpu: number;
  /** A folder on disk, not on tmpfs. */
  readonly diskDir: string;
  readonly progress: Progress;
}

const warmupMs = 200;
const everyFeature = 2n ** 64n - 1n;

export async function benchBlock(options: BenchOptions): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const target of options.targets) {
    for (const backend of options.backends) {
      if (!backend.supports(target)) continue;
      options.progress.step(`${backend.name}, ${target.store}, ${target.cipher}`);
      rows.push(...(await benchTarget(options, backend, target)));
    }
  }
  return rows;
}

async function benchTarget(
  options: BenchOptions,
  kind: BackendKind,
  target: BenchTarget,
): Promise<readonly BenchRow[]> {
  await using stack = new AsyncDisposableStack();
  const temporary = async (parent: string): Promise<string> => {
    const path = await mkdtemp(join(parent, 'argon-bench-'));
    stack.defer(async () => rm(path, { recursive: true, force: true }));
    return path;
  };
  const backend = stack.use(
    await kind.start({
      target,
      sizeBytes: options.sizeBytes,
      socketDir: await temporary(tmpdir()),
      cpu: options.backendCpu,
      fileDirs: { tmpfs: await temporary('/dev/shm'), disk: await temporary(options.diskDir) },
      signal: options.signal,
    }),
  );
  await fill(options, backend);
  const rows: BenchRow[] = [];
  for (const [index, workload] of options.workloads.entries()) {
    options.signal.throwIfAborted();
    rows.push(await measure(options, backend, target, workload));
    options.progress.advance(index + 1, options.workloads.length);
  }
  return rows;
}

// Writes the whole device once: a first write costs a store more than later ones, and reading what
// was never written costs it next to nothing.
async function fill(options: BenchOptions, backend: RunningBackend): Promise<void> {
  const blockBytes = 131_072;
  const bytesPerSecond = 100_000_000; // Slower than any disk worth measuring.
  const longestMs = (options.sizeBytes / bytesPerSecond) * 1000;
  let doneBytes = 0n;
  const deadlineMs = performance.now() + Math.max(longestMs, 2000);
  while (doneBytes < BigInt(options.sizeBytes) && performance.now() < deadlineMs) {
    const workload: Workload = { rw: 'write', blockBytes, depth: 8, queues: 1 };
    const result = await load(options, backend, workload, 250);
    doneBytes += result.byteCount;
  }
}

async function measure(
  options: BenchOptions,
  backend: RunningBackend,
  target: BenchTarget,
  workload: Workload,
): Promise<BenchRow> {
  const cpuBefore = await processCpuSeconds(backend.pid);
  const startMs = performance.now();
  const result = await load(options, backend, workload, options.durationMs);
  const wallSeconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await processCpuSeconds(backend.pid)) - cpuBefore;
  const seconds = Number(result.elapsedNs) / 1e9;
  return {
    backend: backend.name,
    store: target.store,
    cipher: backend.cipher,
    rw: workload.rw,
    bs: workload.blockBytes,
    iodepth: workload.depth,
    queues: workload.queues,
    iops: Math.round(Number(result.operationCount) / seconds),
    bytes_per_s: Math.round(Number(result.byteCount) / seconds),
    p50_ns: Number(result.p50Ns),
    p99_ns: Number(result.p99Ns),
    p999_ns: Number(result.p999Ns),
    backend_cpu: Number((cpuSeconds / wallSeconds).toFixed(3)),
  };
}

async function load(
  { addon, sizeBytes, frontEndCpu }: BenchOptions,
  backend: RunningBackend,
  { rw, blockBytes, depth, queues }: Workload,
  durationMs: number,
): Promise<LoadResult> {
  const frontend = new addon.BlockFrontend();
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => frontend.close());
  await native(
    frontend.connect({
      socketPath: backend.socketPath,
      queues,
      features: everyFeature,
      ...addon.sizesForLoad({ blockBytes, depth, queues }),
    }),
  );
  const result = await native(
    frontend.runLoad({
      rw,
      wait: 'polling',
      blockBytes,
      depth,
      durationNs: BigInt(durationMs) * 1_000_000n,
      warmupNs: BigInt(warmupMs) * 1_000_000n,
      spanBytes: BigInt(sizeBytes),
      seed: 1n,
      cpus: [frontEndCpu],
    }),
  );
  if (result.errorCount > 0n) {
    // A request that fails is a fast one.
    throw new ArgonError(
      'data-loss',
      `${backend.name}: ${result.errorCount} of the ${rw} requests failed`,
    );
  }
  return result;
}
