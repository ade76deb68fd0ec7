// SPDX-License-Identifier: Apache-2.0

// Machine profiles: what guests of a kind have in common, kept as data in the folder qemu/. Its
// README has the reason for each value.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { type Brand, brand } from '../base/brand.ts';
import { ArgonError } from '../base/errors.ts';
import {
  type JsonObject,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../base/parse.ts';

export type Accelerator = 'kvm' | 'tcg';

/** Words for QEMU by name, in the order of the file. */
export type WordTable = Readonly<Record<string, string>>;

export interface MachineProfile {
  readonly name: string;
  readonly machine: string;
  readonly machineOptions: WordTable;
  readonly globals: WordTable;
  readonly cpuModels: Readonly<Record<Accelerator, string>>;
  readonly sandbox: WordTable;
  /** Where the guest agent's controller sits on the root bus. */
  readonly agentPciDevice: number;
  /** Where the device sits by which a guest tells QEMU that it panicked. */
  readonly panicPciDevice: number;
  readonly rootPorts: {
    readonly count: number;
    /** Eight ports share a device number; the first eight this one. */
    readonly firstPciDevice: number;
    readonly options: WordTable;
  };
}

/** The index of a root port: which of the profile's slots a card's device is in. */
export type PciSlot = Brand<number, 'PciSlot'>;

/** @throws ArgonError invalid-argument if the profile has no such slot. */
export function parsePciSlot(value: unknown, profile: MachineProfile): PciSlot {
  const max = profile.rootPorts.count - 1;
  return brand<PciSlot>(parseInteger(value, 'the PCI slot', { min: 0, max }));
}

/**
 * The lowest slot that is not taken. Slots are ours to give; QEMU is never asked which are free.
 * @throws ArgonError resource-exhausted if all are taken.
 */
export function chooseSlot(taken: Iterable<PciSlot>, profile: MachineProfile): PciSlot {
  const used = new Set<number>(taken);
  for (let slot = 0; slot < profile.rootPorts.count; slot += 1) {
    if (!used.has(slot)) return parsePciSlot(slot, profile);
  }
  throw new ArgonError(
    'resource-exhausted',
    `all ${profile.rootPorts.count} device slots of the instance are taken`,
    { hint: 'detach a volume or a network interface first' },
  );
}

/**
 * Reads a profile of the folder qemu/ by its name.
 * @throws ArgonError not-found, or invalid-argument naming what is wrong in the file.
 */
export async function loadProfile(name = 'q35'): Promise<MachineProfile> {
  if (!namePattern.test(name)) {
    throw new ArgonError('invalid-argument', `"${name}" is not the name of a machine profile`);
  }
  const file = fileURLToPath(new URL(`../../qemu/${name}.json`, import.meta.url));
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ArgonError('not-found', `there is no machine profile "${name}"`, { cause });
  }
  return parseProfile(parseJson(text, `machine profile ${name}`));
}

/** Checks a profile; unknown keys are errors. */
export function parseProfile(value: unknown): MachineProfile {
  const profile = parseKeys(value, 'the machine profile', [
    'name',
    'machine',
    'machineOptions',
    'globals',
    'cpuModels',
    'sandbox',
    'agentPciDevice',
    'panicPciDevice',
    'rootPorts',
  ]);
  const cpuModels = parseKeys(profile['cpuModels'], 'cpuModels', ['kvm', 'tcg']);
  const ports = parseKeys(profile['rootPorts'], 'rootPorts', [
    'count',
    'firstPciDevice',
    'options',
  ]);
  // Root bus devices 0 and 31 are the host bridge and the ICH9; 30 is left for neither.
  const pciDevice = { min: 1, max: 30 };
  const count = parseInteger(ports['count'], 'rootPorts.count', { min: 1, max: 64 });
  const firstPciDevice = parseInteger(ports['firstPciDevice'], 'rootPorts.firstPciDevice', {
    min: pciDevice.min,
    max: pciDevice.max + 1 - Math.ceil(count / portsPerDevice),
  });
  const agentPciDevice = parseInteger(profile['agentPciDevice'], 'agentPciDevice', pciDevice);
  const panicPciDevice = parseInteger(profile['panicPciDevice'], 'panicPciDevice', pciDevice);
  const portDevices = Math.ceil(count / portsPerDevice);
  const portNumbers = Array.from({ length: portDevices }, (_, index) => firstPciDevice + index);
  if (new Set([agentPciDevice, panicPciDevice, ...portNumbers]).size < portDevices + 2) {
    throw new ArgonError(
      'invalid-argument',
      'two devices of the profile share a PCI device number',
    );
  }
  return {
    name: parseWord(profile['name'], 'name'),
    machine: parseWord(profile['machine'], 'machine'),
    machineOptions: parseWordTable(profile['machineOptions'], 'machineOptions'),
    globals: parseWordTable(profile['globals'], 'globals'),
    cpuModels: {
      kvm: parseString(cpuModels['kvm'], 'cpuModels.kvm'),
      tcg: parseString(cpuModels['tcg'], 'cpuModels.tcg'),
    },
    sandbox: parseWordTable(profile['sandbox'], 'sandbox'),
    agentPciDevice,
    panicPciDevice,
    rootPorts: {
      count,
      firstPciDevice,
      options: parseWordTable(ports['options'], 'rootPorts.options'),
    },
  };
}

/** PCI functions of one device: what makes sixteen ports fit into two device numbers. */
export const portsPerDevice = 8;

const namePattern = /^[a-z0-9][a-z0-9-]*$/;

function parseKeys(value: unknown, what: string, keys: readonly string[]): JsonObject {
  const object = parseObject(value, what);
  for (const key of Object.keys(object)) {
    if (!keys.includes(key)) {
      throw new ArgonError('invalid-argument', `${what} has an unknown key "${key}"`, {
        hint: `the keys are: ${keys.join(', ')}`,
      });
    }
  }
  return object;
}

function parseWord(value: unknown, what: string): string {
  const word = parseString(value, what);
  if (!namePattern.test(word)) {
    throw new ArgonError('invalid-argument', `${what} is "${word}", which is not a plain name`);
  }
  return word;
}

function parseWordTable(value: unknown, what: string): WordTable {
  const entries = Object.entries(parseObject(value, what));
  return Object.fromEntries(
    entries.map(([key, word]) => [key, parseString(word, `${what}.${key}`)]),
  );
}
