// SPDX-License-Identifier: Apache-2.0

// The backplane as a controller uses it: the process that keeps connections and descriptors when
// the controller ends. A controller that starts adopts the one that runs, or starts one; nothing
// else on the host is connected to.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Cancellable, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { HostAddon } from '../../native/addons.ts';
import { loadHostAddon } from '../../native/binding.ts';
import { native } from '../../native/error-kind.ts';
import { BackplaneConnection, type OpenSlotOptions } from './connection.ts';
import type { SlotStatus } from './protocol.ts';

export type { OpenSlotOptions } from './connection.ts';
export type { SlotStatus } from './protocol.ts';

/**
 * Every call may be repeated after a controller was killed in it: the second one finds what it
 * wants and changes nothing. Disposing ends the connection, not the backplane.
 */
export interface Backplane extends AsyncDisposable {
  /** Listens for QEMU. @throws ArgonError already-exists if the slot is open with other values. */
  openSlot(options: OpenSlotOptions, scope: Cancellable): Promise<void>;
  /** Hangs up on QEMU and the card, and forgets the slot with its map. */
  closeSlot(slot: number, scope: Cancellable): Promise<void>;
  /**
   * Hands over the backplane's end of a card's slot channel; the caller closes its own copy. A card
   * of the same name that is still there is given up.
   */
  attachCard(card: string, fd: number, scope: Cancellable): Promise<void>;
  /** Parks the slots that the card serves, and closes its channel. */
  detachCard(card: string, scope: Cancellable): Promise<void>;
  /** Has a card serve a slot, or nobody. The answer does not wait for that: see `slots`. */
  assign(slot: number, card: string | undefined, scope: Cancellable): Promise<void>;
  /** Keeps a copy of a descriptor under a name, in place of what had the name. */
  keepFd(name: string, fd: number, scope: Cancellable): Promise<void>;
  /** A copy of a kept descriptor, which stays kept. @throws ArgonError not-found. */
  takeFd(name: string, scope: Cancellable): Promise<number>;
  listFds(scope: Cancellable): Promise<readonly string[]>;
  dropFd(name: string, scope: Cancellable): Promise<void>;
  slots(scope: Cancellable): Promise<readonly SlotStatus[]>;
  /** Cards that are attached; one that died is not. */
  cards(scope: Cancellable): Promise<readonly string[]>;
  /** Ends the backplane and closes all it holds. */
  shutDown(scope: Cancellable): Promise<void>;
}

export interface BackplaneOptions extends Cancellable {
  /** Has a short path and mode 0700; gets `backplane.sock`. */
  readonly runtimeDir: string;
  readonly log: Logger;
  /** Where a new backplane's log lines go; without it `backplane.log` beside its socket. */
  readonly logFile?: string;
  /** What runs as the backplane. */
  readonly program?: string;
  readonly host?: HostAddon;
}

const backplaneProgram = fileURLToPath(
  new URL('../../../build/addon/Release/argon-backplane', import.meta.url),
);
const pollIntervalMs = 5;

/** Connects to the backplane of a runtime folder, which is started if none is there. */
export async function startOrAdoptBackplane(options: BackplaneOptions): Promise<{
  readonly backplane: Backplane;
  readonly pid: number;
  readonly wasRunning: boolean;
}> {
  const { runtimeDir, log, signal } = options;
  const adopted = await connect(options);
  const connection = adopted ?? (await start(options));
  try {
    const pid = await connection.hello({ signal });
    const wasRunning = adopted !== undefined;
    log.info({ runtimeDir, backplanePid: pid, wasRunning }, 'connected to the backplane');
    return { backplane: connection, pid, wasRunning };
  } catch (thrown) {
    await connection[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Undefined if nobody listens. */
async function connect(options: BackplaneOptions): Promise<BackplaneConnection | undefined> {
  const { runtimeDir, host = loadHostAddon() } = options;
  const stream = new host.FdStream();
  try {
    await native(stream.open(join(runtimeDir, 'backplane.sock')));
    return new BackplaneConnection(stream);
  } catch (thrown) {
    const { details } = ArgonError.from(thrown);
    if (details['errno'] === 'ENOENT' || details['errno'] === 'ECONNREFUSED') return undefined;
    throw thrown;
  }
}

async function start(options: BackplaneOptions): Promise<BackplaneConnection> {
  const { runtimeDir, signal, program = backplaneProgram } = options;
  const logFile = options.logFile ?? join(runtimeDir, 'backplane.log');
  const logFd = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    // Its own session: it outlives the controller, and Ctrl-C in the controller's terminal.
    child = spawn(program, [runtimeDir], {
      detached: true,
      stdio: ['ignore', 'ignore', logFd],
      env: {},
    });
  } finally {
    closeSync(logFd);
  }
  let failure: string | undefined;
  child.on('error', (error) => {
    failure = `could not be started: ${error.message}`;
  });
  child.on('exit', (code, endSignal) => {
    failure = `ended with ${endSignal ?? `exit code ${String(code)}`}`;
  });
  child.unref();
  try {
    return await pollUntil(
      async () => {
        const failedBefore = failure;
        const connection = await connect(options);
        if (connection !== undefined || failedBefore === undefined) return connection;
        throw await startError(failedBefore, logFile);
      },
      'starting the backplane',
      { signal, intervalMs: pollIntervalMs },
    );
  } catch (thrown) {
    child.kill('SIGTERM');
    throw thrown;
  }
}

async function startError(failure: string, logFile: string): Promise<ArgonError> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
  return new ArgonError('unavailable', `the backplane ${failure}: ${lines.at(-1) ?? ''}`, {
    hint: 'run ./setup, which builds it; see backplane.log',
  });
}
