// SPDX-License-Identifier: Apache-2.0

// A card as a process of its own (claim A2), spawned with one end of a socketpair as its bus and,
// if it serves slots of a backplane, one end of another as its slot channel.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

import { type Cancellable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { DeviceMetrics, HostAddon, QueueCounters } from '../../native/addons.ts';
import { loadHostAddon } from '../../native/binding.ts';
import { fromNative } from '../../native/error-kind.ts';
import type { BlockCardOptions } from '../block-card.ts';
import { CardBus } from './client.ts';
import type { ServedDeviceOptions } from './devices.ts';
import { networkFlag, slotChannelFlag } from './frames.ts';
import type { NetworkStart } from './interfaces.ts';

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

/** A card that can outlive whoever spawned it: its bus is kept by a backplane. */
export interface RunningSlotCard {
  readonly pid: number;
  readonly exited: Promise<CardExit>;
  readonly bus: CardBus;
  /** The bus's descriptor, for the backplane to keep a copy. Good until the bus is closed. */
  readonly busFd: number;
  /** The backplane's end of the slot channel: the caller's to hand over and to close. */
  readonly slotChannelFd: number;
}

/** A block card that can outlive whoever spawned it. */
export interface SlotCard extends RunningSlotCard {
  /** Memory that the card counts in: the caller's to keep and to close. */
  readonly counterFd: number;
}

export interface SpawnOptions extends Cancellable {
  readonly logFile: string;
  readonly program?: string;
  readonly host?: HostAddon;
}

export interface SlotCardOptions extends SpawnOptions {
  readonly card: BlockCardOptions;
}

export interface SlotNetworkCardOptions extends SpawnOptions {
  readonly card: NetworkStart;
}

const cardProgram = fileURLToPath(new URL('../main.ts', import.meta.url));
// Draining waits for the disk; a card that takes longer is ended by force.
const defaultStopTimeoutMs = 20_000;

/** Starts a card process; it is ready for devices when this returns. */
export async function startCardProcess(options: CardProcessOptions): Promise<CardProcess> {
  const { stopTimeoutMs = defaultStopTimeoutMs } = options;
  const { child, pid, exited, bus } = await spawnCard(options, loadHostAddon(), {
    flags: [],
    fds: [],
  });
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
    pid,
    exited,
    addDevice: async (device, scope) => bus.addDevice(device, scope),
    removeDevice: async (id, scope) => bus.removeDevice(id, scope),
    counters: async (id, scope) => bus.counters(id, scope),
    metrics: async (id, scope) => bus.metrics(id, scope),
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Starts a card that serves slots of a backplane, ready for devices when this returns. It does not
 * hold up the end of this process, and goes on after it if a copy of its bus is kept elsewhere.
 */
export async function startSlotCard(options: SlotCardOptions): Promise<SlotCard> {
  const host = options.host ?? loadHostAddon();
  const counterFd = createCounterMemory(host);
  try {
    const inherited = { flags: [], fds: [counterFd] };
    const card = await spawnSlotCard({ ...options, host }, inherited, async (bus) =>
      bus.start(options.card, options.logFile, options),
    );
    return { ...card, counterFd };
  } catch (thrown) {
    closeSync(counterFd);
    throw thrown;
  }
}

/** The same of a network card, ready for interfaces when this returns. */
export async function startSlotNetworkCard(
  options: SlotNetworkCardOptions,
): Promise<RunningSlotCard> {
  const host = options.host ?? loadHostAddon();
  const inherited = { flags: [networkFlag], fds: [] };
  return spawnSlotCard({ ...options, host }, inherited, async (bus) =>
    bus.startNetwork(options.card, options.logFile, options),
  );
}

async function spawnSlotCard(
  options: SpawnOptions & { readonly host: HostAddon },
  { flags, fds }: Inheritance,
  start: (bus: CardBus) => Promise<void>,
): Promise<RunningSlotCard> {
  const { host } = options;
  const [slotChannelFd, cardFd] = createSocketPair(host, 'seqpacket');
  try {
    const inherited = { flags: [slotChannelFlag, ...flags], fds: [cardFd, ...fds] };
    const { child, pid, exited, bus, busFd } = await spawnCard(options, host, inherited);
    try {
      await start(bus);
    } catch (thrown) {
      bus.end();
      child.kill('SIGKILL');
      await exited;
      throw thrown;
    }
    child.unref();
    return { pid, exited, bus, busFd, slotChannelFd };
  } catch (thrown) {
    closeSync(slotChannelFd);
    throw thrown;
  } finally {
    closeSync(cardFd);
  }
}

/** Takes over the bus of a card that another process had spawned; `fd` is the bus's from now on. */
export async function adoptCardBus(fd: number, scope: Cancellable): Promise<CardBus> {
  return CardBus.adopt(busStream(fd), scope);
}

/** What a card gets beside its bus. */
interface Inheritance {
  readonly flags: readonly string[];
  readonly fds: readonly number[];
}

interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<CardExit>;
  readonly bus: CardBus;
  readonly busFd: number;
}

async function spawnCard(
  options: { readonly program?: string; readonly logFile: string },
  host: HostAddon,
  { flags, fds }: Inheritance,
): Promise<Spawned> {
  const { program = cardProgram } = options;
  const isForSlots = fds.length > 0;
  const outputFd = isForSlots ? openLog(options.logFile) : undefined;
  const [busFd, cardFd] = createSocketPair(host, 'stream');
  let child: ChildProcess;
  try {
    const output = outputFd ?? 'inherit';
    const stdio: StdioOptions = ['ignore', output, output, cardFd, ...fds];
    child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...flags], {
      stdio,
      // One that outlives its spawner is not for what that one's terminal sends.
      detached: isForSlots,
      // Nothing of the caller's environment changes how a card runs (claim D6).
      env: { PATH: process.env['PATH'], UV_USE_IO_URING: '0' },
    });
  } finally {
    closeSync(cardFd);
    if (outputFd !== undefined) closeSync(outputFd);
  }
  const bus = new CardBus(busStream(busFd));
  const exited = exitOf(child);
  if (child.pid === undefined) {
    bus.close();
    await exited;
    throw new ArgonError('internal', 'the card process could not be started');
  }
  return { child, pid: child.pid, exited, bus, busFd };
}

// What a card that outlives its spawner says outside of its log is for the log too.
function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (thrown) {
    throw ArgonError.from(thrown);
  }
}

function createSocketPair(
  host: HostAddon,
  kind: 'stream' | 'seqpacket',
): readonly [number, number] {
  try {
    return host.createSocketPair(kind);
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

function createCounterMemory(host: HostAddon): number {
  try {
    return host.createCounterMemory();
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

function busStream(fd: number): Socket {
  return new Socket({ fd, readable: true, writable: true });
}

async function exitOf(child: ChildProcess): Promise<CardExit> {
  try {
    await once(child, 'exit');
  } catch {
    // 'error' came instead: the process was never started.
  }
  return { code: child.exitCode, signal: child.signalCode };
}
