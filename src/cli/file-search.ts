// SPDX-License-Identifier: Apache-2.0

import { open } from 'node:fs/promises';

const chunkBytes = 4 * 1024 * 1024;

/** How often `needle` is in a file, overlapping chunk borders included. */
export async function countInFile(path: string, needle: Buffer): Promise<number> {
  await using file = await open(path, 'r');
  const buffer = Buffer.alloc(chunkBytes + needle.length - 1);
  let kept = 0;
  let count = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, kept, chunkBytes, null);
    if (bytesRead === 0) return count;
    const filled = buffer.subarray(0, kept + bytesRead);
    for (let at = filled.indexOf(needle); at !== -1; at = filled.indexOf(needle, at + 1)) {
      count += 1;
    }
    // The end may be the beginning of one that the next chunk completes.
    kept = Math.min(needle.length - 1, filled.length);
    filled.copy(buffer, 0, filled.length - kept);
  }
}

/** The first bytes of a file in hex. */
export async function firstBytes(path: string, count: number): Promise<string> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
  return buffer
    .subarray(0, bytesRead)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
}
