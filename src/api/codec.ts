// SPDX-License-Identifier: Apache-2.0

// Messages to bytes and back, by the tables that the generator writes. Strict both ways: what
// breaks a rule is neither sent nor taken. Unlike protobuf's own readers this one refuses unknown
// fields, numbers that are no member of their enum, values wider than their field, and a field that
// is there twice: two readers must not see two messages in the same bytes.

import { assertNever } from '../base/errors.ts';
import { isObject } from '../base/parse.ts';
import type { AnyMessageType, EnumField, FieldType, Init, MessageType } from './schema.ts';
import { decodeFieldMask, decodeTimestamp, encodeFieldMask, encodeTimestamp } from './timestamp.ts';
import { isMessage, type MessageUse, violationsOf } from './validate.ts';
import { pathOf, ViolationError } from './violations.ts';
import {
  createReader,
  createWriter,
  LENGTH_DELIMITED,
  type Reader,
  readBool,
  readBytes,
  readInt32,
  readInt64,
  readString,
  readUint32,
  readUint64,
  VARINT,
  WireError,
  type Writer,
  wireTypeOf,
  writeUint64,
} from './wire.ts';

type Values = Record<string, unknown>;

/** A whole message: what `init` leaves out is its zero value, or absent. Nothing is checked. */
function fill(type: AnyMessageType, init: unknown): unknown {
  if (!isObject(init)) return init;
  const values: Values = {};
  for (const [property, value] of Object.entries(init)) {
    const field = type.fieldOfProperty.get(property);
    if (value === undefined) continue;
    if (field?.kind !== 'message') values[property] = value;
    else if (field.isRepeated !== true) values[property] = fill(field.type, value);
    else if (!Array.isArray(value)) values[property] = value;
    else values[property] = value.map((item: unknown) => fill(field.type, item));
  }
  addZeroValues(type, values);
  return values;
}

function addZeroValues(type: AnyMessageType, values: Values): void {
  for (const field of type.fields) {
    if (values[field.property] !== undefined || field.hasPresence === true) continue;
    values[field.property] = field.isRepeated === true ? [] : zeroOf(field);
  }
}

const zeroValues: Partial<Record<FieldType['kind'], unknown>> = {
  bool: false,
  string: '',
  int32: 0,
  uint32: 0,
  int64: 0n,
  uint64: 0n,
};

/** Undefined for kinds that have presence. */
function zeroOf(field: FieldType): unknown {
  if (field.kind === 'bytes') return new Uint8Array();
  return field.kind === 'enum' ? field.type.zero : zeroValues[field.kind];
}

/**
 * The whole message that `init` is a part of.
 * @throws ViolationError invalid-argument.
 */
export function createMessage<Value>(
  type: MessageType<Value>,
  init: Init<NoInfer<Value>>,
  use: MessageUse = 'response',
): Value {
  return checked(type, fill(type, init), use);
}

function checked<Value>(type: MessageType<Value>, value: unknown, use: MessageUse): Value {
  if (isMessage(type, value, use)) return value;
  throw new ViolationError('invalid-argument', type.name, violationsOf(type, value, use));
}

/**
 * The bytes of the message that `init` is a part of.
 * @throws ViolationError invalid-argument if it breaks a rule.
 */
export function encodeMessage<Value>(
  type: MessageType<Value>,
  init: Init<NoInfer<Value>>,
  use: MessageUse,
): Uint8Array {
  return encodeChecked(type, createMessage(type, init, use));
}

/**
 * The bytes of a message that has all its fields.
 * @throws ViolationError invalid-argument if it breaks a rule.
 */
export function encodeWhole<Value>(
  type: MessageType<Value>,
  value: Value,
  use: MessageUse,
): Uint8Array {
  return encodeChecked(type, checked(type, value, use));
}

function encodeChecked(type: AnyMessageType, value: unknown): Uint8Array {
  const writer = createWriter();
  if (isObject(value)) writeMessage(writer, type, value);
  return writer.finish();
}

/**
 * The message that the bytes are of.
 * @throws ViolationError invalid-argument if they are of none, or of one that breaks a rule.
 */
export function decodeMessage<Value>(
  type: MessageType<Value>,
  bytes: Uint8Array,
  use: MessageUse,
): Value {
  return checked(type, readMessage(type, bytes, { path: '', root: type.name }), use);
}

function writeMessage(writer: Writer, type: AnyMessageType, values: Readonly<Values>): void {
  for (const field of type.fields) {
    const value = values[field.property];
    if (field.isRepeated === true) {
      if (Array.isArray(value) && value.length > 0) writeList(writer, field, value);
    } else if (field.hasPresence === true ? value !== undefined : value !== zeroOf(field)) {
      if (value instanceof Uint8Array && value.length === 0 && field.hasPresence !== true) continue;
      writer.uint32(field.number * 8 + wireTypeOf(field.kind));
      writeValue(writer, field, value);
    }
  }
}

function writeList(writer: Writer, field: FieldType, items: readonly unknown[]): void {
  if (wireTypeOf(field.kind) === LENGTH_DELIMITED) {
    for (const item of items) {
      writer.uint32(field.number * 8 + LENGTH_DELIMITED);
      writeValue(writer, field, item);
    }
    return;
  }
  writer.uint32(field.number * 8 + LENGTH_DELIMITED).fork();
  for (const item of items) writeValue(writer, field, item);
  writer.ldelim();
}

