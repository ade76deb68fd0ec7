// SPDX-License-Identifier: Apache-2.0

// The parts that an initramfs is put together from: busybox, programs with their libraries, kernel
// modules, and files of a recipe. Each part is a list of archive entries.

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { run } from '../base/subprocess.ts';
import type { CpioEntry } from './cpio.ts';
import { type RecipeFile } from './recipe.ts';
import { libraryClosure } from './shared-libraries.ts';
import { buildStubs } from './stub-library.ts';
import { locateInRoot, readInRoot } from './unpacked-root.ts';

/** Packages unpacked over each other, and an empty folder for files that are made on the way. */
export interface BuildRoot {
  readonly root: string;
  readonly scratchDir: string;
  readonly signal: AbortSignal;
}

/** A program to copy: its path in the root, and the libraries that stubs stand in for. */
export interface WantedProgram {
  readonly path: string;
  readonly stubs: readonly string[];
}

const libraryDir = 'usr/lib/x86_64-linux-gnu';
const readOnlyMode = 0o644;
const executableMode = 0o755;

/** What an initramfs needs before anything is mounted. */
export function baseEntries(dirs: readonly string[]): readonly CpioEntry[] {
  return [
    ...dirs.map((path): CpioEntry => ({ kind: 'directory', path, mode: executableMode })),
    // The kernel opens it for init; devtmpfs(7) is mounted over it later.
    { kind: 'character-device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  ];
}

export function recipeEntries(files: readonly RecipeFile[]): readonly CpioEntry[] {
  return files.map(({ path, isExecutable, data }) => ({
    kind: 'file',
    path,
    mode: isExecutable ? executableMode : readOnlyMode,
    data,
  }));
}

export function textEntry(path: string, text: string): CpioEntry {
  return { kind: 'file', path, mode: readOnlyMode, data: Buffer.from(text, 'utf8') };
}

/** Symbolic links: path and target. */
export function linkEntries(links: readonly (readonly string[])[]): readonly CpioEntry[] {
  return links.map(([path = '', target = '']) => symlink(path, target));
}

/** Later parts replace entries of earlier ones: a program replaces the busybox command. */
export function joinEntries(...parts: readonly (readonly CpioEntry[])[]): readonly CpioEntry[] {
  return [...new Map(parts.flat().map((entry) => [entry.path, entry])).values()];
}

/** Busybox, with a link for each of its commands. */
export async function busyboxEntries({ root, signal }: BuildRoot): Promise<readonly CpioEntry[]> {
  const program = '/bin/busybox';
  const data = await readInRoot(root, program);
  // A static program of the host's own architecture: asking it is simpler than reading it.
  const commands = await run(join(root, program), ['--list'], { signal });
  return [
    ...commands
      .trim()
      .split('\n')
      .map((name) => symlink(`usr/bin/${name}`, 'busybox')),
    { kind: 'file', path: 'usr/bin/busybox', mode: executableMode, data },
  ];
}

/** Programs in /usr/bin, with the libraries and dynamic linkers that they need. */
export async function programEntries(
  wanted: readonly WantedProgram[],
  { root, scratchDir, signal }: BuildRoot,
): Promise<readonly CpioEntry[]> {
  const entries: CpioEntry[] = [];
  const libraries = new Map<string, string>();
  for (const { path, stubs } of wanted) {
    const data = await readInRoot(root, path);
    const located = (await locateInRoot(root, path)) ?? path;
    const name = basename(located);
    entries.push({ kind: 'file', path: `usr/bin/${name}`, mode: executableMode, data });
    if (basename(path) !== name) entries.push(symlink(`usr/bin/${basename(path)}`, name));

    const closure = await libraryClosure(root, [located], new Set(stubs), signal);
    for (const [library, from] of closure.libraries) libraries.set(library, from);
    for (const interpreter of closure.interpreters) {
      const linker = await readInRoot(root, interpreter);
      const inArchive = `usr${interpreter}`;
      entries.push({ kind: 'file', path: inArchive, mode: executableMode, data: linker });
    }
    const kept = [...closure.libraries.values()];
    const options = { dir: scratchDir, signal };
    const built = stubs.length === 0 ? [] : await buildStubs(located, stubs, kept, options);
    for (const [library, from] of built) libraries.set(library, from);
  }
  for (const [name, from] of libraries) {
    const path = `${libraryDir}/${name}`;
    entries.push({ kind: 'file', path, mode: readOnlyMode, data: await readFile(from) });
  }
  return joinEntries(entries);
}

function symlink(path: string, target: string): CpioEntry {
  return { kind: 'symlink', path, mode: 0o777, target };
}
