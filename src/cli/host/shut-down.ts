// SPDX-License-Identifier: Apache-2.0

// The end of a host: in order by its controller where there is one, or by a new one that takes over
// what a killed one left; whatever remains after that is killed. Nothing of the host runs when this
// has returned.

import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { type HostPaths, locateHost } from '../../base/host-paths.ts';
import type { StateDir } from '../../base/state-dir.ts';
import type { StagePrinter } from '../stage-printer.ts';
import type { HostClient } from './host-client.ts';
import {
  type HostProcess,
  identifyProcesses,
  killHostProcesses,
  listHostProcesses,
  stillAlive,
} from './host-processes.ts';

export interface ShutDownOptions extends Cancellable {
  readonly stateDir: StateDir;
  readonly stages: StagePrinter;
  /** Cuts the guests' power, and kills what does not end at once. */
  readonly isForced: boolean;
  /** The running host; undefined where no controller runs. */
  readonly findHost: () => Promise<HostClient | undefined>;
  /** Starts a controller, which takes over what is left. */
  readonly startController: (paths: HostPaths) => Promise<void>;
}

/** `was-down`: nothing ran before. */
export type ShutDownEnd = 'stopped' | 'was-down';

// Every guest has 60 s to power off, and they are asked side by side.
const orderTimeoutMs = 180_000;
const forcedTimeoutMs = 30_000;
const killTimeoutMs = 20_000;
const pollMs = 50;

export async function shutDownHost(options: ShutDownOptions): Promise<ShutDownEnd> {
  const { stateDir, stages, isForced } = options;
  if (!existsSync(stateDir)) return 'was-down';
  const paths = await locateHost(stateDir);
  const client = (await options.findHost()) ?? (await takeOver(paths, options));
  let known: readonly HostProcess[] = [];
  if (client !== undefined) {
    stages.step('stopping guests and cards');
    try {
      known = await stopInOrder(client, options);
      stages.ok();
    } catch (thrown) {
      stages.failed();
      if (!isForced) throw thrown;
    } finally {
      await client[Symbol.asyncDispose]();
    }
  }
  const wasUp = client !== undefined || (await listHostProcesses(paths)).length > 0;
  await endWhatIsLeft(paths, known, options);
  await rm(paths.runtimeDir, { recursive: true, force: true });
  return wasUp ? 'stopped' : 'was-down';
}

// Undefined where nothing is left of a host, or nothing that a controller could take over.
async function takeOver(
  paths: HostPaths,
  { stages, findHost, startController }: ShutDownOptions,
): Promise<HostClient | undefined> {
  if ((await listHostProcesses(paths)).length === 0) return undefined;
  stages.step('taking over what a killed controller left');
  try {
    await startController(paths);
    stages.ok();
    return await findHost();
  } catch (thrown) {
    stages.failed(ArgonError.from(thrown).message.split('\n')[0]);
    return undefined;
  }
}

// Gives the processes that the host had.
async function stopInOrder(
  client: HostClient,
  { isForced, signal: outer }: ShutDownOptions,
): Promise<readonly HostProcess[]> {
  const signal = deadlineSignal(isForced ? forcedTimeoutMs : orderTimeoutMs, outer);
  const { parts } = await client.call('Host.GetHost', {}, { signal });
  const processes = await identifyProcesses(parts.map(({ pid }) => pid).filter((pid) => pid > 1));
  try {
    await client.call('Host.ShutDown', { force: isForced }, { signal });
  } catch (thrown) {
    // The controller may be gone before its answer has left.
    if (!(thrown instanceof ArgonError && thrown.code === 'unavailable')) throw thrown;
  }
  return processes;
}

async function endWhatIsLeft(
  paths: HostPaths,
  known: readonly HostProcess[],
  { isForced, stages, signal: outer }: ShutDownOptions,
): Promise<void> {
  const left = async (): Promise<readonly HostProcess[]> => {
    const all = [...(await listHostProcesses(paths)), ...(await stillAlive(known))];
    return [...new Map(all.map((one) => [one.pid, one])).values()];
  };
  try {
    await pollUntil(
      async () => ((await left()).length === 0 ? true : undefined),
      'waiting for the host to end',
      { signal: deadlineSignal(isForced ? 1000 : killTimeoutMs, outer), intervalMs: pollMs },
    );
  } catch {
    const doomed = await left();
    const names = doomed.map(({ pid, command }) => `${pid} (${command[0] ?? ''})`);
    stages.note(`killing ${names.join(', ')}`);
    await killHostProcesses(doomed, { signal: deadlineSignal(killTimeoutMs, outer) });
  }
}
