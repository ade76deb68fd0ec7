// SPDX-License-Identifier: Apache-2.0

// Messages of the management API as people and their programs see them: fields by the names of the
// `.proto` files, enum values in short lower case (`in-use` for VOLUME_STATE_IN_USE), times in ISO
// 8601. `-o json`, `-o yaml` and lab files share this form; parse.ts reads it.

import { shortEnumWord } from '../../api/enum-words.ts';
import type { AnyMessageType, EnumType, FieldType } from '../../api/schema.ts';
import { isObject } from '../../base/parse.ts';

export type DocumentValue =
  | string
  | number
  | boolean
  | null
  | readonly DocumentValue[]
  | { readonly [name: string]: DocumentValue };

export interface ResourceDocument {
  readonly [name: string]: DocumentValue;
}

export interface WriteOptions {
  /** Leaves out what is at its zero value. */
  readonly isBrief?: boolean;
}

/** A message as a document, in the order of the `.proto` file; absent fields are left out. */
export function documentOf(
  type: AnyMessageType,
  message: object,
  options: WriteOptions = {},
): ResourceDocument {
  const values = new Map<string, unknown>(Object.entries(message));
  const fields = type.fields
    .map((field) => ({ field, value: values.get(field.property) }))
    .filter(({ value }) => value !== undefined && !(options.isBrief === true && isZero(value)))
    .map(({ field, value }) => [field.name, writeField(field, value, options)] as const)
    .filter(([, value]) => !(options.isBrief === true && isEmptyObject(value)));
  return Object.fromEntries(fields);
}

/** How documents spell a member of an enum. */
export function shortEnumValue(type: EnumType<string>, value: string): string {
  return shortEnumWord(type.name, value);
}

/** The members that a document may name, without the one that stands for nothing. */
export function shortEnumValues(type: EnumType<string>): readonly string[] {
  return [...type.numbers.keys()]
    .filter((value) => value !== type.zero)
    .map((value) => shortEnumValue(type, value));
}

function writeField(field: FieldType, value: unknown, options: WriteOptions): DocumentValue {
  if (field.isRepeated === true && Array.isArray(value)) {
    return value.map((item: unknown) => writeValue(field, item, options));
  }
  return writeValue(field, value, options);
}

function writeValue(field: FieldType, value: unknown, options: WriteOptions): DocumentValue {
  if (field.kind === 'message' && isObject(value)) return documentOf(field.type, value, options);
  if (field.kind === 'enum' && typeof value === 'string') return shortEnumValue(field.type, value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  // As digits where a double would not be exact.
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (Array.isArray(value)) return value.map(String); // The paths of a field mask.
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return String(value);
}

function isZero(value: unknown): boolean {
  const isNothing = value === '' || value === 0 || value === 0n || value === false;
  const isUnspecified = typeof value === 'string' && value.endsWith('_UNSPECIFIED');
  return isNothing || isUnspecified || (Array.isArray(value) && value.length === 0);
}

function isEmptyObject(value: DocumentValue): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}
