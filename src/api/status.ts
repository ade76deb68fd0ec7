// SPDX-License-Identifier: Apache-2.0

// An ArgonError as a gRPC status and back. Code and message are the status's own; the reason, the
// hint and what else is known of the object go into google.rpc.ErrorInfo, violations of fields into
// google.rpc.BadRequest.

import { ArgonError, type ErrorCode } from '../base/errors.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import {
  badRequestType,
  type Detail,
  type ErrorInfo,
  errorInfoType,
  statusType,
} from './generated/argon/wire/v1/status.ts';
import { type FieldViolation, ViolationError } from './violations.ts';

/** The status codes of gRPC that the codes of errors are; gRPC's list, in its numbers. */
export const statusCodes: Readonly<Record<ErrorCode, number>> = {
  cancelled: 1,
  unknown: 2,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'already-exists': 6,
  'permission-denied': 7,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  'data-loss': 15,
};

/** The header that carries details: google.rpc.Status, in base64 by gRPC's rule for `-bin`. */
export const detailsHeader = 'grpc-status-details-bin';

export interface CallStatus {
  readonly code: number;
  readonly message: string;
  /** google.rpc.Status, encoded; undefined where a status has no details. */
  readonly details: Uint8Array | undefined;
}

const errorInfoUrl = 'type.googleapis.com/google.rpc.ErrorInfo';
const badRequestUrl = 'type.googleapis.com/google.rpc.BadRequest';
const errorDomain = 'argon';
const hintKey = 'hint';

// Trailers of a call are headers, and peers bound those: 8 KiB is what grpc's C core takes, and
// base64 makes three bytes four.
const detailsBytesMax = 4096;
const messageLengthMax = 1024;

/** The status that says what `error` does. */
export function statusOf(error: ArgonError): CallStatus {
  const code = statusCodes[error.code];
  const message = shorten(error.message, messageLengthMax);
  let violations = error instanceof ViolationError ? error.violations : [];
  for (;;) {
    const details = encodeMessage(
      statusType,
      { code, message, details: detailsOf(error, violations) },
      'response',
    );
    if (details.length <= detailsBytesMax || violations.length === 0) {
      return { code, message, details };
    }
    violations = violations.slice(0, Math.floor(violations.length / 2));
  }
}

/** At most `lengthMax` UTF-16 units of Unicode text. */
function shorten(text: string, lengthMax: number): string {
  return text.slice(0, lengthMax).toWellFormed();
}

function detailsOf(error: ArgonError, violations: readonly FieldViolation[]): readonly Detail[] {
  const info = encodeMessage(errorInfoType, errorInfoOf(error), 'response');
  const details = [{ typeUrl: errorInfoUrl, value: info }];
  if (violations.length === 0) return details;
  const fieldViolations = violations.map(({ field, description }) => ({
    field: shorten(field, 256),
    description: shorten(description, 256),
  }));
  const value = encodeMessage(badRequestType, { fieldViolations }, 'response');
  return [...details, { typeUrl: badRequestUrl, value }];
}

function errorInfoOf({ code, hint, details }: ArgonError): ErrorInfo {
  const { reason, ...others } = details;
  const fallback = code.toUpperCase().replaceAll('-', '_');
  const entries = Object.entries(hint === undefined ? others : { ...others, [hintKey]: hint });
  return {
    reason: typeof reason === 'string' && /^[A-Z][A-Z0-9_]{0,62}$/.test(reason) ? reason : fallback,
    domain: errorDomain,
    metadata: entries
      .filter(([key]) => /^[a-z][A-Za-z0-9_-]{0,62}$/.test(key))
      .slice(0, 16)
      .map(([key, value]) => ({ key, value: shorten(String(value), 256) })),
  };
}

const codesOfStatus = new Map<number, ErrorCode>([
  ...Object.keys(statusCodes).map((code): [number, ErrorCode] => {
    const known = parseErrorCode(code);
    return [statusCodes[known], known];
  }),
  [11, 'invalid-argument'], // OUT_OF_RANGE
  [16, 'permission-denied'], // UNAUTHENTICATED
]);

function parseErrorCode(code: string): ErrorCode {
  const isCode = (text: string): text is ErrorCode => text in statusCodes;
  return isCode(code) ? code : 'unknown';
}

/** The error that a status tells of; its details are left out where they cannot be read. */
export function errorOfStatus({ code, message, details }: CallStatus): ArgonError {
  const errorCode = codesOfStatus.get(code) ?? 'unknown';
  const read = details === undefined ? undefined : readDetails(details);
  const { hint, ...others } = read?.metadata ?? {};
  const options = { ...(hint === undefined ? {} : { hint }), details: others };
  if (read === undefined || read.violations.length === 0) {
    return new ArgonError(errorCode, message, options);
  }
  return new ViolationError(errorCode, message.replace(/: .*$/s, ''), read.violations, options);
}

interface ReadDetails {
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
}

function readDetails(bytes: Uint8Array): ReadDetails | undefined {
  try {
    const { details } = decodeMessage(statusType, bytes, 'response');
    const info = details.find(({ typeUrl }) => typeUrl === errorInfoUrl);
    const bad = details.find(({ typeUrl }) => typeUrl === badRequestUrl);
    return {
      metadata: info === undefined ? {} : metadataOf(info.value),
      violations:
        bad === undefined
          ? []
          : decodeMessage(badRequestType, bad.value, 'response').fieldViolations,
    };
  } catch {
    return undefined; // Somebody else's details: code and message still stand.
  }
}

function metadataOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  const { reason, metadata } = decodeMessage(errorInfoType, bytes, 'response');
  return { reason, ...Object.fromEntries(metadata.map(({ key, value }) => [key, value])) };
}
