// SPDX-License-Identifier: Apache-2.0

// Rows of the registry to values and back. What is read was written by us, but a file can be
// damaged: every row is parsed.

import { parseBytes } from '../../base/byte-size.ts';
import { ArgonError } from '../../base/errors.ts';
import { parseInstanceId } from '../../base/instance-id.ts';
import {
  type JsonObject,
  parseArray,
  parseBoolean,
  parseChoice,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../../base/parse.ts';
import { parseVolumeId } from '../../base/volume-id.ts';
import type { Limit, LimitSet } from '../../native/addons.ts';
import type { UplinkPlace } from '../../network/uplink.ts';
import type {
  Attachment,
  Condition,
  HeldInterface,
  HeldSlot,
  Instance,
  InterfaceAttachment,
  MetadataSettings,
  NetworkAllowance,
  Part,
  PluggedDevice,
  ProcessIdentity,
  Volume,
} from '../model.ts';

/** A row as node:sqlite gives and takes it. */
export type Row = Record<string, string | number | Uint8Array | null>;

const anyCount = { min: 0, max: Number.MAX_SAFE_INTEGER };

export function volumeRow(volume: Volume): Row {
  return {
    id: volume.id,
    display_name: volume.displayName,
    size_bytes: volume.sizeBytes,
    cipher: volume.cipher,
    source: volume.source,
    phase: volume.phase,
    create_time_ms: volume.createTimeMs,
    limits: encodeLimits(volume.limits),
    conditions: JSON.stringify(volume.conditions),
    revision: volume.revision,
  };
}

export function parseVolume(row: JsonObject): Volume {
  return parsed('a volume', () => ({
    id: parseVolumeId(row['id']),
    displayName: parseString(row['display_name'], 'display_name'),
    sizeBytes: parseBytes(row['size_bytes']),
    cipher: parseChoice(row['cipher'], 'cipher', ['aes-256-xts', 'none']),
    source: parseString(row['source'], 'source'),
    phase: parseChoice(row['phase'], 'phase', ['creating', 'available', 'deleting', 'error']),
    createTimeMs: count(row, 'create_time_ms'),
    limits: parseLimits(row['limits']),
    conditions: parseConditions(row['conditions']),
    revision: count(row, 'revision'),
  }));
}

export function instanceRow(instance: Instance): Row {
  return {
    id: instance.id,
    display_name: instance.displayName,
    image: instance.image,
    boot_volume: instance.bootVolume ?? null,
    cpu_count: instance.cpuCount,
    memory_bytes: instance.memoryBytes,
    state: instance.state,
    conditions: JSON.stringify(instance.conditions),
    create_time_ms: instance.createTimeMs,
    start_time_ms: instance.startTimeMs ?? null,
    limits: encodeLimits(instance.limits),
    accelerator: instance.accelerator,
    pid: instance.machine?.pid ?? null,
    start_ticks: instance.machine?.startTicks ?? null,
    user_data: instance.userData,
    public_keys: JSON.stringify(instance.publicKeys),
    tags: JSON.stringify(instance.tags),
    metadata: JSON.stringify(instance.metadata),
    network_allowance: encodeWide(instance.networkAllowance),
    revision: instance.revision,
  };
}

export function parseInstance(row: JsonObject): Instance {
  return parsed('an instance', () => ({
    id: parseInstanceId(row['id']),
    displayName: parseString(row['display_name'], 'display_name'),
    image: parseChoice(row['image'], 'image', ['tiny', 'debian', 'none']),
    bootVolume: row['boot_volume'] === null ? undefined : parseVolumeId(row['boot_volume']),
    cpuCount: count(row, 'cpu_count'),
    memoryBytes: parseBytes(row['memory_bytes']),
    state: parseChoice(row['state'], 'state', [
      'stopped',
      'starting',
      'running',
      'restarting',
      'stopping',
      'error',
    ]),
    conditions: parseConditions(row['conditions']),
    createTimeMs: count(row, 'create_time_ms'),
    startTimeMs: row['start_time_ms'] === null ? undefined : count(row, 'start_time_ms'),
    limits: parseLimits(row['limits']),
    accelerator: parseChoice(row['accelerator'], 'accelerator', ['', 'kvm', 'tcg']),
    machine: row['pid'] === null ? undefined : parseProcess(row),
    userData: parseUserData(row['user_data']),
    publicKeys: parseObjects(row['public_keys'], 'public_keys').map(({ name, key }) => ({
      name: parseString(name, 'name'),
      key: parseString(key, 'key'),
    })),
    tags: parseObjects(row['tags'], 'tags').map(({ key, value }) => ({
      key: parseString(key, 'key'),
      value: parseString(value, 'value'),
    })),
    metadata: parseMetadata(row['metadata']),
    networkAllowance: parseAllowance(row['network_allowance']),
    revision: count(row, 'revision'),
  }));
}

export function attachmentRow(attachment: Attachment): Row {
  return {
    volume: attachment.volume,
    ...pluggedRow(attachment),
    is_read_only: Number(attachment.isReadOnly),
    is_boot: Number(attachment.isBoot),
  };
}

export function parseAttachment(row: JsonObject): Attachment {
  return parsed('an attachment', () => ({
    volume: parseVolumeId(row['volume']),
    ...parsePlugged(row),
    isReadOnly: count(row, 'is_read_only') === 1,
    isBoot: count(row, 'is_boot') === 1,
  }));
}

/** The row; the MAC address is the interface's own. */
export function interfaceAttachmentRow(attachment: InterfaceAttachment): Row {
  return { interface: attachment.interface, ...pluggedRow(attachment) };
}

/** Of a row with the interface's `mac_address` beside its own columns. */
export function parseInterfaceAttachment(row: JsonObject): InterfaceAttachment {
  return parsed('an attachment', () => ({
    interface: parseString(row['interface'], 'interface'),
    macAddress: parseString(row['mac_address'], 'mac_address'),
    ...parsePlugged(row),
  }));
}

export function parseUplinkPlace(row: JsonObject): UplinkPlace {
  return parsed('the place of an uplink', () => ({
    vpc: parseString(row['vpc'], 'vpc'),
    index: count(row, 'place'),
  }));
}

function pluggedRow(device: PluggedDevice): Row {
  return {
    instance: device.instance,
    pci_slot: device.pciSlot,
    slot: device.slot,
    phase: device.phase,
    has_driver: Number(device.hasDriver),
    attach_time_ms: device.attachTimeMs,
  };
}

function parsePlugged(row: JsonObject): PluggedDevice {
  return {
    instance: parseInstanceId(row['instance']),
    pciSlot: count(row, 'pci_slot'),
    slot: count(row, 'slot'),
    phase: parseChoice(row['phase'], 'phase', ['reserved', 'plugged', 'releasing', 'busy']),
    hasDriver: count(row, 'has_driver') === 1,
    attachTimeMs: count(row, 'attach_time_ms'),
  };
}

export function heldSlotRow(held: HeldSlot): Row {
  return {
    instance: held.instance,
    pci_slot: held.pciSlot,
    slot: held.slot,
    volume: held.volume,
    stand_in: held.standIn,
    size_bytes: String(held.sizeBytes),
    is_read_only: Number(held.isReadOnly),
    has_map: Number(held.hasMap),
  };
}

export function parseHeldSlot(row: JsonObject): HeldSlot {
  return parsed('a held slot', () => ({
    instance: parseInstanceId(row['instance']),
    pciSlot: count(row, 'pci_slot'),
    slot: count(row, 'slot'),
    volume: parseVolumeId(row['volume']),
    standIn: parseVolumeId(row['stand_in']),
    sizeBytes: BigInt(parseString(row['size_bytes'], 'size_bytes')),
    isReadOnly: count(row, 'is_read_only') === 1,
    hasMap: count(row, 'has_map') === 1,
  }));
}

export function heldInterfaceRow(held: HeldInterface): Row {
  return {
    instance: held.instance,
    pci_slot: held.pciSlot,
    slot: held.slot,
    interface: held.interface,
    hold_time_ms: held.holdTimeMs,
  };
}

export function parseHeldInterface(row: JsonObject): HeldInterface {
  return parsed('a held interface', () => ({
    instance: parseInstanceId(row['instance']),
    pciSlot: count(row, 'pci_slot'),
    slot: count(row, 'slot'),
    interface: parseString(row['interface'], 'interface'),
    holdTimeMs: count(row, 'hold_time_ms'),
  }));
}

export function partRow(part: Part): Row {
  return {
    id: part.id,
    kind: part.kind,
    pid: part.process.pid,
    start_ticks: part.process.startTicks,
    restarts: part.restarts,
    start_time_ms: part.startTimeMs,
  };
}

export function parsePart(row: JsonObject): Part {
  return parsed('a part', () => ({
    id: parseString(row['id'], 'id'),
    kind: parseChoice(row['kind'], 'kind', ['backplane', 'block-card', 'network-card']),
    process: parseProcess(row),
    restarts: count(row, 'restarts'),
    startTimeMs: count(row, 'start_time_ms'),
  }));
}

export function encodeLimits(limits: LimitSet): string {
  return encodeWide(limits);
}

// As text, since a number of JSON has no 64 bits.
function encodeWide(values: object): string {
  return JSON.stringify(values, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

export function parseLimits(text: unknown): LimitSet {
  const object = parseObject(parseJson(parseString(text, 'limits'), 'limits'), 'limits');
  const limit = (name: string): Limit => parseLimit(object, name);
  return {
    readOperations: limit('readOperations'),
    writeOperations: limit('writeOperations'),
    totalOperations: limit('totalOperations'),
    readBytes: limit('readBytes'),
    writeBytes: limit('writeBytes'),
    totalBytes: limit('totalBytes'),
  };
}

function parseAllowance(text: unknown): NetworkAllowance {
  const what = 'an allowance';
  const object = parseObject(parseJson(parseString(text, what), what), what);
  return {
    bytesIn: parseLimit(object, 'bytesIn'),
    bytesOut: parseLimit(object, 'bytesOut'),
    packets: parseLimit(object, 'packets'),
    connections: parseInteger(object['connections'], 'connections', anyCount),
    servicePackets: parseInteger(object['servicePackets'], 'servicePackets', anyCount),
  };
}

function parseLimit(object: JsonObject, name: string): Limit {
  const pair = parseObject(object[name], name);
  return { perSecond: parseWide(pair['perSecond']), burst: parseWide(pair['burst']) };
}

function parseWide(value: unknown): bigint {
  const text = parseString(value, 'a limit');
  if (!/^\d{1,20}$/.test(text)) throw new ArgonError('invalid-argument', 'a limit is no number');
  return BigInt(text);
}

function parseConditions(text: unknown): readonly Condition[] {
  return parseObjects(text, 'conditions').map((condition) => ({
    type: parseString(condition['type'], 'type'),
    reason: parseString(condition['reason'], 'reason'),
    message: parseString(condition['message'], 'message'),
    changeTimeMs: parseInteger(condition['changeTimeMs'], 'changeTimeMs', anyCount),
  }));
}

function parseUserData(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ArgonError('invalid-argument', 'the user data is no bytes');
}

function parseMetadata(text: unknown): MetadataSettings {
  const what = 'metadata';
  const settings = parseObject(parseJson(parseString(text, what), what), what);
  return {
    endpoint: parseChoice(settings['endpoint'], 'endpoint', ['enabled', 'disabled']),
    tokens: parseChoice(settings['tokens'], 'tokens', ['required', 'optional']),
    tokenHopLimit: parseInteger(settings['tokenHopLimit'], 'tokenHopLimit', { min: 1, max: 64 }),
    hasTags: parseBoolean(settings['hasTags'], 'hasTags'),
  };
}

function parseObjects(text: unknown, what: string): readonly JsonObject[] {
  const list = parseArray(parseJson(parseString(text, what), what), what);
  return list.map((entry) => parseObject(entry, `an entry of ${what}`));
}

function parseProcess(row: JsonObject): ProcessIdentity {
  return { pid: count(row, 'pid'), startTicks: parseString(row['start_ticks'], 'start_ticks') };
}

/** A whole number of a row, from 0 on. */
export function count(row: JsonObject, name: string): number {
  return parseInteger(row[name], name, anyCount);
}

/** Parses a row; what is wrong with it is damage of the file. */
export function parsed<Value>(what: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw new ArgonError('data-loss', `the registry has a row that is not ${what}`, { cause });
  }
}
