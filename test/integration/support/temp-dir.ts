// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/**
 * A folder for one test, removed at its end: `await using dir = await createTempDir()`. Its path is
 * short, because a socket's path has 107 bytes at most, and not that of a tmpfs.
 */
export async function createTempDir(parent = '/tmp'): Promise<TempDir> {
  const path = await mkdtemp(join(parent, 'ai-'));
  return {
    path,
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
  };
}
