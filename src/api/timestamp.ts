// SPDX-License-Identifier: Apache-2.0

// google.protobuf.Timestamp and FieldMask, which have types of their own in TypeScript. A Date
// counts milliseconds; a time with more digits is refused, not cut off.

import {
  createReader,
  createWriter,
  LENGTH_DELIMITED,
  readInt32,
  readInt64,
  readString,
  VARINT,
  WireError,
  writeUint64,
} from './wire.ts';

// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z, as timestamp.proto has it.
export const timestampMsMin = -62_135_596_800_000;
export const timestampMsMax = 253_402_300_799_999;

const nanosPerMs = 1_000_000;

function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}

export function decodeTimestamp(bytes: Uint8Array): Date {
  const reader = createReader(bytes);
  let seconds = 0n;
  let nanos = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === tagOf(1, VARINT)) seconds = readInt64(reader);
    else if (tag === tagOf(2, VARINT)) nanos = readInt32(reader);
    else throw new WireError('is no google.protobuf.Timestamp');
  }
  if (nanos < 0 || nanos > 999_999_999) throw new WireError('has nanos outside a second');
  if (nanos % nanosPerMs !== 0) throw new WireError('is no whole number of milliseconds');
  const ms = seconds * 1000n + BigInt(nanos / nanosPerMs);
  if (ms < BigInt(timestampMsMin) || ms > BigInt(timestampMsMax)) {
    throw new WireError('is outside the years 1 to 9999');
  }
  return new Date(Number(ms));
}

export function encodeTimestamp(date: Date): Uint8Array {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  const nanos = (ms - seconds * 1000) * nanosPerMs;
  const writer = createWriter();
  if (seconds !== 0) writeUint64(writer.uint32(tagOf(1, VARINT)), BigInt(seconds));
  if (nanos !== 0) writer.uint32(tagOf(2, VARINT)).int32(nanos);
  return writer.finish();
}

/** More paths than any message of ours has fields. */
export const maskPathsMax = 256;

export function decodeFieldMask(bytes: Uint8Array): readonly string[] {
  const reader = createReader(bytes);
  const paths: string[] = [];
  while (reader.pos < reader.len) {
    if (reader.uint32() !== tagOf(1, LENGTH_DELIMITED)) {
      throw new WireError('is no google.protobuf.FieldMask');
    }
    paths.push(readString(reader));
    if (paths.length > maskPathsMax) throw new WireError(`has more than ${maskPathsMax} paths`);
  }
  return paths;
}

export function encodeFieldMask(paths: readonly string[]): Uint8Array {
  const writer = createWriter();
  for (const path of paths) writer.uint32(tagOf(1, LENGTH_DELIMITED)).string(path);
  return writer.finish();
}
