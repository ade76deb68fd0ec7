// SPDX-License-Identifier: Apache-2.0

// What may be wrong with one value: its type, and the rules of its field.

import { assertNever } from '../base/errors.ts';
import type { EnumField, ScalarField, ValueRules } from './schema.ts';
import { maskPathsMax, timestampMsMax, timestampMsMin } from './timestamp.ts';

/** What is wrong with the value, as the end of a sentence, or undefined. */
export function valueProblem(field: ScalarField | EnumField, value: unknown): string | undefined {
  const { rules = {} } = field;
  switch (field.kind) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'is neither true nor false';
    case 'string':
      return typeof value === 'string' ? textProblem(value, rules) : 'is no text';
    case 'bytes':
      return value instanceof Uint8Array
        ? lengthProblem(value.length, 'bytes', rules)
        : 'is no bytes';
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return numberProblem(field.kind, value, rules);
    case 'enum':
      if (typeof value !== 'string') return `is no ${field.type.name}`;
      if (!field.type.numbers.has(value)) return `is no ${field.type.name}`;
      return choiceProblem(value, rules);
    case 'timestamp':
      return value instanceof Date ? timeProblem(value.getTime()) : 'is no time';
    case 'field-mask':
      return maskProblem(value, rules);
  }
  return assertNever(field);
}

function textProblem(value: string, rules: ValueRules): string | undefined {
  if (!value.isWellFormed()) return 'is no Unicode text';
  // A character has two units at most: a long text is not taken apart to be counted.
  const { maxLength = Number.POSITIVE_INFINITY } = rules;
  const length = value.length > maxLength * 2 ? value.length : [...value].length;
  const problem = lengthProblem(length, 'characters', rules);
  if (problem !== undefined) return problem;
  if (rules.pattern !== undefined && !rules.pattern.test(value)) {
    return `does not match ${rules.pattern.source.replaceAll('\\/', '/')}`;
  }
  return choiceProblem(value, rules);
}

function lengthProblem(
  length: number,
  unit: string,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY }: ValueRules,
): string | undefined {
  if (length < minLength) return `has fewer than ${minLength} ${unit}`;
  return length > maxLength ? `has more than ${maxLength} ${unit}` : undefined;
}

function choiceProblem(
  value: string | number | bigint,
  { in: allowed, notIn = [] }: ValueRules,
): string | undefined {
  if (allowed !== undefined && !allowed.includes(value)) {
    return `is none of ${allowed.map((one) => JSON.stringify(String(one))).join(', ')}`;
  }
  return notIn.includes(value) ? `may not be ${JSON.stringify(String(value))}` : undefined;
}

const ranges = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function numberProblem(
  kind: keyof typeof ranges,
  value: unknown,
  rules: ValueRules,
): string | undefined {
  const isWide = kind === 'int64' || kind === 'uint64';
  if (isWide ? typeof value !== 'bigint' : !Number.isInteger(value)) {
    return `is no ${isWide ? '64-bit' : '32-bit'} number`;
  }
  if (typeof value !== 'bigint' && typeof value !== 'number') return 'is no number';
  const [min, max] = ranges[kind];
  if (value < min || value > max) return `is ${value}, outside ${kind}`;
  const { lt, lte, gt, gte } = rules;
  if (lt !== undefined && value >= lt) return `is ${value}, not below ${lt}`;
  if (lte !== undefined && value > lte) return `is ${value}, at most ${lte}`;
  if (gt !== undefined && value <= gt) return `is ${value}, not above ${gt}`;
  if (gte !== undefined && value < gte) return `is ${value}, at least ${gte}`;
  return choiceProblem(value, rules);
}

function timeProblem(ms: number): string | undefined {
  // Not a number, for an invalid Date, is outside too.
  const isInside = ms >= timestampMsMin && ms <= timestampMsMax;
  return isInside ? undefined : 'is outside the years 1 to 9999';
}

function maskProblem(value: unknown, { in: allowed }: ValueRules): string | undefined {
  if (!Array.isArray(value) || value.length > maskPathsMax) return 'is no list of paths';
  const paths: readonly unknown[] = value;
  for (const path of paths) {
    if (typeof path !== 'string' || !/^[a-z0-9_.]{1,256}$/.test(path)) return 'has what is no path';
    const isAllowed = (entry: string | number | bigint): boolean =>
      path === entry || path.startsWith(`${entry}.`);
    if (allowed !== undefined && !allowed.some(isAllowed)) {
      return `has the path ${path}, and may have ${allowed.join(', ')}`;
    }
  }
  return undefined;
}
