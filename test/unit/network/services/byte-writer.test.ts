// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ByteWriter } from '../../../../src/network/services/byte-writer.ts';

describe('ByteWriter', () => {
  it('writes numbers in network order', () => {
    const writer = new ByteWriter().u8(1).u16(0xfffe).u32(0x89abcdef).zeros(2);

    expect(writer.bytes(Uint8Array.of(7, 8)).take().toString('hex')).toBe('01fffe89abcdef00000708');
    expect(writer.length).toBe(11);
  });

  it('keeps what was written when it grows', () => {
    const writer = new ByteWriter().u8(5).zeros(700).u8(6).bytes(new Uint8Array(5000).fill(7));

    const bytes = writer.take();

    expect(bytes).toHaveLength(5702);
    expect([bytes[0], bytes[1], bytes[700], bytes[701], bytes[702], bytes[5701]]).toEqual([
      5, 0, 0, 6, 7, 7,
    ]);
  });

  it('refuses a number that its field cannot hold', () => {
    expect(() => new ByteWriter().u8(256)).toThrow(RangeError);
    expect(() => new ByteWriter().u16(-1)).toThrow(RangeError);
    expect(() => new ByteWriter().u32(2 ** 32)).toThrow(RangeError);
  });
});
