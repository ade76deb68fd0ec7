// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TerminalText } from '../../../src/guest/terminal-text.ts';

function clean(...pieces: readonly string[]): string {
  const text = new TerminalText();
  return pieces.map((piece) => text.push(Buffer.from(piece))).join('');
}

function isLineOrTab(code: number): boolean {
  return code === 0x09 || code === 0x0a;
}

describe('TerminalText', () => {
  it.each([
    ['plain lines', 'one\ntwo\n', 'one\ntwo\n'],
    ['the line ends of a serial line', 'one\r\ntwo\r\r\n', 'one\ntwo\n'],
    ['a line that is written over', '10%\r20%\r\n', '10%\n20%\n'],
    ['a return at the start of a line', '\r\n\r# ', '\n# '],
    ['colors', '\u001b[1;31mred\u001b[0m text', 'red text'],
    ['a title', '\u001b]0;title\u0007text', 'text'],
    ['a title with the other end', '\u001b]0;title\u001b\\text', 'text'],
    ['a character set', '\u001b(Btext', 'text'],
    ['control characters', 'a\u0000\u0007\u007f\u009bb\tc', 'ab\tc'],
    ['a clear screen at the start', '\u001b[2J\u001b[01;01HSeaBIOS', 'SeaBIOS'],
    ['a jump of the cursor', 'left 5\u001b[05;01Hleft 4', 'left 5\nleft 4'],
    ["busybox's question for the cursor", '/ # \u001b[6n', '/ # '],
    ['an escape that begins again', '\u001b\u001b[1mx', 'x'],
    ['what a sequence breaks off for', '\u001b[12\u001b[1mx', 'x'],
  ])('makes plain text of %s', (_what, printed, text) => {
    expect(clean(printed)).toBe(text);
  });

  it('gives the same text however the bytes are split', () => {
    const piece = fc.constantFrom(
      'a',
      'ü',
      '€',
      '😀',
      '\r',
      '\n',
      '\t',
      '\u001b',
      '[',
      '1',
      ';',
      'm',
    );
    const more = fc.constantFrom('H', 'J', ']', '\u0007', '(', '\\', '\u0000', ' ');
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, more)), fc.array(fc.nat(100)), (pieces, cuts) => {
        const bytes = Buffer.from(pieces.join(''));
        const borders = [0, ...cuts.toSorted((l, r) => l - r), bytes.length];
        const split = new TerminalText();

        const text = borders
          .map((border, index) => split.push(bytes.subarray(borders[index - 1] ?? 0, border)))
          .join('');

        expect(text).toBe(clean(pieces.join('')));
      }),
    );
  });

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const codes = Array.from(new TerminalText().push(bytes), (c) => c.codePointAt(0) ?? 0);

        expect(codes.filter((c) => c < 0x20 || (c >= 0x7f && c < 0xa0)).every(isLineOrTab)).toBe(
          true,
        );
      }),
    );
  });

  it.each(['\u001b[', '\u001b]'])('finds back into the text after %j without an end', (begin) => {
    const text = clean(`${begin}${'1'.repeat(1_000)}`, 'after\n');

    expect(text.endsWith('after\n')).toBe(true);
  });
});
