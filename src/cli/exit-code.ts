// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode } from '../base/errors.ts';

/** Exit codes of the command line, as `argon --help` lists them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  prerequisite: 3,
  timeout: 4,
  guestPanic: 5,
  refused: 6,
  interrupted: 130,
} as const;

const byCode: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': exitCodes.usage,
  'not-found': exitCodes.failed,
  'already-exists': exitCodes.failed,
  'failed-precondition': exitCodes.prerequisite,
  'resource-exhausted': exitCodes.failed,
  'deadline-exceeded': exitCodes.timeout,
  aborted: exitCodes.failed,
  unavailable: exitCodes.failed,
  'permission-denied': exitCodes.refused,
  'data-loss': exitCodes.failed,
  unimplemented: exitCodes.prerequisite,
  internal: exitCodes.failed,
  cancelled: exitCodes.interrupted,
  unknown: exitCodes.failed,
};

/** The exit code for an error that ended a command. */
export function exitCodeOf(code: ErrorCode): number {
  return byCode[code];
}
