// SPDX-License-Identifier: Apache-2.0

// Which shared libraries programs need, read from the ELF files in unpacked packages with readelf:
// never from what the host has, and nothing of the guest is run.

import { basename } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';
import { locateInRoot } from './unpacked-root.ts';

/** The dynamic linking that one ELF file asks for. */
export interface DynamicNeeds {
  /** The file names of libraries (DT_NEEDED). */
  readonly libraries: readonly string[];
  /** The dynamic linker, for programs. */
  readonly interpreter: string | undefined;
}

export interface LibraryClosure {
  /** Real paths, on the host, by file name. */
  readonly libraries: ReadonlyMap<string, string>;
  /** Paths in the root of the dynamic linkers that the programs name. */
  readonly interpreters: ReadonlySet<string>;
}

// Where Debian's dynamic linker looks without being told. A library elsewhere, found by RUNPATH
// only, counts as missing; none of our programs has one.
const searchDirs = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'lib', 'usr/lib'];

/**
 * All libraries that `programs` (real paths) need, directly or not. The closure stops at
 * `replaced` names, which the caller provides.
 */
export async function libraryClosure(
  root: string,
  programs: readonly string[],
  replaced: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<LibraryClosure> {
  const libraries = new Map<string, string>();
  const interpreters = new Set<string>();
  for (let files = programs; files.length > 0; ) {
    const found: string[] = [];
    for (const needs of await readNeeds(files, signal)) {
      if (needs.interpreter !== undefined) interpreters.add(needs.interpreter);
      for (const name of needs.libraries) {
        if (replaced.has(name) || libraries.has(name)) continue;
        const path = await locateLibrary(root, name);
        libraries.set(name, path);
        found.push(path);
      }
    }
    files = found;
  }
  return { libraries, interpreters };
}

/** Reads the output of `readelf --wide --dynamic --program-headers` for one or more files. */
export function parseNeeds(output: string): readonly DynamicNeeds[] {
  return output
    .split(/^File: .*$/m)
    .filter((part) => part.trim() !== '')
    .map((part) => ({
      libraries: [...part.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)].map(
        (match) => match[1] ?? '',
      ),
      interpreter: /Requesting program interpreter: ([^\]]+)\]/.exec(part)?.[1],
    }));
}

async function readNeeds(
  files: readonly string[],
  signal: AbortSignal,
): Promise<readonly DynamicNeeds[]> {
  const options = ['--wide', '--dynamic', '--program-headers'];
  return parseNeeds(await run('readelf', [...options, ...files], { signal }));
}

async function locateLibrary(root: string, name: string): Promise<string> {
  for (const dir of searchDirs) {
    const path = await locateInRoot(root, `${dir}/${name}`);
    if (path !== undefined) return path;
  }
  throw new ArgonError('failed-precondition', `no package of the image has ${basename(name)}`, {
    hint: 'add the package that has it to the packages file of the image, or replace it by a stub',
  });
}
