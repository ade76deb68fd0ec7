// SPDX-License-Identifier: Apache-2.0

import { execFileSync } from 'node:child_process';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quoteForShell } from '../../../src/base/shell-quote.ts';

// Prints each argument followed by a NUL, which no argument can hold.
function throughShell(words: readonly string[]): readonly string[] {
  const script = `printf '%s\\0' ${words.map(quoteForShell).join(' ')}`;
  return execFileSync('sh', ['-c', script]).toString('utf8').split('\0').slice(0, -1);
}

describe('quoteForShell', () => {
  it.each([
    ['plain', 'plain'],
    ['-device', '-device'],
    ['socket,id=a,path=/run/a.sock', 'socket,id=a,path=/run/a.sock'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", String.raw`'it'\''s'`],
    ['$HOME', "'$HOME'"],
    ['=ls', "'=ls'"],
    ['~root', "'~root'"],
  ])('writes %j as %s', (word, quoted) => {
    expect(quoteForShell(word)).toBe(quoted);
  });

  it('comes back unchanged through a real shell', () => {
    // Goal: no character is special. Method: many words a shell run, since starting one is slow.
    const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !s.includes('\0'));
    const nasty = fc.string({
      unit: fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;#~=% \t\n-a`.split('')),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(word, nasty), { minLength: 1, maxLength: 40 }), (words) => {
        expect(throughShell(words)).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });
});
