// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Brand, brand } from './brand.ts';
import { ArgonError } from './errors.ts';
import type { StateDir } from './state-dir.ts';

/** The folder of a host's sockets. A short path: a socket's has 107 bytes at most. */
export type RuntimeDir = Brand<string, 'RuntimeDir'>;

const digestDigits = 12; // Enough that two state folders of one user never meet.

/** What tells the processes of one state folder from those of another. */
export function hostTag(stateDir: StateDir): string {
  return createHash('sha256').update(realPath(stateDir)).digest('hex').slice(0, digestDigits);
}

// Not $TMPDIR: all commands of a user have to find the same folder.
const runtimeRoot = '/tmp';

/** The runtime folder of a state folder; makes nothing. */
export function locateRuntimeDir(stateDir: StateDir, parent = runtimeRoot): RuntimeDir {
  const uid = process.getuid?.() ?? 0;
  return brand<RuntimeDir>(join(parent, `argon-${uid}-${hostTag(stateDir)}`));
}

/**
 * Makes the runtime folder where it is missing.
 * @throws ArgonError permission-denied if somebody else made it, or may enter it.
 */
export async function ensureRuntimeDir(dir: RuntimeDir): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const found = await lstat(dir);
  const isOurs = found.isDirectory() && found.uid === process.getuid?.();
  if (isOurs && (found.mode & 0o077) === 0) return;
  throw new ArgonError('permission-denied', `${dir} is not a folder that is only ours`, {
    hint: 'somebody else made it, or opened it to others; remove it',
  });
}

// Two paths to one folder are one host.
function realPath(stateDir: StateDir): string {
  try {
    return realpathSync(stateDir);
  } catch {
    return stateDir; // Not there yet, and so with one path only.
  }
}
