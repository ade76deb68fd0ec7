// SPDX-License-Identifier: Apache-2.0

// Where a host keeps what its parts share: docs/design/0013. Two hosts have two state folders, and
// with them two of everything here.

import { createHash } from 'node:crypto';
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError, errnoName } from './errors.ts';
import { ensureStateSubdir, type StateDir } from './state-dir.ts';

/** Absolute paths; nothing says that anything is there. */
export interface HostPaths {
  /** What lasts: the registry, logs, a folder for each instance. */
  readonly hostDir: string;
  /** The controller holds this file's lock for as long as it lives. */
  readonly lock: string;
  readonly registry: string;
  readonly controllerLog: string;
  /** Sockets. Short, since a socket's path has 107 bytes. */
  readonly runtimeDir: string;
  readonly managementSocket: string;
  readonly backplaneSocket: string;
  slotSocket(slot: number): string;
  /** Those of a tenant, which no management call reaches. `instance` is an id: `i-…`. */
  tenantSocket(instance: string, what: 'console' | 'agent'): string;
}

// Not $TMPDIR: all of a user's commands have to find the same folder.
const runtimeRoot = '/tmp';

/** Makes the state folder, which the other paths depend on, and nothing else. */
export async function locateHost(stateDir: StateDir): Promise<HostPaths> {
  const state = await realpath(await ensureStateSubdir(stateDir));
  const digest = createHash('sha256').update(state).digest('hex').slice(0, 12);
  const runtimeDir = join(runtimeRoot, `argon-${ownUid()}-${digest}`);
  const hostDir = join(state, 'host');
  return {
    hostDir,
    lock: join(hostDir, 'lock'),
    registry: join(hostDir, 'registry.db'),
    controllerLog: join(hostDir, 'controller.log'),
    runtimeDir,
    managementSocket: join(runtimeDir, 'management.sock'),
    backplaneSocket: join(runtimeDir, 'backplane.sock'),
    slotSocket: (slot) => join(runtimeDir, 'slots', `${slot}.sock`),
    tenantSocket: (instance, what) => join(runtimeDir, 'tenant', `${instance}.${what}.sock`),
  };
}

/**
 * Makes the runtime folder and those in it, for this user alone.
 * @throws ArgonError permission-denied if the folder is somebody else's, or open to others.
 */
export async function ensureRuntimeDir({ runtimeDir }: HostPaths): Promise<void> {
  for (const path of [runtimeDir, join(runtimeDir, 'slots'), join(runtimeDir, 'tenant')]) {
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (thrown) {
      if (errnoName(thrown) !== 'EEXIST') throw ArgonError.from(thrown);
    }
    // Anybody may make a folder of this name in /tmp before us.
    const status = await lstat(path);
    const isOurs = status.isDirectory() && status.uid === ownUid();
    if (isOurs && (status.mode & 0o077) === 0) continue;
    throw new ArgonError('permission-denied', `${path} is not a folder of this user alone`, {
      hint: 'somebody else made it, or opened it to others; remove it',
    });
  }
}

function ownUid(): number {
  return process.getuid?.() ?? 0;
}
