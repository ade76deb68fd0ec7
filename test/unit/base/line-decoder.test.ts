// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type DecodedLine, LineDecoder } from '../../../src/base/line-decoder.ts';

function decode(chunks: readonly string[], lineMaxBytes = 100): readonly DecodedLine[] {
  const decoder = new LineDecoder(lineMaxBytes);
  return chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk)));
}

describe('LineDecoder', () => {
  it('gives the lines of one chunk without their endings', () => {
    expect(decode(['one\ntwo\r\n\nthr'])).toEqual([
      { text: 'one', isCut: false },
      { text: 'two', isCut: false },
      { text: '', isCut: false },
    ]);
  });

  it('gives the same lines however the bytes are split', () => {
    // Goal: chunk borders never show. Method: any text, cut at any places, against split().
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !/[\r\n]/.test(s))),
        fc.array(fc.nat(200)),
        (lines, cuts) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const borders = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length];
          borders.sort((left, right) => left - right);
          const decoder = new LineDecoder(1000);

          const decoded = borders.flatMap((border, index) =>
            decoder.push(bytes.subarray(borders[index - 1] ?? 0, border)),
          );

          expect(decoded.map((line) => line.text)).toEqual(lines);
        },
      ),
    );
  });

  it('keeps a line of exactly the limit whole and cuts the next longer one', () => {
    expect(decode(['abcd\nabcde\nab\n'], 4)).toEqual([
      { text: 'abcd', isCut: false },
      { text: 'abcd', isCut: true },
      { text: 'ab', isCut: false },
    ]);
  });

  it('cuts a line that arrives in many pieces', () => {
    expect(decode(['ab', 'cd', 'ef', 'gh\nok\n'], 4)).toEqual([
      { text: 'abcd', isCut: true },
      { text: 'ok', isCut: false },
    ]);
  });

  it('hands out an unfinished line at the end, once', () => {
    const decoder = new LineDecoder(100);
    decoder.push(Buffer.from('whole\nrest'));

    expect(decoder.finish()).toEqual({ text: 'rest', isCut: false });
    expect(decoder.finish()).toBeUndefined();
  });

  it('forgets an unfinished line on reset', () => {
    const decoder = new LineDecoder(100);
    decoder.push(Buffer.from('stale'));
    decoder.reset();

    expect(decoder.push(Buffer.from('fresh\n'))).toEqual([{ text: 'fresh', isCut: false }]);
  });

  it('does not show later changes of a chunk it was given', () => {
    const decoder = new LineDecoder(100);
    const chunk = Buffer.from('abc');
    decoder.push(chunk);
    chunk.fill(0x7a);

    expect(decoder.push(Buffer.from('\n'))).toEqual([{ text: 'abc', isCut: false }]);
  });
});
