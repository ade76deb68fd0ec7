// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  decodeFieldMask,
  decodeTimestamp,
  encodeFieldMask,
  encodeTimestamp,
  maskPathsMax,
  timestampMsMax,
  timestampMsMin,
} from '../../../src/api/timestamp.ts';
import { createWriter, WireError, writeUint64 } from '../../../src/api/wire.ts';

function timestampOf(seconds: bigint, nanos: number): Uint8Array {
  const writer = createWriter();
  writeUint64(writer.uint32(8), seconds);
  return writer.uint32(16).int32(nanos).finish();
}

describe('a timestamp', () => {
  it('comes back from its bytes, also before 1970', () => {
    fc.assert(
      fc.property(fc.integer({ min: timestampMsMin, max: timestampMsMax }), (ms) => {
        expect(decodeTimestamp(encodeTimestamp(new Date(ms))).getTime()).toBe(ms);
      }),
      { examples: [[-1], [0], [timestampMsMin], [timestampMsMax]] },
    );
  });

  it('is seconds and nanoseconds that count up', () => {
    expect(encodeTimestamp(new Date(-1))).toEqual(timestampOf(-1n, 999_000_000));
  });

  it.each([
    ['nanos below zero', timestampOf(0n, -1), 'has nanos outside a second'],
    ['a second of nanos', timestampOf(0n, 1_000_000_000), 'has nanos outside a second'],
    ['a part of a millisecond', timestampOf(0n, 1), 'is no whole number of milliseconds'],
    ['the year 10000', timestampOf(253_402_300_800n, 0), 'is outside the years 1 to 9999'],
    ['the year 0', timestampOf(-62_135_596_801n, 0), 'is outside the years 1 to 9999'],
    ['other fields', Uint8Array.of(24, 1), 'is no google.protobuf.Timestamp'],
  ])('is refused with %s', (_what, bytes, message) => {
    expect(() => decodeTimestamp(bytes)).toThrow(new WireError(message));
  });
});

describe('a field mask', () => {
  it('comes back from its bytes', () => {
    expect(decodeFieldMask(encodeFieldMask(['a', 'b.c']))).toEqual(['a', 'b.c']);
  });

  it('is refused with other fields, or with too many paths', () => {
    expect(() => decodeFieldMask(Uint8Array.of(16, 1))).toThrow('is no google.protobuf.FieldMask');
    expect(() =>
      decodeFieldMask(encodeFieldMask(Array.from({ length: maskPathsMax + 1 }, () => 'a'))),
    ).toThrow('has more than 256 paths');
  });
});
