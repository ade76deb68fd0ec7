// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  createReader,
  createWriter,
  LENGTH_DELIMITED,
  readBool,
  readBytes,
  readInt32,
  readInt64,
  readString,
  readUint32,
  readUint64,
  VARINT,
  WireError,
  wireTypeOf,
  writeUint64,
} from '../../../src/api/wire.ts';

function bytesOf(value: bigint): Uint8Array {
  const writer = createWriter();
  writeUint64(writer, value);
  return writer.finish();
}

describe('64-bit numbers', () => {
  it('keep all their bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        expect(readUint64(createReader(bytesOf(value)))).toBe(value);
        expect(readInt64(createReader(bytesOf(value)))).toBe(BigInt.asIntN(64, value));
      }),
    );
  });
});

describe('narrower values', () => {
  it('are refused where they are wider than their type', () => {
    expect(readUint32(createReader(bytesOf(2n ** 32n - 1n)))).toBe(2 ** 32 - 1);
    expect(() => readUint32(createReader(bytesOf(2n ** 32n)))).toThrow(WireError);
    expect(readInt32(createReader(bytesOf(-(2n ** 31n))))).toBe(-(2 ** 31));
    expect(() => readInt32(createReader(bytesOf(2n ** 31n)))).toThrow(WireError);
    expect(readBool(createReader(bytesOf(1n)))).toBe(true);
    expect(() => readBool(createReader(bytesOf(2n)))).toThrow(WireError);
  });
});

describe('readString()', () => {
  it('takes UTF-8, a byte order mark and a replacement character among it', () => {
    const text = '\ufeffä😀\ufffd';
    const whole = createWriter().string(text).finish();

    expect(readString(createReader(whole))).toBe(text);
  });

  it.each(['ff', 'c080', 'eda080', 'f4908080', 'e4bd'])('refuses the bytes %s', (hex) => {
    const whole = createWriter().bytes(Buffer.from(hex, 'hex')).finish();

    expect(() => readString(createReader(whole))).toThrow('is not UTF-8');
  });
});

describe('readBytes()', () => {
  it('makes a copy', () => {
    const whole = createWriter().bytes(Uint8Array.of(1)).finish();

    const read = readBytes(createReader(whole));
    whole.fill(0);

    expect(read).toEqual(Uint8Array.of(1));
  });
});

describe('wireTypeOf()', () => {
  it('is a varint for numbers, and a length for what has one', () => {
    expect(wireTypeOf('int64')).toBe(VARINT);
    expect(wireTypeOf('enum')).toBe(VARINT);
    expect(wireTypeOf('message')).toBe(LENGTH_DELIMITED);
    expect(wireTypeOf('timestamp')).toBe(LENGTH_DELIMITED);
  });
});
