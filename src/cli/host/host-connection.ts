// SPDX-License-Identifier: Apache-2.0

// The way to the controller of a state folder.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import { type HostPaths, locateHost } from '../../base/host-paths.ts';
import type { StateDir } from '../../base/state-dir.ts';
import type { HostAddon } from '../../native/addons.ts';
import { loadHostAddon } from '../../native/binding.ts';
import { isControllerAlive } from './controller-process.ts';
import type { HostClient } from './host-client.ts';

// A controller that has just been started adopts what another one left before it listens.
const listenTimeoutMs = 60_000;
const listenPollMs = 50;

/**
 * A client of the host of a state folder; undefined where no controller runs, or where there is no
 * such folder, which is not made. Waits for a controller that is starting.
 * @throws ArgonError unavailable if it does not come to listen.
 */
export async function findHost(
  stateDir: StateDir,
  { signal }: Cancellable,
): Promise<HostClient | undefined> {
  if (!existsSync(stateDir)) return undefined;
  const paths = await locateHost(stateDir);
  const isListening = await waitUntilListening(paths, loadHostAddon(), { signal });
  if (!isListening) return undefined;
  // Commands that ask no host start sooner without gRPC.
  const { connect } = await import('../../api/client.ts');
  return connect({ socketPath: paths.managementSocket });
}

/** False as soon as no controller lives. */
export async function waitUntilListening(
  paths: Pick<HostPaths, 'lock' | 'managementSocket' | 'controllerLog'>,
  host: Pick<HostAddon, 'isLocked'>,
  { signal, timeoutMs = listenTimeoutMs }: Cancellable & { readonly timeoutMs?: number },
): Promise<boolean> {
  const deadline = deadlineSignal(timeoutMs, signal);
  try {
    return await pollUntil(
      async () => {
        if (!isControllerAlive(paths, host)) return false;
        return (await isAnswered(paths.managementSocket, deadline)) ? true : undefined;
      },
      'waiting for the controller to listen',
      { signal: deadline, intervalMs: listenPollMs },
    );
  } catch (cause) {
    const isTooLate = cause instanceof ArgonError && cause.code === 'deadline-exceeded';
    if (!isTooLate) throw cause;
    throw new ArgonError('unavailable', 'the controller runs but does not listen', {
      cause,
      hint: `see ${paths.controllerLog}; argon down --force ends it`,
    });
  }
}

async function isAnswered(socketPath: string, signal: AbortSignal): Promise<boolean> {
  const socket = connectSocket(socketPath);
  try {
    await once(socket, 'connect', { signal });
    return true;
  } catch {
    return false; // Not there yet, or that of a controller that was killed.
  } finally {
    socket.destroy();
  }
}
