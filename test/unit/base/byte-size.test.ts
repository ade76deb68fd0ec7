// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatBytes, parseBytes } from '../../../src/base/byte-size.ts';

describe('parseBytes', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['4096B', 4096],
    ['64KiB', 65_536],
    ['64k', 65_536],
    ['512MiB', 2 ** 29],
    ['1GiB', 2 ** 30],
    ['1.5G', 1.5 * 2 ** 30],
    ['0.5K', 512],
    ['2 TiB', 2 ** 41],
    [' 1gib ', 2 ** 30],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    [4096, 4096],
  ])('reads %j as %d', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each([
    ['', 'is not a size'],
    ['GiB', 'is not a size'],
    ['1x', 'is not a size'],
    ['1GB', 'is not a size'],
    ['1EiB', 'is not a size'],
    ['-1', 'is not a size'],
    ['+1', 'is not a size'],
    ['1e3', 'is not a size'],
    ['0x10', 'is not a size'],
    ['1.', 'is not a size'],
    ['.5K', 'is not a size'],
    ['1,5G', 'is not a size'],
    ['1 G 2', 'is not a size'],
    ['constructor', 'is not a size'],
    ['0.3', 'is not a whole number of bytes'],
    ['9007199254740992', 'is not a whole number of bytes'],
    ['9000000TiB', 'is not a whole number of bytes'],
    [-1, 'is not a whole number of bytes'],
    [0.5, 'is not a whole number of bytes'],
    [Number.NaN, 'is not a whole number of bytes'],
    [Number.POSITIVE_INFINITY, 'is not a whole number of bytes'],
    [undefined, 'is not a size'],
    [null, 'is not a size'],
  ])('refuses %j and names it', (text, problem) => {
    expect(() => parseBytes(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `"${String(text)}" ${problem}`,
      }),
    );
  });

  it('says how a size is written', () => {
    expect(() => parseBytes('big')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('512MiB') }),
    );
  });

  it('reads any count with any unit', () => {
    const units = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
    fc.assert(
      fc.property(
        fc.nat(4095),
        fc.constantFrom(...Object.entries(units)),
        fc.constantFrom('', ' '),
        (count, [unit, factor], space) => {
          expect(parseBytes(`${count}${space}${unit}`)).toBe(count * factor);
          expect(parseBytes(`${count}${unit.toLowerCase()}`)).toBe(count * factor);
        },
      ),
    );
  });

  it('either throws its own error or gives a size, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything()), (text) => {
        let size: number;
        try {
          size = parseBytes(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'ArgonError', code: 'invalid-argument' });
          return;
        }
        expect(Number.isSafeInteger(size) && size >= 0).toBe(true);
      }),
    );
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [2 ** 20, '1.0 MiB'],
    [16 * 2 ** 20, '16.0 MiB'],
    [2 ** 30, '1.0 GiB'],
    [2 ** 40, '1.0 TiB'],
    [2048 * 2 ** 40, '2048.0 TiB'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('goes to the next unit where rounding reaches it', () => {
    expect(formatBytes(2 ** 20 - 1)).toBe('1.0 MiB');
    expect(formatBytes(2 ** 30 - 1)).toBe('1.0 GiB');
    expect(formatBytes(2 ** 40 - 1)).toBe('1.0 TiB');
  });

  it('never shows 1024 of a unit that has a next one, and is near the truth', () => {
    const size = fc.nat(Number.MAX_SAFE_INTEGER);
    fc.assert(
      fc.property(size, (bytes) => {
        const [count = '', unit = ''] = formatBytes(bytes).split(' ');
        const factor = 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit);

        expect(unit === 'TiB' || Number(count) < 1024).toBe(true);
        // Half of the last digit shown is a twentieth of the unit.
        expect(Math.abs(Number(count) * factor - bytes)).toBeLessThanOrEqual(factor / 20);
      }),
    );
  });
});
