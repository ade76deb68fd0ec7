// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { mask } from './rules/mask.ts';

describe('mask()', () => {
  it('keeps length and line ends', () => {
    const text = 'a /* x\ny */ b // z\n"q\\"r" c';

    const masked = mask(text, 'cpp');

    expect(masked).toHaveLength(text.length);
    expect(masked.split('\n').map((line) => line.trimEnd())).toEqual(['a', '     b', '       c']);
  });

  it('keeps code within a template and blanks the text around it', () => {
    expect(mask('`a${b({ c: `d${e}` })}f`;', 'ts')).toBe('` ${b({ c: ` ${e}` })} `;');
  });

  it('tells a regular expression from a division', () => {
    expect(mask('x = a / b / c;', 'ts')).toBe('x = a / b / c;');
    expect(mask('x = /[/"]b/.test(y);', 'ts')).toBe('x =        .test(y);');
    expect(mask('return /"/g;', 'ts')).toBe('return    g;');
  });

  it('reads raw strings, characters and digit separators of C++', () => {
    expect(mask('f(R"x(a)"b)x", 1)', 'cpp')).toBe('f(           , 1)');
    expect(mask("f('\"', 1'000, 'a')", 'cpp')).toBe("f(   , 1'000,    )");
  });

  it('ends an unclosed literal with its line', () => {
    expect(mask("a 'b\nc", 'ts')).toBe('a   \nc');
  });
});
