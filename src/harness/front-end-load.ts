// SPDX-License-Identifier: Apache-2.0

// Loads a back end's socket with our own front end, and takes the figures.

import { type Cancellable, throwIfEnded } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { parseArray, parseJson, parseObject } from '../base/parse.ts';
import type {
  CpuStage,
  DeviceMetrics,
  FrontendAddon,
  LoadResult,
  WorkerMetrics,
} from '../native/addons.ts';
import { native } from '../native/error-kind.ts';
import type { RunningBackend } from './bench-backend.ts';
import { processCpuSeconds } from './process-cpu.ts';
import type { BenchSample, Workload } from './workload.ts';

export interface LoadScope extends Cancellable {
  readonly addon: FrontendAddon;
  readonly sizeBytes: number;
  readonly frontEndCpu: number;
}

export const warmupMs = 200;
const everyFeature = 2n ** 64n - 1n;

/**
 * Writes the whole device once: a first write costs a store more than later ones, and reading what
 * was never written costs it next to nothing.
 */
export async function fillDevice(scope: LoadScope, backend: RunningBackend): Promise<void> {
  const workload: Workload = {
    rw: 'write',
    blockBytes: 131_072,
    depth: 8,
    queues: 1,
    wait: 'polling',
  };
  const bytesPerSecond = 100_000_000; // Slower than any disk worth measuring.
  const longestMs = (scope.sizeBytes / bytesPerSecond) * 1000;
  let doneBytes = 0n;
  const deadlineMs = performance.now() + Math.max(longestMs, 2000);
  while (doneBytes < BigInt(scope.sizeBytes) && performance.now() < deadlineMs) {
    const result = await load(scope, backend, workload, 250);
    doneBytes += result.byteCount;
  }
}

/** Measures a back end for `durationMs`. Rejects at once when the signal ends. */
export async function measureBackend(
  scope: LoadScope,
  backend: RunningBackend,
  workload: Workload,
  durationMs: number,
): Promise<BenchSample> {
  const before = await backend.metrics?.();
  const cpuBefore = await processCpuSeconds(backend.pid);
  const startMs = performance.now();
  const result = await load(scope, backend, workload, durationMs);
  const wallSeconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await processCpuSeconds(backend.pid)) - cpuBefore;
  const after = await backend.metrics?.();
  const seconds = Number(result.elapsedNs) / 1e9;
  const stageTicks =
    before === undefined || after === undefined ? undefined : ticksBetween(before, after);
  return {
    iops: Math.round(Number(result.operationCount) / seconds),
    bytes_per_s: Math.round(Number(result.byteCount) / seconds),
    p50_ns: Number(result.p50Ns),
    p99_ns: Number(result.p99Ns),
    p999_ns: Number(result.p999Ns),
    backend_cpu: Number((cpuSeconds / wallSeconds).toFixed(3)),
    latency_buckets: parseBuckets(result.latencyJson),
    ...(stageTicks === undefined ? {} : { stage_ticks: stageTicks }),
  };
}

/** Ticks a request by stage, over all workers; undefined if no round was measured meanwhile. */
export function ticksBetween(
  before: DeviceMetrics,
  after: DeviceMetrics,
): Readonly<Record<CpuStage, number>> | undefined {
  const grown = (of: (worker: WorkerMetrics) => bigint): number => {
    const sum = ({ workers }: DeviceMetrics): bigint =>
      workers.map(of).reduce((left, right) => left + right, 0n);
    return Number(sum(after) - sum(before));
  };
  const requests = grown((worker) => worker.measuredRequests);
  if (requests === 0) return undefined;
  const each = (stage: CpuStage): number =>
    Math.round(grown(({ stageTicks }) => stageTicks[stage]) / requests);
  return {
    ring: each('ring'),
    store: each('store'),
    crypto: each('crypto'),
    complete: each('complete'),
  };
}

async function load(
  { addon, sizeBytes, frontEndCpu, signal }: LoadScope,
  backend: RunningBackend,
  { rw, blockBytes, depth, queues, wait }: Workload,
  durationMs: number,
): Promise<LoadResult> {
  signal.throwIfAborted();
  const frontend = new addon.BlockFrontend();
  const onAbort = (): void => {
    frontend.cancelLoad();
  };
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => frontend.close());
  signal.addEventListener('abort', onAbort, { once: true });
  stack.defer(() => {
    signal.removeEventListener('abort', onAbort);
  });
  await native(
    frontend.connect({
      socketPath: backend.socketPath,
      queues,
      features: everyFeature,
      ...addon.sizesForLoad({ blockBytes, depth, queues }),
    }),
  );
  const running = native(
    frontend.runLoad({
      rw,
      wait,
      blockBytes,
      depth,
      durationNs: BigInt(durationMs) * 1_000_000n,
      warmupNs: BigInt(warmupMs) * 1_000_000n,
      spanBytes: BigInt(sizeBytes),
      seed: 1n,
      cpus: [frontEndCpu],
    }),
  );
  const result = await running.catch((thrown: unknown) => {
    // That it was cancelled says less than who did.
    throwIfEnded(signal, `loading ${backend.name}`);
    throw thrown;
  });
  if (result.errorCount > 0n) {
    // A request that fails is a fast one.
    throw new ArgonError(
      'data-loss',
      `${backend.name}: ${result.errorCount} of the ${rw} requests failed`,
    );
  }
  return result;
}

function parseBuckets(text: string): readonly (readonly [number, number])[] {
  const histogram = parseObject(parseJson(text, 'latencies'), 'latencies');
  return parseArray(histogram['buckets'], 'buckets').map((bucket) => {
    const [end, count] = parseArray(bucket, 'bucket').map(Number);
    if (end === undefined || count === undefined) {
      throw new ArgonError('internal', 'a bucket of latencies is no pair');
    }
    return [end, count];
  });
}
