// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ByteReader } from '../../../../src/network/services/byte-reader.ts';

describe('ByteReader', () => {
  it('reads numbers in network order and counts', () => {
    const reader = new ByteReader(Buffer.from('01fffe89abcdef0708', 'hex'));

    expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([1, 0xfffe, 0x89abcdef]);
    expect([reader.offset, reader.left, reader.isShort]).toEqual([7, 2, false]);
    expect([...reader.rest()]).toEqual([7, 8]);
    expect([...reader.since(6)]).toEqual([0xef, 7, 8]);
    expect(reader.isShort).toBe(false);
  });

  it('reads zeros beyond the end, and says so for ever', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));

    expect(reader.u32()).toBe(0);
    expect(reader.isShort).toBe(true);
    expect([reader.u8(), reader.bytes(0).length, reader.isShort]).toEqual([0, 0, true]);
  });

  it('never throws nor leaves its bytes, whatever is asked', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(fc.nat(70_000)), (bytes, lengths) => {
        const reader = new ByteReader(bytes);

        const got = lengths.map((length) => reader.bytes(length).length);

        expect(got.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(bytes.length);
        expect(reader.left).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
