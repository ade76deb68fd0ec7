// SPDX-License-Identifier: Apache-2.0

// A small file system that one process alone sees: a tmpfs in a mount namespace of its own, which
// ends with it.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type Child, root, startChild } from './child.ts';

/** A namespace or another user needs root; such a test is not left out silently. */
export function assertRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new Error('this test mounts a tmpfs of its own or runs as another user: run it as root');
}

/**
 * Serves a sparse file on a tmpfs that is smaller than the file. `socketPath` is outside of it.
 * @returns the server's process, ready.
 */
export async function serveOnSmallTmpfs(
  folder: string,
  options: {
    readonly socketPath: string;
    readonly tmpfsBytes: number;
    readonly fileBytes: number;
    readonly flags: readonly string[];
  },
): Promise<Child> {
  assertRoot();
  const mountPoint = join(folder, 'small');
  await mkdir(mountPoint);
  const script =
    'mount -t tmpfs -o size="$1" argon-test "$2" && truncate -s "$3" "$2/disk" && shift 3 && ' +
    'exec "$@"';
  const child = startChild(
    'unshare',
    [
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      String(options.tmpfsBytes),
      mountPoint,
      String(options.fileBytes),
      join(root, 'argon'),
      'serve',
      'block',
      '--socket',
      options.socketPath,
      '--file',
      join(mountPoint, 'disk'),
      ...options.flags,
    ],
    { env: { ARGON_STATE: folder } },
  );
  try {
    await child.waitFor('stdout', /^ready /m);
    return child;
  } catch (thrown) {
    await child[Symbol.asyncDispose]();
    throw thrown;
  }
}
