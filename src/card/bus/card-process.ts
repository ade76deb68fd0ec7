// SPDX-License-Identifier: Apache-2.0

// A card as a process of its own (claim A2), spawned with one end of a socketpair as its bus.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { DeviceMetrics, QueueCounters } from '../../native/addons.ts';
import type { BlockCardOptions } from '../block-card.ts';
import { CardBus } from './client.ts';
import type { ServedDeviceOptions } from './messages.ts';

export interface CardExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface CardProcess extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process has ended, however it did. */
  readonly exited: Promise<CardExit>;
  addDevice(options: ServedDeviceOptions, scope: Cancellable): Promise<number>;
  removeDevice(id: number, scope: Cancellable): Promise<void>;
  counters(id: number, scope: Cancellable): Promise<readonly QueueCounters[]>;
  metrics(id: number, scope: Cancellable): Promise<DeviceMetrics>;
}

export interface CardProcessOptions extends Cancellable {
  readonly card: BlockCardOptions;
  /** Where the card's log lines go. */
  readonly logFile: string;
  /** What runs as the card: src/card/main.ts. */
  readonly program?: string;
  /** How long dispose waits for the card to end by itself. */
  readonly stopTimeoutMs?: number;
}

const cardProgram = fileURLToPath(new URL('../main.ts', import.meta.url));
// Draining waits for the disk; a card that takes longer is ended by force.
const defaultStopTimeoutMs = 20_000;

/** Starts a card process; it is ready for devices when this returns. */
export async function startCardProcess(options: CardProcessOptions): Promise<CardProcess> {
  const { program = cardProgram, stopTimeoutMs = defaultStopTimeoutMs } = options;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    // Nothing of the caller's environment changes how a card runs (claim D6).
    env: { PATH: process.env['PATH'], UV_USE_IO_URING: '0' },
  });
  const exited = exitOf(child);
  const stream = child.stdio[3];
  if (!(stream instanceof Duplex) || child.pid === undefined) {
    await exited;
    throw new ArgonError('internal', 'the card process could not be started');
  }
  const bus = new CardBus(stream);
  const stop = async (): Promise<void> => {
    bus.close();
    const timer = deadlineSignal(stopTimeoutMs);
    timer.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    await exited;
  };
  try {
    await bus.start(options.card, options.logFile, options);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    pid: child.pid,
    exited,
    addDevice: async (device, scope) => bus.addDevice(device, scope),
    removeDevice: async (id, scope) => bus.removeDevice(id, scope),
    counters: async (id, scope) => bus.counters(id, scope),
    metrics: async (id, scope) => bus.metrics(id, scope),
    [Symbol.asyncDispose]: stop,
  };
}

async function exitOf(child: ChildProcess): Promise<CardExit> {
  try {
    await once(child, 'exit');
  } catch {
    // 'error' came instead: the process was never started.
  }
  return { code: child.exitCode, signal: child.signalCode };
}
