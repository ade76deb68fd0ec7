// SPDX-License-Identifier: Apache-2.0

// From `unknown` to something with a type, or a typed error that names the place. For JSON from
// files and peers: what enters here was written by somebody else.

import { ArgonError } from './errors.ts';
import { textOf } from './text-of.ts';

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON text; `what` names its source in the error. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new ArgonError('invalid-argument', `${what} is not JSON`, { cause });
  }
}

export function parseObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw wrongType(what, 'an object');
  return value;
}

export function parseString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrongType(what, 'a string');
  return value;
}

export function parseBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw wrongType(what, 'true or false');
  return value;
}

export function parseArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongType(what, 'a list');
  return value;
}

/** A whole number within `range`, both ends included, from a number or from decimal digits. */
export function parseInteger(
  value: unknown,
  what: string,
  range: { readonly min: number; readonly max: number },
): number {
  const isDigits = typeof value === 'string' && /^-?\d{1,16}$/.test(value);
  const number = isDigits ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw wrongType(what, 'a whole number');
  }
  if (number < range.min || number > range.max) {
    throw new ArgonError(
      'invalid-argument',
      `${what} is ${number}, which is outside ${range.min} to ${range.max}`,
    );
  }
  return number;
}

/** One of a closed set of words. */
export function parseChoice<Choice extends string>(
  value: unknown,
  what: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) {
    throw new ArgonError('invalid-argument', `${what} is "${textOf(value)}"`, {
      hint: `use one of: ${choices.join(', ')}`,
    });
  }
  return found;
}

function wrongType(what: string, wanted: string): ArgonError {
  return new ArgonError('invalid-argument', `${what} is not ${wanted}`);
}
