// SPDX-License-Identifier: Apache-2.0

// Small ELF files for tests, made with the assembler and linker that builds of images need anyway.

import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

import { run } from '../../../src/base/subprocess.ts';

/** Assembles x86-64 code into an object file. */
export async function assemble(path: string, code: string): Promise<void> {
  await writeFile(`${path}.s`, `${code}\n`);
  await run('as', ['--64', '-o', path, `${path}.s`]);
}

/** A shared library that defines `symbols`, with a version for each if one is given. */
export async function makeLibrary(
  path: string,
  symbols: readonly string[],
  options: { readonly version?: string; readonly needs?: readonly string[] } = {},
): Promise<void> {
  const { version, needs = [] } = options;
  const labels = symbols.map((name) => `.globl ${name}\n.type ${name}, @function\n${name}:\n ret`);
  await assemble(`${path}.o`, labels.join('\n'));
  await writeFile(`${path}.map`, `${version ?? ''} { global: ${symbols.join('; ')}; };\n`);
  const script = version === undefined ? [] : [`--version-script=${path}.map`];
  const named = ['-shared', '-soname', basename(path), '-o', path, `${path}.o`];
  await run('ld', [...script, ...named, '--no-as-needed', ...needs]);
}

/** A program that calls `symbols` one after the other and then exits with 0. */
export async function makeProgram(
  path: string,
  symbols: readonly string[],
  libraries: readonly string[],
): Promise<void> {
  const calls = symbols.map((name) => `call ${name}@PLT`);
  const code = ['.globl _start', '_start:', ...calls, 'mov $60, %eax', 'xor %edi, %edi', 'syscall'];
  await assemble(`${path}.o`, code.join('\n'));
  const dynamic = ['-pie', '-dynamic-linker', '/lib64/ld-linux-x86-64.so.2'];
  await run('ld', [...dynamic, '-z', 'now', '-o', path, `${path}.o`, ...libraries]);
}
