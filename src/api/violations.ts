// SPDX-License-Identifier: Apache-2.0

// What is wrong with a message, field by field: google.rpc.BadRequest on the wire.

import { ArgonError, type ErrorCode, type ErrorOptions } from '../base/errors.ts';

export interface FieldViolation {
  /** A path of names as in the `.proto` file: `volume.size_bytes`, `faults[2].layer`. */
  readonly field: string;
  /** What is wrong, without the value: it may be long, and nobody has checked it. */
  readonly description: string;
}

/** A message that breaks rules of its schema. */
export class ViolationError extends ArgonError {
  override readonly name: string = 'ViolationError';
  readonly violations: readonly FieldViolation[];

  /** `code`: invalid-argument for a request, internal for an answer that must not be sent. */
  constructor(
    code: ErrorCode,
    messageName: string,
    violations: readonly FieldViolation[],
    options: ErrorOptions = {},
  ) {
    super(code, `${messageName}: ${summaryOf(violations)}`, options);
    this.violations = violations;
  }
}

function summaryOf(violations: readonly FieldViolation[]): string {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
  return first === undefined ? 'broken' : `${first.field || 'message'} ${first.description}${more}`;
}

/** The path of a field below `path`, which is empty for the message itself. */
export function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
