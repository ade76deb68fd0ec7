// SPDX-License-Identifier: Apache-2.0

// Holds a message against its schema: types of values, the rules beside the fields, and which
// fields a request may set. The same function stands on both sides of every call, for requests and
// answers.

import { isObject, type JsonObject } from '../base/parse.ts';
import type { AnyMessageType, FieldType, MessageType, MethodVerb } from './schema.ts';
import { valueProblem } from './value-rules.ts';
import { type FieldViolation, pathOf } from './violations.ts';

/** What a message is for: a request sets no field that the host alone sets. */
export type MessageUse = { readonly kind: 'request'; readonly verb: MethodVerb } | 'response';

/** Violations that are looked for at most: enough to act on, and bounded work to tell them. */
export const violationsMax = 16;

/** All that is wrong with `value`, which has its zero values filled in; empty if it is good. */
export function violationsOf(
  type: AnyMessageType,
  value: unknown,
  use: MessageUse,
): readonly FieldViolation[] {
  const found: FieldViolation[] = [];
  checkMessage(type, value, { path: '', use, found });
  return found;
}

/** Whether `value` is a good message. */
export function isMessage<Value>(
  type: MessageType<Value>,
  value: unknown,
  use: MessageUse,
): value is Value {
  return violationsOf(type, value, use).length === 0;
}

interface Context {
  readonly path: string;
  readonly use: MessageUse;
  readonly found: FieldViolation[];
}

function report({ found }: Context, field: string, description: string): void {
  if (found.length < violationsMax) found.push({ field, description });
}

function checkMessage(type: AnyMessageType, value: unknown, context: Context): void {
  const { path } = context;
  if (!isObject(value)) {
    report(context, path, `is no ${type.name}`);
    return;
  }
  for (const property of Object.keys(value)) {
    if (type.fieldOfProperty.has(property)) continue;
    report(context, pathOf(path, property), `is no field of ${type.name}`);
  }
  for (const field of type.fields) {
    if (context.found.length >= violationsMax) return;
    checkField(field, value[field.property], { ...context, path: pathOf(path, field.name) });
  }
  checkOneofs(type, value, context);
}

function checkOneofs(type: AnyMessageType, value: JsonObject, context: Context): void {
  const counts = new Map<string, number>(type.requiredOneofs.map((name) => [name, 0]));
  for (const { oneof, property } of type.fields) {
    if (oneof === undefined || value[property] === undefined) continue;
    counts.set(oneof, (counts.get(oneof) ?? 0) + 1);
  }
  for (const [oneof, count] of counts) {
    if (count > 1) report(context, pathOf(context.path, oneof), 'is set more than once');
    if (count === 0) report(context, pathOf(context.path, oneof), 'is required');
  }
}

function checkField(field: FieldType, value: unknown, context: Context): void {
  if (!isSet(field, value)) {
    if (field.isRequired === true || isIdentifierOf(field, context.use, 'update')) {
      report(context, context.path, 'is required');
      return;
    }
    if (value === undefined && field.hasPresence === true) return;
  } else if (!maySet(field, context.use)) {
    const who = context.use === 'response' ? 'an answer' : 'a request';
    report(context, context.path, `is ${field.behavior ?? ''}: ${who} leaves it out`);
    return;
  }
  if (field.isRepeated === true) checkList(field, value, context);
  else checkValue(field, value, context);
}

/** Whether somebody set the field: where it cannot be absent, to more than its zero value. */
function isSet(field: FieldType, value: unknown): boolean {
  if (value === undefined) return false;
  if (field.hasPresence === true) return true;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (field.kind === 'enum') return value !== field.type.zero;
  return value !== '' && value !== 0 && value !== 0n && value !== false;
}

function maySet({ behavior }: FieldType, use: MessageUse): boolean {
  if (behavior === undefined) return true;
  if (use === 'response') return behavior !== 'input-only';
  if (behavior === 'output-only') return false;
  return use.verb !== (behavior === 'identifier' ? 'create' : 'update');
}

function isIdentifierOf({ behavior }: FieldType, use: MessageUse, verb: MethodVerb): boolean {
  return behavior === 'identifier' && use !== 'response' && use.verb === verb;
}

function checkList(field: FieldType, value: unknown, context: Context): void {
  const { path } = context;
  if (!Array.isArray(value)) {
    report(context, path, 'is no list');
    return;
  }
  const items: readonly unknown[] = value;
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = field;
  if (items.length < minItems) {
    report(context, path, `has fewer than ${minItems} items`);
  }
  if (items.length > maxItems) {
    report(context, path, `has more than ${maxItems} items`);
    return;
  }
  if (field.hasUniqueItems === true && new Set(items).size < items.length) {
    report(context, path, 'has an item twice');
  }
  for (const [index, item] of items.entries()) {
    checkValue(field, item, { ...context, path: `${path}[${index}]` });
  }
}

function checkValue(field: FieldType, value: unknown, context: Context): void {
  if (field.kind === 'message') {
    checkMessage(field.type, value, context);
    return;
  }
  const problem = valueProblem(field, value);
  if (problem !== undefined) report(context, context.path, problem);
}
