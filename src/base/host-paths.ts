// SPDX-License-Identifier: Apache-2.0

// Where a host keeps what its parts share: docs/design/0013. Two hosts have two state folders, and
// with them two of everything here.

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { hostTag, locateRuntimeDir } from './runtime-dir.ts';
import { ensureStateSubdir, type StateDir } from './state-dir.ts';

/** Absolute paths; nothing says that anything is there. */
export interface HostPaths {
  /** What tells this host's processes from those of others. */
  readonly tag: string;
  /** What lasts: the registry, logs, a folder for each instance. */
  readonly hostDir: string;
  /** The controller holds this file's lock for as long as it lives. */
  readonly lock: string;
  readonly controllerLog: string;
  /** Sockets. Short, since a socket's path has 107 bytes. */
  readonly runtimeDir: string;
  readonly managementSocket: string;
  /** Those of a tenant, which no management call reaches. `instance` is an id: `i-…`. */
  tenantSocket(instance: string, what: 'console' | 'agent'): string;
}

/** Makes the state folder, which the other paths depend on, and nothing else. */
export async function locateHost(stateDir: StateDir): Promise<HostPaths> {
  const state = await realpath(await ensureStateSubdir(stateDir));
  const runtimeDir = locateRuntimeDir(stateDir);
  const hostDir = join(state, 'host');
  return {
    tag: hostTag(stateDir),
    hostDir,
    lock: join(hostDir, 'lock'),
    controllerLog: join(hostDir, 'controller.log'),
    runtimeDir,
    managementSocket: join(runtimeDir, 'management.sock'),
    tenantSocket: (instance, what) => join(runtimeDir, 'tenant', `${instance}.${what}.sock`),
  };
}
