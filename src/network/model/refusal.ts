// SPDX-License-Identifier: Apache-2.0

import { ArgonError, type ErrorCode, type ErrorOptions } from '../../base/errors.ts';

/** A record that cannot be, by one of its fields. */
export class FieldError extends ArgonError {
  override readonly name: string = 'FieldError';
  /** As in `ipv4_cidrs[1]`. */
  readonly field: string;
  /** What is wrong, as the end of a sentence that begins with the field. */
  readonly description: string;

  constructor(code: ErrorCode, field: string, description: string, options: ErrorOptions = {}) {
    super(code, `${field} ${description}`, options);
    this.field = field;
    this.description = description;
  }
}

export function refuse(field: string, description: string, hint?: string): FieldError {
  const options = hint === undefined ? {} : { hint };
  return new FieldError('invalid-argument', field, description, options);
}

/** @throws FieldError resource-exhausted for a list that is longer than its quota. */
export function checkQuota(field: string, count: number, limit: number, what: string): void {
  if (count <= limit) return;
  throw new FieldError('resource-exhausted', field, `is too much: ${limit} ${what} at most`, {
    details: { limit, count },
  });
}

/** @throws FieldError for an item that was there before. */
export function checkOnce(field: string, items: readonly string[]): void {
  for (const [index, item] of items.entries()) {
    if (items.indexOf(item) !== index) throw refuse(`${field}[${index}]`, `is ${item} once more`);
  }
}

/** Parses a value of a field; what is wrong with it names the field. */
export function inField<Value>(field: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (thrown) {
    const { code, message, hint } = ArgonError.from(thrown);
    throw new FieldError(code, field, `cannot be: ${message}`, {
      cause: thrown,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
