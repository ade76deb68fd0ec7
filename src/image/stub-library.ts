// SPDX-License-Identifier: Apache-2.0

// Stand-ins for shared libraries that a program is linked with but does not use here. Debian's fio
// needs eight libraries for its Ceph, Gluster, RDMA, NBD and pmem engines, which bring 80 MB; a
// stub has the same name and symbols, and a call ends the program with a sentence. The program
// itself stays as Debian built it.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { run } from '../base/subprocess.ts';

/** A symbol that a program or one of its libraries takes from another. */
export interface ImportedSymbol {
  readonly name: string;
  /** The version that the program asks for; undefined for libraries without symbol versions. */
  readonly version: string | undefined;
}

export interface ProgramImports {
  readonly symbols: readonly ImportedSymbol[];
  /** The names that the same files define. */
  readonly exported: ReadonlySet<string>;
  /** The library that each version belongs to. */
  readonly libraryOfVersion: ReadonlyMap<string, string>;
}

/**
 * Builds a stub for each of `names` in `dir` and returns their paths by name. `keptLibraries` are
 * the program's other libraries, which may need symbols of the stubs too.
 */
export async function buildStubs(
  program: string,
  names: readonly string[],
  keptLibraries: readonly string[],
  { dir, signal }: { readonly dir: string; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, string>> {
  const options = ['--wide', '--dyn-syms', '--version-info'];
  const files = [program, ...keptLibraries];
  const imports = parseImports(await run('readelf', [...options, ...files], { signal }));
  const paths = new Map<string, string>();
  for (const [name, symbols] of assignSymbols(names, imports)) {
    const base = join(dir, name);
    await writeFile(`${base}.s`, assemblyOf(name, symbols));
    await writeFile(`${base}.map`, versionScriptOf(symbols));
    await run('as', ['--64', '-o', `${base}.o`, `${base}.s`], { signal });
    const linkOptions = ['-shared', '-z', 'noexecstack', '--build-id=none', '-soname', name];
    const inputs = [`--version-script=${base}.map`, '-o', base, `${base}.o`];
    await run('ld', [...linkOptions, ...inputs], { signal });
    paths.set(name, base);
  }
  return paths;
}

/**
 * Says which stub defines which symbol. A version names its library; a symbol without one that no
 * kept file exports can be in any stub, and is in the first whose library has no versions.
 */
export function assignSymbols(
  names: readonly string[],
  { symbols, exported, libraryOfVersion }: ProgramImports,
): ReadonlyMap<string, readonly ImportedSymbol[]> {
  const assigned = new Map<string, ImportedSymbol[]>(names.map((name) => [name, []]));
  const versioned = new Set(libraryOfVersion.values());
  const unversioned = names.find((name) => !versioned.has(name));
  for (const symbol of symbols) {
    if (symbol.version === undefined && exported.has(symbol.name)) continue;
    const library =
      symbol.version === undefined ? unversioned : libraryOfVersion.get(symbol.version);
    if (library === undefined) {
      throw new ArgonError('internal', `no library for the symbol "${symbol.name}" is known`);
    }
    assigned.get(library)?.push(symbol); // A library that has no stub is there itself.
  }
  return assigned;
}

/** Reads the output of `readelf --wide --dyn-syms --version-info` for one or more files. */
export function parseImports(output: string): ProgramImports {
  const symbols = new Map<string, ImportedSymbol>();
  const exported = new Set<string>();
  for (const [, binding, section, name = '', version] of output.matchAll(symbolLine)) {
    if (section !== 'UND') exported.add(name);
    else if (binding === 'GLOBAL') symbols.set(`${name}@${version ?? ''}`, { name, version });
  }
  const libraryOfVersion = new Map<string, string>();
  let library = '';
  for (const [, file, version] of output.matchAll(/ File: (\S+) +Cnt:| Name: (\S+) +Flags:/g)) {
    if (file !== undefined) library = file;
    else if (version !== undefined) libraryOfVersion.set(version, library);
  }
  return { symbols: [...symbols.values()], exported, libraryOfVersion };
}

// "    25: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND rados_create@VERSION (5)"
const symbolLine = /^ *\d+: [0-9a-f]+ +\d+ \w+ +(GLOBAL|WEAK) +\w+ +(\w+) ([^\s@]+)(?:@@?(\S+))?/gm;

/** x86-64 Linux: every symbol is one routine that writes a sentence to stderr and exits. */
export function assemblyOf(library: string, symbols: readonly ImportedSymbol[]): string {
  const sentence = `argon: this image has only a stub of ${library}\\n`;
  const labels = symbols.map(({ name }) => `.globl ${name}\n.type ${name}, @function\n${name}:`);
  return [
    '.text',
    ...labels,
    'mov $1, %eax', // write(2, sentence, size)
    'mov $2, %edi',
    'lea sentence(%rip), %rsi',
    'mov $(sentence_end - sentence), %edx',
    'syscall',
    'mov $231, %eax', // exit_group(70): EX_SOFTWARE of sysexits.h
    'mov $70, %edi',
    'syscall',
    'hlt',
    '.section .rodata',
    `sentence: .ascii "${sentence}"`,
    'sentence_end:',
    '',
  ].join('\n');
}

/** The linker's version script: the program would warn of a version that is not there. */
export function versionScriptOf(symbols: readonly ImportedSymbol[]): string {
  const byVersion = Map.groupBy(
    symbols.filter(({ version }) => version !== undefined),
    ({ version }) => version,
  );
  if (byVersion.size === 0) return '{ global: *; };\n';
  const nodes = [...byVersion].map(([version, members]) => {
    const names = members.map(({ name }) => `${name};`).join(' ');
    return `${version ?? ''} { global: ${names} };\n`;
  });
  return nodes.join('');
}
