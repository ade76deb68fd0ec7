// SPDX-License-Identifier: Apache-2.0

// The files that git knows or would add, read once. This is what the rules are held against.

import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type SourceFile, sourceFile } from './rules/source-file.ts';

export interface Repository {
  /** Every path, binary files among them; relative to the root, sorted. */
  readonly paths: readonly string[];
  /** The text files. */
  readonly files: readonly SourceFile[];
  /** The paths of files that are not text. */
  readonly binaryPaths: readonly string[];
}

export const root = join(import.meta.dirname, '..', '..');

export function readRepository(): Repository {
  const listing = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  const paths = listing.split('\0').filter((path) => path !== '' && isFile(path));
  const files: SourceFile[] = [];
  const binaryPaths: string[] = [];
  for (const path of paths.toSorted()) {
    const bytes = readFileSync(join(root, path));
    if (bytes.includes(0) || isFuzzInput(path)) binaryPaths.push(path);
    else files.push(sourceFile(path, bytes.toString('utf8')));
  }
  return { paths: paths.toSorted(), files, binaryPaths };
}

// Bytes, also where they happen to look like text.
function isFuzzInput(path: string): boolean {
  return path.startsWith('test/fuzz/corpus/');
}

// A path that git still lists may just have been deleted.
function isFile(path: string): boolean {
  return lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() === true;
}

export const repository: Repository = readRepository();
