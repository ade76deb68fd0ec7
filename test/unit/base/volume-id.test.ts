// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createVolumeId, parseVolumeId, parseVolumeName } from '../../../src/base/volume-id.ts';

describe('parseVolumeId', () => {
  it('takes vol and 17 hex digits', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(...'0123456789abcdef'.split('')),
          minLength: 17,
          maxLength: 17,
        }),
        (digits) => {
          expect(parseVolumeId(`vol${digits}`)).toBe(`vol${digits}`);
        },
      ),
    );
  });

  it.each([
    ['vol0123456789abcdef'],
    ['vol0123456789abcdef01'],
    ['vol0123456789ABCDEF0'],
    ['vol0123456789abcdefg'],
    ['VOL0123456789abcdef0'],
    ['0123456789abcdef0vol'],
    [' vol0123456789abcdef0'],
    ['vol0123456789abcdef0\n'],
    ['vol0123456789abcdef0/../x'],
    ['../vol0123456789abcde'],
    [''],
    [undefined],
    [7],
    [['vol0123456789abcdef0']],
  ])('refuses %j and names it', (text) => {
    expect(() => parseVolumeId(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `"${String(text)}" is not a volume id`,
        hint: expect.stringContaining('argon volume list'),
      }),
    );
  });
});

describe('createVolumeId', () => {
  it('gives ids that are well formed, of 20 bytes, and differ', () => {
    const ids = Array.from({ length: 1000 }, createVolumeId);

    for (const id of ids) expect(parseVolumeId(id)).toHaveLength(20);
    expect(new Set(ids).size).toBe(1000);
  });
});

describe('parseVolumeName', () => {
  it.each(['vol0123456789abcdef0', 'volumes/vol0123456789abcdef0'])('takes %s', (text) => {
    expect(parseVolumeName(text)).toBe('vol0123456789abcdef0');
  });

  it.each(['volumes/', 'volumes/volumes/vol0123456789abcdef0', 'volume/vol0123456789abcdef0'])(
    'refuses %s',
    (text) => {
      expect(() => parseVolumeName(text)).toThrow('is not a volume id');
    },
  );
});
