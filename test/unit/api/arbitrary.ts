// SPDX-License-Identifier: Apache-2.0

// Messages that keep all rules of their type, by fast-check; values that break a rule of a field;
// and protobufjs's own encoder, which checks nothing, as the oracle of the wire.

import { join } from 'node:path';

import fc from 'fast-check';
import type protobuf from 'protobufjs';

import { loadRoot } from '../../../src/api/generator/read-schema.ts';
import type { AnyMessageType, FieldType, ValueRules } from '../../../src/api/schema.ts';
import type { MessageUse } from '../../../src/api/validate.ts';
import { assertNever } from '../../../src/base/errors.ts';
import { isObject } from '../../../src/base/parse.ts';

const protoFolder = join(import.meta.dirname, '../../../src/api/proto');
let oracleRoot: protobuf.Root | undefined;

/** protobufjs's type of the name, made from the same `.proto` files. */
export function oracleOf(name: string): protobuf.Type {
  oracleRoot ??= loadRoot(protoFolder).root;
  return oracleRoot.lookupType(name);
}

/** The value as protobufjs takes it, by names as in the `.proto` file. */
export function toOracle(type: AnyMessageType, value: unknown): Record<string, unknown> {
  const converted: Record<string, unknown> = {};
  for (const field of type.fields) {
    const own: unknown = isObject(value) ? value[field.property] : undefined;
    if (own === undefined) continue;
    const convert = (item: unknown): unknown => toOracleValue(field, item);
    converted[field.name] =
      field.isRepeated === true && Array.isArray(own) ? own.map(convert) : convert(own);
  }
  return converted;
}

function toOracleValue(field: FieldType, value: unknown): unknown {
  if (field.kind === 'message') return toOracle(field.type, value);
  if (field.kind === 'field-mask') return { paths: value };
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Date)) return value;
  const ms = value.getTime();
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: (ms - seconds * 1000) * 1_000_000 };
}

/** The bytes of a value that may break every rule. */
export function encodeUnchecked(type: AnyMessageType, value: unknown): Uint8Array {
  const oracle = oracleOf(type.name);
  return oracle.encode(oracle.fromObject(toOracle(type, value))).finish();
}

/** Good messages of the type. */
export function messageOf(type: AnyMessageType, use: MessageUse): fc.Arbitrary<object> {
  const oneofs = new Set(
    type.fields.map(({ oneof }) => oneof).filter((name) => name !== undefined),
  );
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fields) {
    if (field.oneof === undefined && maySet(field, use))
      parts[field.property] = fieldOf(field, use);
  }
  const plain = fc.record(parts);
  const choices = [...oneofs].map((oneof) =>
    fc.oneof(
      ...type.fields
        .filter((field) => field.oneof === oneof)
        .map((field) => fc.record({ [field.property]: valueOf(field, use) })),
      ...(type.requiredOneofs.includes(oneof) ? [] : [fc.constant({})]),
    ),
  );
  return fc
    .tuple(plain, ...choices)
    .map((objects: readonly object[]) => Object.assign({}, ...objects) as object);
}

function maySet({ behavior }: FieldType, use: MessageUse): boolean {
  if (behavior === undefined) return true;
  if (use === 'response') return behavior !== 'input-only';
  if (behavior === 'output-only') return false;
  return use.verb !== (behavior === 'identifier' ? 'create' : 'update');
}

function fieldOf(field: FieldType, use: MessageUse): fc.Arbitrary<unknown> {
  const isNeeded = field.isRequired === true || field.behavior === 'identifier';
  if (field.isRepeated === true) {
    const list = {
      minLength: field.minItems ?? 0,
      maxLength: Math.min(field.maxItems ?? 2, 2),
    };
    const item = valueOf(field, use);
    return field.hasUniqueItems === true ? fc.uniqueArray(item, list) : fc.array(item, list);
  }
  const value = valueOf(field, use);
  if (field.hasPresence !== true) return isNeeded ? value.filter((one) => one !== '') : value;
  return isNeeded ? value : fc.option(value, { nil: undefined });
}

function valueOf(field: FieldType, use: MessageUse): fc.Arbitrary<unknown> {
  const { rules = {} } = field;
  const { notIn = [] } = rules;
  if (rules.in !== undefined && field.kind !== 'field-mask') return fc.constantFrom(...rules.in);
  switch (field.kind) {
    case 'message':
      return messageOf(field.type, use);
    case 'enum':
      return fc.constantFrom(
        ...[...field.type.numbers.keys()].filter((one) => !notIn.includes(one)),
      );
    case 'bool':
      return fc.boolean();
    case 'string':
      return textOf(rules);
    case 'bytes':
      return fc.uint8Array({
        minLength: rules.minLength ?? 0,
        maxLength: Math.min(rules.maxLength ?? 64, 64),
      });
    case 'timestamp':
      return fc.date({
        min: new Date('0001-01-01T00:00:00Z'),
        max: new Date('9999-12-31T23:59:59.999Z'),
        noInvalidDate: true,
      });
    case 'field-mask':
      return fc.array(fc.constantFrom(...(rules.in ?? ['any'])), { maxLength: 2 });
    case 'int32':
    case 'uint32':
      return fc.integer({
        min: Number(rules.gte ?? (field.kind === 'int32' ? -(2 ** 31) : 0)),
        max: Number(rules.lte ?? (field.kind === 'int32' ? 2 ** 31 - 1 : 2 ** 32 - 1)),
      });
    case 'int64':
    case 'uint64':
      return fc.bigInt({
        min: BigInt(rules.gte ?? (field.kind === 'int64' ? -(2n ** 63n) : 0n)),
        max: BigInt(rules.lte ?? (field.kind === 'int64' ? 2n ** 63n - 1n : 2n ** 64n - 1n)),
      });
  }
  return assertNever(field);
}

// Made once: each takes a tenth of a second, and the schema uses few patterns often.
const textsOfPattern = new Map<string, fc.Arbitrary<string>>();

function textOf({ pattern, minLength = 0, maxLength = 64 }: ValueRules): fc.Arbitrary<string> {
  if (pattern !== undefined) {
    const known = textsOfPattern.get(pattern.source) ?? fc.stringMatching(pattern);
    textsOfPattern.set(pattern.source, known);
    return known;
  }
  return fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, 64) });
}

/** Values that a rule of the field refuses, each with what is wrong; all of them can be encoded. */
export function brokenValuesOf(field: FieldType): readonly (readonly [what: string, unknown])[] {
  const { rules = {}, kind } = field;
  const values: (readonly [string, unknown])[] = [];
  const one = field.isRepeated === true ? (item: unknown) => [item] : (item: unknown) => item;
  if (rules.pattern !== undefined) values.push(['another pattern', one('\0')]);
  if (kind === 'string' && rules.maxLength !== undefined) {
    values.push(['too long', one('x'.repeat(rules.maxLength + 1))]);
  }
  if (kind === 'string' && rules.in !== undefined) values.push(['another word', one('\0')]);
  if (kind === 'field-mask') values.push(['another path', ['no.such.path']]);
  if (kind === 'enum') values.push(['no member', one(999)]);
  if (rules.lte !== undefined) {
    const { lte } = rules;
    values.push(['too much', one(typeof lte === 'bigint' ? lte + 1n : lte + 1)]);
  }
  if (field.isRepeated === true && field.maxItems !== undefined && kind !== 'message') {
    const item = kind === 'string' ? '' : 1;
    values.push(['too many', Array.from({ length: field.maxItems + 1 }, () => item)]);
  }
  return values;
}
