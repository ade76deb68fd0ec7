// SPDX-License-Identifier: Apache-2.0

// Loads two interfaces of a network back end with our own front end, and takes the figures.

import { type Cancellable, throwIfEnded } from '../../base/deadline.ts';
import type { FrontendAddon } from '../../native/addons.ts';
import { native } from '../../native/error-kind.ts';
import type { NetLoadOptions, NetLoadResult } from '../../native/net-load.ts';
import { processCpuSeconds } from '../process-cpu.ts';
import type { NetBackend } from './backend.ts';
import { netEnd } from './ends.ts';
import type { NetSample } from './result.ts';
import type { NetWork } from './rows.ts';

export interface NetLoadScope extends Cancellable {
  readonly addon: Pick<FrontendAddon, 'runNetLoad'>;
  readonly frontEndCpu: number;
}

const warmupMs = 200;
// Half of what a ring of the front end holds: nothing is lost for want of buffers.
const depth = 512;
// However slow a back end is about new flows, they are over by then.
const newFlowsMs = 60_000;

/** What the front end is asked to do. */
export function loadOptionsFor(
  work: NetWork,
  backend: Pick<NetBackend, 'socketPaths'>,
  durationMs: number,
): Omit<NetLoadOptions, 'cpus' | 'onStart'> {
  const [sourcePath, targetPath] = backend.socketPaths;
  if (sourcePath === undefined || targetPath === undefined) {
    throw new RangeError('a load needs two interfaces');
  }
  const isNew = work.newFlowCount !== undefined;
  const nanoseconds = (milliseconds: number): bigint => BigInt(milliseconds) * 1_000_000n;
  return {
    sourcePath,
    targetPath,
    pattern: work.pattern,
    frameBytes: work.frameBytes,
    depth: work.pattern === 'ping-pong' ? 1 : depth,
    traffic: {
      source: netEnd(0),
      target: netEnd(1),
      checksum: work.checksum,
      flowCount: work.flowCount,
      isAnswered: !isNew,
    },
    durationNs: nanoseconds(isNew ? newFlowsMs : durationMs),
    warmupNs: nanoseconds(isNew ? 0 : warmupMs),
    ...(work.newFlowCount === undefined ? {} : { sentCountMax: BigInt(work.newFlowCount) }),
  };
}

/** Measures a back end that is paused, and pauses it again. Rejects soon after the signal ends. */
export async function measureNetBackend(
  { addon, frontEndCpu, signal }: NetLoadScope,
  backend: NetBackend,
  work: NetWork,
  durationMs: number,
): Promise<NetSample> {
  signal.throwIfAborted();
  let cancel = (): void => {};
  const onAbort = (): void => cancel();
  await using stack = new AsyncDisposableStack();
  backend.resume();
  stack.defer(() => backend.pause());
  signal.addEventListener('abort', onAbort, { once: true });
  stack.defer(() => signal.removeEventListener('abort', onAbort));
  const cpuBefore = await processCpuSeconds(backend.pid);
  const startMs = performance.now();
  const running = native(
    addon.runNetLoad({
      ...loadOptionsFor(work, backend, durationMs),
      cpus: [frontEndCpu],
      onStart: (canceler) => {
        cancel = canceler;
        // It may have ended since the listener was added, and heard of nothing to cancel.
        if (signal.aborted) cancel();
      },
    }),
  );
  const result = await running.catch((thrown: unknown) => {
    // That it was cancelled says less than who did.
    throwIfEnded(signal, `loading ${backend.name}`);
    throw thrown;
  });
  const wallSeconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await processCpuSeconds(backend.pid)) - cpuBefore;
  return netSampleOf(work, result, cpuSeconds / wallSeconds);
}

/** The figures of a load. */
export function netSampleOf(work: NetWork, result: NetLoadResult, backendCpu: number): NetSample {
  const seconds = Math.max(Number(result.elapsedNs), 1) / 1e9;
  const framesPerSecond = Number(result.frameCount) / seconds;
  const rounded = (value: number): number => Number(value.toFixed(4));
  return {
    mpps: rounded(framesPerSecond / 1e6),
    gbps: rounded((Number(result.byteCount) * 8) / seconds / 1e9),
    loss: result.sentCount === 0n ? 0 : Number(result.lostCount) / Number(result.sentCount),
    ...(work.pattern === 'ping-pong'
      ? { p50_ns: Number(result.p50Ns), p99_ns: Number(result.p99Ns) }
      : {}),
    ...(work.newFlowCount === undefined ? {} : { new_flows_per_s: Math.round(framesPerSecond) }),
    backend_cpu: rounded(backendCpu),
  };
}
