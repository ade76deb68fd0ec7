// SPDX-License-Identifier: Apache-2.0

// Options as protobufjs parses them, to values of ours. An option that is not understood is
// refused: a rule that nobody enforces must not stand beside a field.

import { isObject, type JsonObject } from '../../base/parse.ts';
import { type FieldKind, type RulesModel, SchemaError } from './model.ts';

/** The value of one option, put together from all places that set a part of it. */
export function optionOf(parsed: unknown, names: readonly string[]): unknown {
  let merged: unknown;
  for (const entry of Array.isArray(parsed) ? parsed : []) {
    if (!isObject(entry)) continue;
    for (const [name, value] of Object.entries(entry)) {
      if (names.includes(name)) merged = mergeOption(merged, value);
    }
  }
  return merged;
}

/** Refuses options that are not among `names`. */
export function checkOptionNames(parsed: unknown, names: readonly string[], where: string): void {
  for (const entry of Array.isArray(parsed) ? parsed : []) {
    for (const name of Object.keys(isObject(entry) ? entry : {})) {
      if (!names.includes(name)) throw new SchemaError(`${where}: unknown option ${name}`);
    }
  }
}

function mergeOption(first: unknown, second: unknown): unknown {
  if (!isObject(first) || !isObject(second)) return second;
  const merged: Record<string, unknown> = { ...first };
  for (const [name, value] of Object.entries(second))
    merged[name] = mergeOption(first[name], value);
  return merged;
}

/** What `(buf.validate.field)` says about a field. */
export interface FieldRulesModel {
  readonly isRequired: boolean;
  readonly minItems: number | undefined;
  readonly maxItems: number | undefined;
  readonly hasUniqueItems: boolean;
  readonly isDefinedOnly: boolean;
  readonly rules: RulesModel;
}

export interface RulesContext {
  readonly kind: FieldKind;
  readonly isRepeated: boolean;
  /** Names of the members, of a field that is an enum. */
  readonly enumNames: ReadonlyMap<number, string>;
  readonly where: string;
}

const groupOfKind: Partial<Record<FieldKind, string>> = {
  int32: 'int32',
  uint32: 'uint32',
  int64: 'int64',
  uint64: 'uint64',
  string: 'string',
  bytes: 'bytes',
  enum: 'enum',
  'field-mask': 'field_mask',
};

export function fieldRulesOf(option: unknown, context: RulesContext): FieldRulesModel {
  const { where } = context;
  const all = objectOf(option ?? {}, where);
  const { required, repeated, ...groups } = all;
  if (repeated !== undefined && !context.isRepeated) {
    throw new SchemaError(`${where}: rules of a list, but it is none`);
  }
  const { min_items, max_items, unique, items, ...rest } = objectOf(repeated ?? {}, where);
  refuseRest(rest, where);
  if (context.isRepeated) refuseRest(groups, where);
  const values = context.isRepeated ? objectOf(items ?? {}, where) : groups;
  const value = valueRulesOf(values, context);
  return {
    ...value,
    isRequired: required === true,
    minItems: numberOf(min_items, where),
    maxItems: numberOf(max_items, where),
    hasUniqueItems: unique === true,
  };
}

function valueRulesOf(
  groups: JsonObject,
  context: RulesContext,
): { readonly rules: RulesModel; readonly isDefinedOnly: boolean } {
  const { kind, where } = context;
  const group = groupOfKind[kind] ?? '';
  const { [group]: own, ...others } = groups;
  refuseRest(others, where);
  const {
    lt,
    lte,
    gt,
    gte,
    min_len,
    max_len,
    pattern,
    in: oneOf,
    not_in,
    defined_only,
    ...rest
  } = objectOf(own ?? {}, where);
  refuseRest(rest, where);
  const isWide = kind === 'int64' || kind === 'uint64';
  const bound = (value: unknown): number | bigint | undefined => {
    const number = numberOf(value, where);
    return number === undefined || !isWide ? number : BigInt(number);
  };
  return {
    isDefinedOnly: defined_only === true,
    rules: {
      lt: bound(lt),
      lte: bound(lte),
      gt: bound(gt),
      gte: bound(gte),
      minLength: numberOf(min_len, where),
      maxLength: numberOf(max_len, where),
      pattern: patternOf(pattern, where),
      in: listOf(oneOf, context),
      notIn: listOf(not_in, context),
    },
  };
}

function listOf(
  value: unknown,
  { kind, enumNames, where }: RulesContext,
): readonly (string | number | bigint)[] | undefined {
  if (value === undefined) return undefined;
  return (Array.isArray(value) ? value : [value]).map((item: unknown) => {
    if (kind === 'string' || kind === 'field-mask') return textOf(item, where);
    const number = numberOf(item, where) ?? 0;
    if (kind === 'int64' || kind === 'uint64') return BigInt(number);
    if (kind !== 'enum') return number;
    const name = enumNames.get(number);
    if (name === undefined) throw new SchemaError(`${where}: no member with the number ${number}`);
    return name;
  });
}

function patternOf(value: unknown, where: string): string | undefined {
  if (value === undefined) return undefined;
  const pattern = textOf(value, where);
  // What matches anywhere bounds nothing.
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) {
    throw new SchemaError(`${where}: the pattern ${pattern} is not anchored`);
  }
  return pattern;
}

export function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string') throw new SchemaError(`${where}: an option is not text`);
  return value;
}

export function objectOf(value: unknown, where: string): JsonObject {
  if (!isObject(value)) throw new SchemaError(`${where}: an option is not a message`);
  return value;
}

function numberOf(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  // A larger one has lost its last digits in protobufjs's parser.
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw new SchemaError(`${where}: a bound is no whole number below 2^53`);
  }
  return value;
}

function refuseRest(rest: JsonObject, where: string): void {
  const [name] = Object.keys(rest);
  if (name !== undefined) throw new SchemaError(`${where}: the rule ${name} is not enforced`);
}
