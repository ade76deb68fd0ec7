// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseBigint } from '../../../../src/card/bus/numbers.ts';

describe('parseBigint', () => {
  it('reads 64 bits and no more', () => {
    expect(parseBigint('0', 'it')).toBe(0n);
    expect(parseBigint(String(2n ** 64n - 1n), 'it')).toBe(2n ** 64n - 1n);
    expect(() => parseBigint(String(2n ** 64n), 'it')).toThrow('it is not a 64-bit number');
  });

  it.each([1, '', '-1', '1e3', ' 1', '0x1', null, '1'.repeat(30)])('refuses %j', (value) => {
    expect(() => parseBigint(value, 'it')).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
