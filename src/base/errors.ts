// SPDX-License-Identifier: Apache-2.0

// One error class for everything a guest, peer, file or operator can cause. Bugs of our own are
// assertions and end the process instead. The codes are the gRPC meanings, so that one table maps
// them to a status on the wire and another to an exit code.

import { inspect } from 'node:util';

/** What went wrong, for control flow. Closed: there are no user-defined codes. */
export type ErrorCode =
  | 'invalid-argument'
  | 'not-found'
  | 'already-exists'
  | 'failed-precondition'
  | 'resource-exhausted'
  | 'deadline-exceeded'
  | 'aborted'
  | 'unavailable'
  | 'permission-denied'
  | 'data-loss'
  | 'unimplemented'
  | 'internal'
  | 'cancelled'
  | 'unknown';

export interface ErrorOptions {
  /** What to do about it, in one sentence a user can act on. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Plain data about the object concerned; never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * A failure that somebody else can cause. The message names the object, the socket or file, and the
 * errno where there is one; it is a sentence without secrets.
 */
export class ArgonError extends Error {
  override readonly name: string = 'ArgonError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** Turns anything thrown into an ArgonError; for outer edges only. */
  static from(thrown: unknown): ArgonError {
    if (thrown instanceof ArgonError) return thrown;
    if (thrown instanceof Error) {
      const code = thrown.name === 'AbortError' ? 'cancelled' : codeOfErrno(errnoName(thrown));
      return new ArgonError(code, thrown.message, { cause: thrown });
    }
    return new ArgonError('unknown', inspect(thrown), { cause: thrown });
  }
}

/** The system call error name (`ENOENT`) that an error carries, or undefined. */
export function errnoName(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' && /^E[A-Z0-9]+$/.test(thrown.code)
    ? thrown.code
    : undefined;
}

const errnoCodes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'permission-denied',
  EADDRINUSE: 'already-exists',
  EBUSY: 'failed-precondition',
  ECONNREFUSED: 'unavailable',
  ECONNRESET: 'unavailable',
  EDQUOT: 'resource-exhausted',
  EEXIST: 'already-exists',
  EINVAL: 'invalid-argument',
  EIO: 'data-loss',
  EISDIR: 'invalid-argument',
  EMFILE: 'resource-exhausted',
  ENFILE: 'resource-exhausted',
  ENOENT: 'not-found',
  ENOMEM: 'resource-exhausted',
  ENOSPC: 'resource-exhausted',
  ENOTDIR: 'invalid-argument',
  EPERM: 'permission-denied',
  EPIPE: 'unavailable',
  EROFS: 'failed-precondition',
  ETIMEDOUT: 'deadline-exceeded',
};

/** The code for a system call error name; `unknown` where there is no better word. */
export function codeOfErrno(name: string | undefined): ErrorCode {
  return (name === undefined ? undefined : errnoCodes[name]) ?? 'unknown';
}

/** Marks a switch over a closed union as complete; reached only by a bug. */
export function assertNever(value: never): never {
  throw new TypeError(`value outside its type: ${inspect(value)}`);
}
