// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { textOf } from '../../../src/base/text-of.ts';
import { parseVolumeId } from '../../../src/base/volume-id.ts';

describe('textOf', () => {
  it.each([
    ['vol1', 'vol1'],
    [undefined, 'undefined'],
    [12n, '12'],
    [{ toString: 0 }, 'a value of type object'],
    [Object.create(null), 'a value of type object'],
  ])('gives a text for a value that is no text', (value: unknown, text) => {
    expect(textOf(value)).toBe(text);
  });

  it.each([parseBytes, parseVolumeId])('lets %o refuse whatever is no text', (parse) => {
    expect(() => parse({ toString: 0 })).toThrow('"a value of type object" is not a');
  });
});
