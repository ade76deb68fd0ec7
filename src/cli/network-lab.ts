// SPDX-License-Identifier: Apache-2.0

// The lab file of `argon serve network`: the interfaces of a card that runs alone. Two by two, in
// their order, they are the ends of a cable.

import { dirname, resolve } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { entryOf, expectList, expectMap, expectText, refuseOtherKeys } from './document/parse.ts';
import { readSource, type SourceNode } from './document/source.ts';

export interface NetworkLab {
  readonly interfaces: readonly LabInterface[];
}

export interface LabInterface {
  readonly name: string;
  /** Absolute. */
  readonly socketPath: string;
  readonly pairs: number;
}

// Equal to kInterfaceCountMax and kPairCountMax in native/network.
const interfaceCountMax = 4096;
const pairsMax = 8;

/**
 * Reads a lab file. Socket paths are taken from the folder that the file is in.
 * @throws ArgonError invalid-argument with the place of what is wrong.
 */
export function readNetworkLab(text: string, path: string): NetworkLab {
  const root = expectMap(readSource(text, path), 'a lab');
  refuseOtherKeys(root, 'a lab', ['interfaces']);
  const list = entryOf(root, 'interfaces');
  const interfaces =
    list === undefined
      ? []
      : expectList(list, 'interfaces').map((node) => readInterface(node, dirname(path)));
  if (interfaces.length === 0 || interfaces.length > interfaceCountMax) {
    throw new ArgonError(
      'invalid-argument',
      `${path}: a lab has 1 to ${interfaceCountMax} interfaces, not ${interfaces.length}`,
    );
  }
  refuseTwice(interfaces, path, 'name', ({ name }) => name);
  refuseTwice(interfaces, path, 'socket', ({ socketPath }) => socketPath);
  return { interfaces };
}

function readInterface(node: SourceNode, folder: string): LabInterface {
  const map = expectMap(node, 'an interface');
  refuseOtherKeys(map, 'an interface', ['name', 'socket', 'pairs']);
  const textOf = (key: string): string => {
    const value = entryOf(map, key);
    if (value !== undefined) return expectText(value, key);
    throw new ArgonError('invalid-argument', `${map.place}: an interface has no ${key}`);
  };
  const name = textOf('name');
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    throw new ArgonError('invalid-argument', `${map.place}: "${name}" is no name`, {
      hint: 'use at most 32 small letters, digits and dashes, a letter first',
    });
  }
  const pairs = entryOf(map, 'pairs');
  return {
    name,
    socketPath: resolve(folder, textOf('socket')),
    pairs: pairs === undefined ? 1 : readPairs(pairs),
  };
}

function readPairs(node: SourceNode): number {
  const value = node.kind === 'scalar' ? node.value : undefined;
  const number = typeof value === 'bigint' ? Number(value) : value;
  return parseInteger(number, `${node.place}: pairs`, { min: 1, max: pairsMax });
}

function refuseTwice(
  interfaces: readonly LabInterface[],
  path: string,
  what: string,
  keyOf: (one: LabInterface) => string,
): void {
  const seen = new Set<string>();
  for (const key of interfaces.map(keyOf)) {
    if (seen.has(key)) {
      throw new ArgonError('invalid-argument', `${path}: two interfaces have the ${what} ${key}`);
    }
    seen.add(key);
  }
}
