// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { closestWord, suggestHint } from '../../../src/base/suggest.ts';

const fields = ['display_name', 'size_bytes', 'cipher', 'limits'];

describe('closestWord()', () => {
  it.each([
    ['size_byte', 'size_bytes'],
    ['sizebytes', 'size_bytes'],
    ['Cipher', 'cipher'],
    ['limtis', 'limits'], // Two neighbors swapped are one mistake.
    ['dispaly_name', 'display_name'],
    ['limits', 'limits'],
  ])('takes %s for %s', (word, meant) => {
    expect(closestWord(word, fields)).toBe(meant);
  });

  it.each(['', 'x', 'volume', 'memory_bytes_and_more'])('has no guess for "%s"', (word) => {
    expect(closestWord(word, fields)).toBeUndefined();
  });
});

describe('suggestHint()', () => {
  it('asks whether the closest word was meant', () => {
    expect(suggestHint('cypher', fields)).toBe('did you mean "cipher"?');
  });

  it('lists what there is where nothing is close', () => {
    expect(suggestHint('owner', ['a', 'b'])).toBe('there is: a, b');
  });
});
