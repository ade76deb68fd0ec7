// SPDX-License-Identifier: Apache-2.0

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Brand, brand } from './brand.ts';

/** The folder that holds everything Argon keeps on a host. Absolute. */
export type StateDir = Brand<string, 'StateDir'>;

/** `$ARGON_STATE`, else `.argon` in the current folder. Makes nothing. */
export function locateStateDir(environment: NodeJS.ProcessEnv, currentDir: string): StateDir {
  const named = environment['ARGON_STATE'];
  return brand<StateDir>(
    resolve(currentDir, named === undefined || named === '' ? '.argon' : named),
  );
}

/** A folder below the state folder, made with mode 0700 where it is missing. */
export async function ensureStateSubdir(stateDir: StateDir, ...names: string[]): Promise<string> {
  const path = join(stateDir, ...names);
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}
