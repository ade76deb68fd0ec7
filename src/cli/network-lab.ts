// SPDX-License-Identifier: Apache-2.0

// The lab file of `argon serve network`: the interfaces of a card that runs alone. With sections of
// networks these rule; without, the interfaces are the ends of cables, two by two in their order.

import { dirname, resolve } from 'node:path';

import { createMessage } from '../api/codec.ts';
import {
  type Instance,
  instanceType,
  type NetworkAllowance,
} from '../api/generated/argon/v1/instances.ts';
import { interfaceType } from '../api/generated/argon/v1/interfaces.ts';
import { ArgonError } from '../base/errors.ts';
import { parseInteger } from '../base/parse.ts';
import { parseNetworkAllowance } from '../controller/handlers/allowance-words.ts';
import type { PolicyInput } from '../network/compile.ts';
import type { InstanceAllowance } from '../network/policy-records.ts';
import { entryOf, expectList, expectMap, expectText, refuseOtherKeys } from './document/parse.ts';
import { readSource, type SourceMap, type SourceNode } from './document/source.ts';
import { itemsOf, labeled, readFields, refuseTwice as refuseTwoLabels } from './lab/fields.ts';
import { networkSections, readNetworks } from './lab/network-lab.ts';
import { recordsOf } from './lab/network-records.ts';

export interface NetworkLab {
  readonly interfaces: readonly LabInterface[];
  /** What rules between them, by their order; undefined: cables. */
  readonly policy: PolicyInput | undefined;
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

// As much as the card can remember of two instances that talk to each other.
const connections = 524_288;

/**
 * Reads a lab file. Socket paths are taken from the folder that the file is in.
 * @throws ArgonError invalid-argument with the place of what is wrong.
 */
export function readNetworkLab(text: string, path: string): NetworkLab {
  const root = expectMap(readSource(text, path), 'a lab');
  const hasNetworks = networkSections.some((section) => entryOf(root, section) !== undefined);
  const others = hasNetworks ? ['interfaces', 'instances'] : ['interfaces'];
  refuseOtherKeys(root, 'a lab', [...networkSections, ...others]);
  const lab = hasNetworks ? readPolicyLab(root, path) : readCables(root, path);
  const { interfaces, policy } = lab;
  // An uplink is one too.
  const count = interfaces.length + (policy?.uplinks ?? []).length;
  if (interfaces.length === 0 || count > interfaceCountMax) {
    throw new ArgonError(
      'invalid-argument',
      `${path}: a lab has 1 to ${interfaceCountMax} interfaces, not ${count}`,
    );
  }
  refuseTwice(interfaces, path, 'name', ({ name }) => name);
  refuseTwice(interfaces, path, 'socket', ({ socketPath }) => socketPath);
  return lab;
}

function readCables(root: SourceMap, path: string): NetworkLab {
  const list = entryOf(root, 'interfaces');
  const interfaces =
    list === undefined
      ? []
      : expectList(list, 'interfaces').map((node) => readInterface(node, dirname(path)));
  return { interfaces, policy: undefined };
}

function readPolicyLab(root: SourceMap, path: string): NetworkLab {
  const entries = itemsOf(root, 'interfaces').map((map) => {
    const fields = readFields(map, interfaceType, ['instance', 'socket', 'pairs']);
    const entry = labeled(map, fields.displayName);
    // Whoever has the guest says it there too, and nobody else could tell it.
    if (fields.macAddress === undefined || fields.macAddress === '') {
      throw new ArgonError('invalid-argument', `${map.place}: an interface has no mac_address`);
    }
    const served = { name: entry.label, ...readSocket(map, dirname(path)) };
    const instance = entryOf(map, 'instance');
    const owner = instance === undefined ? undefined : expectText(instance, 'instance');
    return { ...entry, fields, served, owner: owner ?? `interface ${entry.label}` };
  });
  refuseTwoLabels(entries);
  const { state, interfaceIds } = recordsOf(readNetworks(root), entries);
  const owners = [...new Set(entries.map(({ owner }) => owner))];
  const allowances = readAllowances(root, owners);
  return {
    interfaces: entries.map(({ served }) => served),
    policy: {
      state,
      generation: 1n,
      places: entries.map(({ label, owner }) => {
        return { interface: interfaceIds.get(label) ?? '', instance: owners.indexOf(owner) };
      }),
      instances: owners.map((owner, index) => allowanceOf(allowances.get(owner), index)),
      // Behind the interfaces.
      uplinks: state.vpc
        .filter(({ uplink }) => uplink !== undefined)
        .map(({ id }, place) => ({ vpc: id, index: entries.length + place })),
    },
  };
}

// By the names that interfaces have their instances by.
function readAllowances(
  root: SourceMap,
  owners: readonly string[],
): ReadonlyMap<string, NetworkAllowance> {
  const entries = itemsOf(root, 'instances').map((map) => {
    refuseOtherKeys(map, 'an instance', ['display_name', 'network_allowance']);
    const fields = readFields(map, instanceType);
    const entry = labeled(map, fields.displayName);
    if (!owners.includes(entry.label)) {
      throw new ArgonError('invalid-argument', `${map.place}: no interface is of ${entry.label}`);
    }
    return { ...entry, allowance: createMessage<Instance>(instanceType, fields).networkAllowance };
  });
  refuseTwoLabels(entries);
  return new Map(
    entries.flatMap(({ label, allowance }) =>
      allowance === undefined ? [] : [[label, allowance] as const],
    ),
  );
}

function allowanceOf(asked: NetworkAllowance | undefined, index: number): InstanceAllowance {
  const allowance = parseNetworkAllowance(asked);
  return {
    identity: BigInt(index + 1),
    bandwidthIn: allowance.bytesIn,
    bandwidthOut: allowance.bytesOut,
    packets: allowance.packets,
    trackedMax: asked?.connections || connections,
    servicePacketsPerSecond: allowance.servicePackets,
  };
}

function readInterface(node: SourceNode, folder: string): LabInterface {
  const map = expectMap(node, 'an interface');
  refuseOtherKeys(map, 'an interface', ['name', 'socket', 'pairs']);
  const name = requiredText(map, 'name');
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(name)) {
    throw new ArgonError('invalid-argument', `${map.place}: "${name}" is no name`, {
      hint: 'use at most 32 small letters, digits and dashes, a letter first',
    });
  }
  return { name, ...readSocket(map, folder) };
}

function readSocket(map: SourceMap, folder: string): Omit<LabInterface, 'name'> {
  const pairs = entryOf(map, 'pairs');
  return {
    socketPath: resolve(folder, requiredText(map, 'socket')),
    pairs: pairs === undefined ? 1 : readPairs(pairs),
  };
}

function requiredText(map: SourceMap, key: string): string {
  const value = entryOf(map, key);
  if (value !== undefined) return expectText(value, key);
  throw new ArgonError('invalid-argument', `${map.place}: an interface has no ${key}`);
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
