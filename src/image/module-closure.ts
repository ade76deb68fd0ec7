// SPDX-License-Identifier: Apache-2.0

// Which kernel module files a set of modules needs, and in which order they can be loaded. Reads
// what depmod(8) writes: modules.dep, modules.softdep and modules.builtin.

import { ArgonError } from '../base/errors.ts';

/** The text of three files of /lib/modules/VERSION. */
export interface ModuleTables {
  readonly dep: string;
  readonly softdep: string;
  readonly builtin: string;
}

/**
 * The module files, relative to /lib/modules/VERSION, that `names` need: dependencies first. Soft
 * dependencies count, where they exist as modules. Modules built into the kernel need no file.
 * @throws ArgonError failed-precondition for a name that this kernel does not have.
 */
export function moduleClosure(names: readonly string[], tables: ModuleTables): readonly string[] {
  const files = parseDep(tables.dep);
  const softNames = parseSoftdep(tables.softdep);
  const builtin = new Set(lines(tables.builtin).map(moduleName));
  const paths = new Set<string>();
  const visited = new Set<string>();

  const visit = (name: string): void => {
    if (visited.has(name)) return;
    visited.add(name);
    const file = files.get(name);
    if (file === undefined) return;
    for (const soft of softNames.get(name) ?? []) visit(soft);
    for (const dependency of file.dependencies) visit(moduleName(dependency));
    paths.add(file.path);
  };

  for (const written of names) {
    const name = moduleName(written);
    if (!files.has(name) && !builtin.has(name)) {
      throw new ArgonError('failed-precondition', `the kernel has no module "${written}"`, {
        hint: 'name a module of this kernel in the modules file of the image',
      });
    }
    visit(name);
  }
  return [...paths];
}

/** The name that the kernel uses for a module file or alias: `virtio-rng.ko` is `virtio_rng`. */
export function moduleName(pathOrName: string): string {
  const file = pathOrName.slice(pathOrName.lastIndexOf('/') + 1);
  return file.replace(/\.ko(\.(xz|zst|gz))?$/, '').replaceAll('-', '_');
}

interface ModuleFile {
  readonly path: string;
  /** Paths, nearest first, as depmod writes them. */
  readonly dependencies: readonly string[];
}

function parseDep(text: string): ReadonlyMap<string, ModuleFile> {
  const files = new Map<string, ModuleFile>();
  for (const line of lines(text)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const path = line.slice(0, colon);
    const dependencies = line
      .slice(colon + 1)
      .split(' ')
      .filter((word) => word !== '');
    files.set(moduleName(path), { path, dependencies });
  }
  return files;
}

/** Lines such as `softdep xts pre: ecb`. */
function parseSoftdep(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of lines(text)) {
    const [keyword, module, ...words] = line.split(/\s+/);
    if (keyword !== 'softdep' || module === undefined) continue;
    const wanted = words.filter((word) => word !== 'pre:' && word !== 'post:').map(moduleName);
    const name = moduleName(module);
    names.set(name, [...(names.get(name) ?? []), ...wanted]);
  }
  return names;
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
