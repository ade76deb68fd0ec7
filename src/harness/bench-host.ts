// SPDX-License-Identifier: Apache-2.0

// The management API under load: clients with a connection each, every one of which asks again as
// soon as it has its answer. They share the machine with the controller, so the figure is one of
// both ends.

import type { ManagementClient } from '../api/client.ts';
import { type Cancellable, deadlineSignal } from '../base/deadline.ts';
import type { Progress } from '../base/progress.ts';
import { processCpuSeconds } from './process-cpu.ts';
import { processMemory } from './process-memory.ts';

export interface HostLoadOptions extends Cancellable {
  /** Each asks one thing at a time. */
  readonly clients: readonly ManagementClient[];
  /** Whose CPU time and memory are watched. */
  readonly controllerPid: number;
  readonly durationMs: number;
  /** The time is cut into windows of this length, the last one is shorter. */
  readonly windowMs: number;
  readonly progress: Progress;
}

/** What happened in a part of the time. */
export interface HostLoadWindow {
  /** Since the start of the load, at the end of the window. */
  readonly elapsed_s: number;
  readonly calls_per_s: number;
  readonly p50_ns: number;
  readonly p99_ns: number;
  readonly max_ns: number;
  /** CPU seconds of the controller for each second. */
  readonly controller_cores: number;
  /** Anonymous memory of the controller at the window's end. */
  readonly controller_bytes: number;
}

// What is asked in turns; nothing of it changes anything.
const questions = [
  async (client: ManagementClient, scope: Cancellable) => client.call('Host.GetHost', {}, scope),
  async (client: ManagementClient, scope: Cancellable) =>
    client.call('Volumes.ListVolumes', {}, scope),
];

// Longer than any answer takes that comes at all.
const answerTimeoutMs = 60_000;

/**
 * Loads a host for a time with questions about it and about its volumes, in turns.
 * @throws ArgonError as the first call that fails.
 */
export async function loadHost(options: HostLoadOptions): Promise<readonly HostLoadWindow[]> {
  const { durationMs, windowMs } = options;
  const windows: HostLoadWindow[] = [];
  const startMs = performance.now();
  for (let endMs = 0; endMs < durationMs; ) {
    endMs = Math.min(endMs + windowMs, durationMs);
    windows.push(await measureWindow(options, startMs, startMs + endMs));
  }
  return windows;
}

async function measureWindow(
  options: HostLoadOptions,
  startMs: number,
  deadlineMs: number,
): Promise<HostLoadWindow> {
  const { clients, controllerPid, durationMs, progress, signal } = options;
  const fromMs = performance.now();
  const cpuBefore = await processCpuSeconds(controllerPid);
  const latenciesMs: number[] = [];
  // Each question once at least, however short the time is.
  const askOnAndOn = async (client: ManagementClient): Promise<void> => {
    do {
      for (const ask of questions) {
        const sentMs = performance.now();
        await ask(client, { signal: deadlineSignal(answerTimeoutMs, signal) });
        latenciesMs.push(performance.now() - sentMs);
      }
      progress.advance(performance.now() - startMs, durationMs);
    } while (performance.now() < deadlineMs);
  };
  await Promise.all(clients.map(askOnAndOn));
  const seconds = (performance.now() - fromMs) / 1000;
  const cpuSeconds = (await processCpuSeconds(controllerPid)) - cpuBefore;
  const { ownBytes } = await processMemory(controllerPid);
  latenciesMs.sort((a, b) => a - b);
  return {
    elapsed_s: (performance.now() - startMs) / 1000,
    calls_per_s: latenciesMs.length / seconds,
    p50_ns: quantileNs(latenciesMs, 0.5),
    p99_ns: quantileNs(latenciesMs, 0.99),
    max_ns: quantileNs(latenciesMs, 1),
    controller_cores: cpuSeconds / seconds,
    controller_bytes: ownBytes,
  };
}

/** Of sorted values: the least that so large a part of all does not exceed. */
function quantileNs(sortedMs: readonly number[], part: number): number {
  const index = Math.max(0, Math.ceil(sortedMs.length * part) - 1);
  return Math.round((sortedMs[index] ?? 0) * 1e6);
}
