// SPDX-License-Identifier: Apache-2.0

// A lab file: what a host shall have, as resources of the management API. Fields that the host sets
// are left out, but for three that a file asks for by them: a volume's `attachment`, an instance's
// `state` (running or stopped) and an interface's `instance`. Resources name each other by their
// display names, or by the ids that a host gave them.

import { type BlockLimits, blockLimitsType } from '../../api/generated/argon/v1/common.ts';
import { type Fault, faultType } from '../../api/generated/argon/v1/faults.ts';
import { type Instance, instanceType } from '../../api/generated/argon/v1/instances.ts';
import { type Interface, interfaceType } from '../../api/generated/argon/v1/interfaces.ts';
import { type Volume, volumeType } from '../../api/generated/argon/v1/volumes.ts';
import type { Init } from '../../api/schema.ts';
import { valueProblem } from '../../api/value-rules.ts';
import { ArgonError } from '../../base/errors.ts';
import { suggestHint } from '../../base/suggest.ts';
import {
  entryOf,
  expectBoolean,
  expectMap,
  expectText,
  refuseOtherKeys,
} from '../document/parse.ts';
import { type Place, readSource, type SourceMap, type SourceNode } from '../document/source.ts';
import { itemsOf, type LabEntry, labeled, readFields, refuseTwice } from './fields.ts';
import {
  type LabNetworks,
  type LabResource,
  networkSections,
  readNetworks,
} from './network-lab.ts';

export interface Lab {
  /** Undefined: left as they are. */
  readonly hostLimits: Init<BlockLimits> | undefined;
  readonly networks: LabNetworks;
  readonly volumes: readonly LabVolume[];
  readonly instances: readonly LabInstance[];
  readonly interfaces: readonly LabInterface[];
  readonly faults: readonly LabFault[];
}

export interface LabVolume extends LabEntry {
  readonly fields: Init<Volume>;
  readonly attachment: { readonly instance: string; readonly readOnly: boolean } | undefined;
}

export interface LabInstance extends LabEntry {
  /** Without the boot volume, whose name is not known yet. */
  readonly fields: Init<Instance>;
  /** What the file calls the volume it boots from. */
  readonly bootVolume: string | undefined;
  /** Undefined: left as it is. */
  readonly isRunning: boolean | undefined;
}

export interface LabInterface extends LabResource<Interface> {
  readonly instance: string | undefined;
}

export interface LabFault {
  readonly place: Place;
  /** What the file calls the volume that fails. */
  readonly volume: string;
  readonly fields: Init<Fault>;
}

const labSections = [
  'host',
  ...networkSections,
  'volumes',
  'instances',
  'interfaces',
  'faults',
] as const;
const labStates = ['running', 'stopped'] as const;

/**
 * Reads a lab file. `fileName` names it in errors.
 * @throws ArgonError invalid-argument with file, line and column, and what may have been meant.
 */
export function readLab(text: string, fileName: string): Lab {
  const root = expectMap(readSource(text, fileName), 'a lab');
  refuseOtherKeys(root, 'a lab', labSections);
  const host = entryOf(root, 'host');
  const lab: Lab = {
    hostLimits: host === undefined ? undefined : readHost(expectMap(host, 'host')),
    networks: readNetworks(root),
    volumes: itemsOf(root, 'volumes').map(readVolume),
    instances: itemsOf(root, 'instances').map(readInstance),
    interfaces: itemsOf(root, 'interfaces').map(readInterface),
    faults: itemsOf(root, 'faults').map(readFault),
  };
  for (const entries of [lab.volumes, lab.instances, lab.interfaces]) refuseTwice(entries);
  return lab;
}

function readHost(map: SourceMap): Init<BlockLimits> | undefined {
  refuseOtherKeys(map, 'host', ['limits']);
  const limits = entryOf(map, 'limits');
  return limits === undefined ? undefined : readFields(limits, blockLimitsType);
}

function readVolume(map: SourceMap): LabVolume {
  const fields = readFields(map, volumeType, ['attachment']);
  const attachment = entryOf(map, 'attachment');
  return {
    ...labeled(map, fields.displayName),
    fields,
    attachment: attachment === undefined ? undefined : readAttachment(attachment),
  };
}

function readAttachment(node: SourceNode): LabVolume['attachment'] {
  const map = expectMap(node, 'an attachment');
  refuseOtherKeys(map, 'an attachment', ['instance', 'read_only']);
  const readOnly = entryOf(map, 'read_only');
  return {
    instance: requiredText(map, 'instance', 'an attachment'),
    readOnly: readOnly === undefined ? false : expectBoolean(readOnly, 'read_only'),
  };
}

function readInstance(map: SourceMap): LabInstance {
  const fields = readFields(map, instanceType, ['state'], ['boot_volume', 'user_data']);
  const [state, bootVolume] = [entryOf(map, 'state'), entryOf(map, 'boot_volume')];
  const userData = entryOf(map, 'user_data');
  return {
    ...labeled(map, fields.displayName),
    fields: userData === undefined ? fields : { ...fields, userData: readUserData(userData) },
    bootVolume: bootVolume === undefined ? undefined : expectText(bootVolume, 'boot_volume'),
    isRunning: state === undefined ? undefined : readState(state),
  };
}

// As people write it, where the API has bytes.
function readUserData(node: SourceNode): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(expectText(node, 'user_data')));
  const field = instanceType.fieldOfProperty.get('userData');
  if (field === undefined || field.kind === 'message') throw new TypeError('no user data');
  const problem = valueProblem(field, bytes);
  if (problem === undefined) return bytes;
  throw new ArgonError('invalid-argument', `${node.place}: user_data ${problem}`);
}

function readState(node: SourceNode): boolean {
  const text = expectText(node, 'state');
  if (text === 'running' || text === 'stopped') return text === 'running';
  throw new ArgonError('invalid-argument', `${node.place}: state is "${text}"`, {
    hint: suggestHint(text, labStates),
  });
}

function readInterface(map: SourceMap): LabInterface {
  const fields = readFields(map, interfaceType, ['instance']);
  const instance = entryOf(map, 'instance');
  return {
    ...labeled(map, fields.displayName),
    fields,
    instance: instance === undefined ? undefined : expectText(instance, 'instance'),
  };
}

function readFault(map: SourceMap): LabFault {
  const fields = readFields(map, faultType, ['volume']);
  return { place: map.place, volume: requiredText(map, 'volume', 'a fault'), fields };
}

function requiredText(map: SourceMap, key: string, what: string): string {
  const node = entryOf(map, key);
  if (node !== undefined) return expectText(node, key);
  throw new ArgonError('invalid-argument', `${map.place}: ${what} has no ${key}`);
}
