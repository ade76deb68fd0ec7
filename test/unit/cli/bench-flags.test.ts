// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseSeconds } from '../../../src/cli/bench-flags.ts';

describe('parseSeconds', () => {
  it.each([
    ['0.1', 100],
    ['1', 1000],
    ['60.0', 60_000],
    ['59.9', 59_900],
  ])('reads %s', (text, expected) => {
    expect(parseSeconds(text, 60)).toBe(expected);
  });

  it.each(['', '0', '0.0', '0.05', '.5', '1.', '-1', '1e1', '60.1', '61', ' 1', '١'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSeconds(text, 60, '--window')).toThrow(
        `--window is "${text}", and should be from 0.1 to 60`,
      );
    },
  );
});
