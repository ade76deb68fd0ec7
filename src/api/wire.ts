// SPDX-License-Identifier: Apache-2.0

// Single values on the wire, read and written with protobufjs. Readers refuse what does not fit the
// field's type; protobufjs alone would cut it off.

import protobuf from 'protobufjs/minimal.js';

import type { FieldType } from './schema.ts';

export type Reader = protobuf.Reader;
export type Writer = protobuf.Writer;

/** Wire types of the protobuf encoding that our kinds of field have. */
export const VARINT = 0;
export const LENGTH_DELIMITED = 2;

/** A value that cannot be read; whoever knows the field says which. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

export function createReader(bytes: Uint8Array): Reader {
  return protobuf.Reader.create(bytes);
}

export function createWriter(): Writer {
  return protobuf.Writer.create();
}

const varintKinds: ReadonlySet<FieldType['kind']> = new Set([
  'bool',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'enum',
]);

/** The wire type of one value of the kind. */
export function wireTypeOf(kind: FieldType['kind']): number {
  return varintKinds.has(kind) ? VARINT : LENGTH_DELIMITED;
}

export function readUint64(reader: Reader): bigint {
  const { low, high } = reader.uint64();
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function writeUint64(writer: Writer, value: bigint): void {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  writer.uint64({ low, high, unsigned: true });
}

export function readInt64(reader: Reader): bigint {
  return BigInt.asIntN(64, readUint64(reader));
}

export function readUint32(reader: Reader): number {
  const value = readUint64(reader);
  if (value > 0xffff_ffffn) throw new WireError('is more than 32 bits');
  return Number(value);
}

/** A negative number has ten bytes on the wire: its sign goes through all 64 bits. */
export function readInt32(reader: Reader): number {
  const value = readInt64(reader);
  if (BigInt.asIntN(32, value) !== value) throw new WireError('is more than 32 bits');
  return Number(value);
}

export function readBool(reader: Reader): boolean {
  const value = readUint64(reader);
  if (value > 1n) throw new WireError('is neither true nor false');
  return value === 1n;
}

export function readString(reader: Reader): string {
  const bytes = reader.bytes();
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  // What was not UTF-8 has become a replacement character, of another length or other bytes.
  if (Buffer.compare(Buffer.from(text, 'utf8'), bytes) !== 0) throw new WireError('is not UTF-8');
  return text;
}

/** A copy: what is read from may be used again. */
export function readBytes(reader: Reader): Uint8Array {
  return Uint8Array.from(reader.bytes());
}