/** The value has been checked; what is of another type is a bug. */
function writeValue(writer: Writer, field: FieldType, value: unknown): void {
  if (field.kind === 'message' && isObject(value)) {
    writer.fork();
    writeMessage(writer, field.type, value);
    writer.ldelim();
  } else if (field.kind === 'enum' && typeof value === 'string') {
    writer.int32(field.type.numbers.get(value) ?? 0);
  } else if (field.kind === 'field-mask' && Array.isArray(value)) {
    writer.bytes(encodeFieldMask(value.map(String)));
  } else if (value instanceof Date) writer.bytes(encodeTimestamp(value));
  else if (value instanceof Uint8Array) writer.bytes(value);
  else if (typeof value === 'string') writer.string(value);
  else if (typeof value === 'boolean') writer.bool(value);
  else if (typeof value === 'bigint') writeUint64(writer, value);
  else if (typeof value !== 'number') throw new TypeError(`${field.name} was not checked`);
  else if (field.kind === 'uint32') writer.uint32(value);
  else writer.int32(value);
}

interface Place {
  readonly path: string;
  /** The message that the path begins in. */
  readonly root: string;
}

function refuse({ path, root }: Place, description: string): ViolationError {
  return new ViolationError('invalid-argument', root, [{ field: path, description }]);
}

function readMessage(type: AnyMessageType, bytes: Uint8Array, place: Place): Values {
  const reader = createReader(bytes);
  const values: Values = {};
  while (reader.pos < reader.len) {
    const tag = whole(reader, place, (from) => from.tag());
    const field = type.fieldOfNumber.get(tag >>> 3);
    if (field === undefined) throw refuse(place, `has an unknown field ${tag >>> 3}`);
    const fieldPlace = { ...place, path: pathOf(place.path, field.name) };
    readField(reader, { field, wireType: tag & 7, place: fieldPlace }, values);
  }
  addZeroValues(type, values);
  return values;
}

interface Entry {
  readonly field: FieldType;
  readonly wireType: number;
  readonly place: Place;
}

function readField(reader: Reader, { field, wireType, place }: Entry, values: Values): void {
  const isPacked = field.isRepeated === true && wireTypeOf(field.kind) === VARINT;
  if (wireType !== wireTypeOf(field.kind) && !(isPacked && wireType === LENGTH_DELIMITED)) {
    throw refuse(place, 'is encoded as another type');
  }
  if (field.isRepeated !== true) {
    if (values[field.property] !== undefined) throw refuse(place, 'is set more than once');
    values[field.property] = readValue(reader, field, place);
    return;
  }
  const known = values[field.property];
  const items: unknown[] = Array.isArray(known) ? known : [];
  values[field.property] = items;
  if (wireType !== wireTypeOf(field.kind)) {
    const packed = createReader(whole(reader, place, (from) => from.bytes()));
    while (packed.pos < packed.len) addItem(packed, { field, wireType, place }, items);
    return;
  }
  addItem(reader, { field, wireType, place }, items);
}

/** Stops at the first item too many, before anything more is kept. */
function addItem(reader: Reader, { field, place }: Entry, items: unknown[]): void {
  const { maxItems = Number.POSITIVE_INFINITY } = field;
  if (items.length >= maxItems) throw refuse(place, `has more than ${maxItems} items`);
  const itemPlace = { ...place, path: `${place.path}[${items.length}]` };
  items.push(readValue(reader, field, itemPlace));
}

function readValue(reader: Reader, field: FieldType, place: Place): unknown {
  if (field.kind === 'message') {
    return readMessage(
      field.type,
      whole(reader, place, (from) => from.bytes()),
      place,
    );
  }
  return whole(reader, place, (from) => readScalar(from, field));
}

function readScalar(reader: Reader, field: Exclude<FieldType, { kind: 'message' }>): unknown {
  switch (field.kind) {
    case 'bool':
      return readBool(reader);
    case 'string':
      return readString(reader);
    case 'bytes':
      return readBytes(reader);
    case 'int32':
      return readInt32(reader);
    case 'uint32':
      return readUint32(reader);
    case 'int64':
      return readInt64(reader);
    case 'uint64':
      return readUint64(reader);
    case 'timestamp':
      return decodeTimestamp(reader.bytes());
    case 'field-mask':
      return decodeFieldMask(reader.bytes());
    case 'enum':
      return readMember(reader, field);
  }
  return assertNever(field);
}

function readMember(reader: Reader, { type }: EnumField): string {
  const value = type.values.get(readInt32(reader));
  if (value === undefined) throw new WireError(`is no member of ${type.name}`);
  return value;
}

/** Runs `read`; what protobufjs throws of bytes that end too soon becomes a refusal. */
function whole<Value>(reader: Reader, place: Place, read: (from: Reader) => Value): Value {
  try {
    return read(reader);
  } catch (thrown) {
    if (thrown instanceof WireError) throw refuse(place, thrown.message);
    throw refuse(place, 'is cut off or malformed');
  }
}
