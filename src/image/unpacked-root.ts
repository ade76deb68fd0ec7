// SPDX-License-Identifier: Apache-2.0

// A folder with Debian packages unpacked over each other, read as if it were the root: absolute
// symbolic links stay inside, so that nothing of the host can get into an image.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, posix } from 'node:path';

import { ArgonError, errnoName } from '../base/errors.ts';

const symlinksMax = 40; // As the kernel has it: MAXSYMLINKS in include/linux/namei.h.

/** The real path, on the host, of what is `path` in the root; undefined if it does not exist. */
export async function locateInRoot(root: string, path: string): Promise<string | undefined> {
  const pending = path.split('/').filter((name) => name !== '');
  let current = '/';
  for (let symlinks = 0; ; ) {
    const name = pending.shift();
    if (name === undefined) return join(root, current);
    const next = posix.join(current, name); // ".." stops at the root.
    const target = await readlink(join(root, next)).catch((thrown: unknown) => {
      const errno = errnoName(thrown);
      if (errno === 'EINVAL') return next; // Not a symbolic link.
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
      throw thrown;
    });
    if (target === undefined) return undefined;
    if (target === next) {
      current = next;
      continue;
    }
    symlinks += 1;
    if (symlinks > symlinksMax) return undefined;
    pending.unshift(...target.split('/').filter((part) => part !== ''));
    if (target.startsWith('/')) current = '/';
  }
}

/** The content of a file that must be in the root. */
export async function readInRoot(root: string, path: string): Promise<Buffer> {
  const located = await locateInRoot(root, path);
  if (located === undefined) {
    throw new ArgonError('failed-precondition', `no package of the image has the file ${path}`, {
      hint: 'add the package that has it to the packages file of the image',
    });
  }
  return readFile(located);
}

/** The one entry of a folder in the root; `what` names it in the error if there is not just one. */
export async function onlyEntry(root: string, path: string, what: string): Promise<string> {
  const entries = await readdir(join(root, path)).catch((): string[] => []);
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined) {
    throw new ArgonError('internal', `there are ${entries.length} of ${what}, not one`);
  }
  return entry;
}
