// SPDX-License-Identifier: Apache-2.0

// From a document, as write.ts describes it, to a message for a request. Beyond what is written, a
// size may have a unit (`size_bytes: 1GiB`), and an enum value its full name. Names and kinds are
// checked here, with the place of what is wrong; values by the validators of the API.

import type { AnyMessageType, EnumField, FieldType, Init, MessageType } from '../../api/schema.ts';
import { parseBytes } from '../../base/byte-size.ts';
import { ArgonError } from '../../base/errors.ts';
import { suggestHint } from '../../base/suggest.ts';
import type { Place, SourceMap, SourceNode } from './source.ts';
import { shortEnumValue, shortEnumValues } from './write.ts';

export interface ParseOptions {
  /** Which fields may be there; by default all. What is not is said not to exist. */
  readonly allows?: (field: FieldType) => boolean;
  /** Where each value stood, by its path in field names: `volume.size_bytes`. */
  readonly places?: Map<string, Place>;
  /** The path of the message itself. */
  readonly path?: string;
  /** Keys that the caller reads by itself. */
  readonly otherKeys?: readonly string[];
}

/**
 * Reads a message. A value that is empty counts as absent.
 * @throws ArgonError invalid-argument with the place and, for an unknown name, with what it may
 * have meant.
 */
export function parseMessage<Value>(
  node: SourceNode,
  type: MessageType<Value>,
  options: ParseOptions = {},
): Init<Value> {
  // Every value was made for the kind of its field, and the generator ties fields to the type.
  return draftOf(node, type, options) as Init<Value>;
}

function draftOf(
  node: SourceNode,
  type: AnyMessageType,
  options: ParseOptions,
): Readonly<Record<string, unknown>> {
  const map = expectMap(node, whatOf(type));
  const { allows = () => true, otherKeys = [], path = '' } = options;
  options.places?.set(path, map.place);
  const known = type.fields.filter(allows);
  const draft: Record<string, unknown> = {};
  for (const { key, keyPlace, value } of map.entries) {
    if (otherKeys.includes(key)) continue;
    const field = known.find(({ name }) => name === key);
    if (field === undefined) {
      const names = [...known.map(({ name }) => name), ...otherKeys];
      throw unknownKey(keyPlace, type, key, names);
    }
    if (value.kind === 'scalar' && value.value === null) continue;
    const fieldPath = path === '' ? field.name : `${path}.${field.name}`;
    options.places?.set(fieldPath, value.place);
    draft[field.property] = parseField(value, field, fieldPath, options);
  }
  return draft;
}

/** The value of a key, or undefined where it is not there or empty. */
export function entryOf(map: SourceMap, key: string): SourceNode | undefined {
  const value = map.entries.find((entry) => entry.key === key)?.value;
  return value?.kind === 'scalar' && value.value === null ? undefined : value;
}

export function expectMap(node: SourceNode, what: string): SourceMap {
  if (node.kind === 'map') return node;
  throw wrong(node.place, `${what} is a list of names with values`);
}

export function expectList(node: SourceNode, what: string): readonly SourceNode[] {
  if (node.kind === 'list') return node.items;
  throw wrong(node.place, `${what} is a list, each item after a dash`);
}

export function expectText(node: SourceNode, what: string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value;
  throw wrong(node.place, `${what} is a text`);
}

export function expectBoolean(node: SourceNode, what: string): boolean {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
  throw wrong(node.place, `${what} is true or false`);
}

/** @throws ArgonError for a key that is none of `keys`. */
export function refuseOtherKeys(map: SourceMap, what: string, keys: readonly string[]): void {
  const other = map.entries.find(({ key }) => !keys.includes(key));
  if (other === undefined) return;
  throw new ArgonError(
    'invalid-argument',
    `${other.keyPlace}: ${what} has no field "${other.key}"`,
    { hint: suggestHint(other.key, keys) },
  );
}

/** The member of an enum that a document or a flag names. */
export function parseEnumValue(text: string, { type, name }: EnumField, place: string): string {
  const found = [...type.numbers.keys()].find(
    (value) => value === text || shortEnumValue(type, value) === text,
  );
  if (found !== undefined && found !== type.zero) return found;
  throw new ArgonError('invalid-argument', `${place}: ${name} is "${text}"`, {
    hint: suggestHint(text, shortEnumValues(type)),
  });
}

function parseField(
  node: SourceNode,
  field: FieldType,
  path: string,
  options: ParseOptions,
): unknown {
  if (field.isRepeated !== true && field.kind !== 'field-mask') {
    return parseValue(node, field, path, options);
  }
  return expectList(node, field.name).map((item, index) =>
    parseValue(item, field, `${path}[${index}]`, options),
  );
}

function parseValue(
  node: SourceNode,
  field: FieldType,
  path: string,
  options: ParseOptions,
): unknown {
  options.places?.set(path, node.place);
  if (field.kind === 'message') {
    const { places } = options;
    return draftOf(node, field.type, places === undefined ? { path } : { path, places });
  }
  switch (field.kind) {
    case 'enum':
      return parseEnumValue(expectText(node, field.name), field, node.place);
    case 'bool':
      return expectBoolean(node, field.name);
    case 'string':
    case 'field-mask':
      return expectText(node, field.name);
    case 'bytes':
      return new Uint8Array(Buffer.from(expectText(node, field.name), 'base64'));
    case 'timestamp':
      return parseTime(node, field.name);
    case 'int32':
    case 'uint32':
      return Number(parseInteger(node, field));
    case 'int64':
    case 'uint64':
      return parseInteger(node, field);
  }
  return undefined;
}

const integerRanges = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function parseInteger(node: SourceNode, field: FieldType): bigint {
  const value = node.kind === 'scalar' ? integerOf(node.value, field.unit) : undefined;
  if (value === undefined) {
    const example = field.unit === 'bytes' ? ', as in 4096 or 512MiB' : '';
    throw wrong(node.place, `${field.name} is a whole number${example}`);
  }
  const range = Object.entries(integerRanges).find(([kind]) => kind === field.kind)?.[1];
  if (range !== undefined && (value < range[0] || value > range[1])) {
    throw wrong(node.place, `${field.name} is ${value}, outside ${range[0]} to ${range[1]}`);
  }
  return value;
}

function integerOf(
  value: string | number | bigint | boolean | null,
  unit: string | undefined,
): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^-?\d{1,20}$/.test(value)) return BigInt(value);
  try {
    return unit === 'bytes' ? BigInt(parseBytes(value)) : undefined;
  } catch {
    return undefined;
  }
}

function parseTime(node: SourceNode, name: string): Date {
  const text = expectText(node, name);
  const time = new Date(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(time.getTime())) return time;
  throw wrong(node.place, `${name} is not a time as in 2026-01-31T12:00:00Z`);
}

function unknownKey(
  place: Place,
  type: AnyMessageType,
  key: string,
  names: readonly string[],
): ArgonError {
  const isOfHost = type.fields.some(
    ({ name, behavior }) => name === key && behavior === 'output-only',
  );
  if (isOfHost) {
    return new ArgonError('invalid-argument', `${place}: ${key} is said by the host alone`, {
      hint: 'leave it out',
    });
  }
  return new ArgonError('invalid-argument', `${place}: ${whatOf(type)} has no field "${key}"`, {
    hint: suggestHint(key, names),
  });
}

// "a volume" for argon.v1.Volume.
function whatOf({ name }: AnyMessageType): string {
  const bare = name.slice(name.lastIndexOf('.') + 1);
  const words = bare.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

function wrong(place: Place, what: string): ArgonError {
  return new ArgonError('invalid-argument', `${place}: ${what}`);
}
