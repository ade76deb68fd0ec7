// SPDX-License-Identifier: Apache-2.0

// The kinds of error that native code reports, in the order of native/base/error.h, and what each
// is in TypeScript. A test asks every addon for its list and compares.

import { ArgonError, type ErrorCode } from '../base/errors.ts';

export const errorKinds = [
  'invalid-argument',
  'not-found',
  'already-exists',
  'permission-denied',
  'protocol',
  'corrupt',
  'host-io',
  'exhausted',
  'unsupported',
  'closed',
  'timed-out',
  'internal',
] as const;

export type ErrorKind = (typeof errorKinds)[number];

const codes: Readonly<Record<ErrorKind, ErrorCode>> = {
  'invalid-argument': 'invalid-argument',
  'not-found': 'not-found',
  'already-exists': 'already-exists',
  'permission-denied': 'permission-denied',
  protocol: 'aborted',
  corrupt: 'data-loss',
  'host-io': 'data-loss',
  exhausted: 'resource-exhausted',
  unsupported: 'unimplemented',
  closed: 'unavailable',
  'timed-out': 'deadline-exceeded',
  internal: 'internal',
};

function isErrorKind(value: unknown): value is ErrorKind {
  return errorKinds.some((kind) => kind === value);
}

/** Turns what an addon threw or rejected with into an ArgonError. `hint`: what to do about it. */
export function fromNative(thrown: unknown, hint?: string): ArgonError {
  if (!(thrown instanceof Error) || !('kind' in thrown) || !isErrorKind(thrown.kind)) {
    return ArgonError.from(thrown);
  }
  const errno = 'errno' in thrown && typeof thrown.errno === 'string' ? thrown.errno : undefined;
  return new ArgonError(codes[thrown.kind], thrown.message, {
    cause: thrown,
    details: { kind: thrown.kind, ...(errno === undefined ? {} : { errno }) },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Awaits native work; what it rejects with becomes an ArgonError. */
export async function native<Value>(work: Promise<Value>, hint?: string): Promise<Value> {
  try {
    return await work;
  } catch (thrown) {
    throw fromNative(thrown, hint);
  }
}
