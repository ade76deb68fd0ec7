// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { chooseCpus, parseRuns, parseSeconds } from '../../../src/cli/bench-flags.ts';

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

describe('parseRuns', () => {
  it.each([
    ['1', 1],
    ['999', 999],
  ])('reads %s', (text, expected) => {
    expect(parseRuns(text)).toBe(expected);
  });

  it.each(['', '0', '000', '1000', '-1', '1.5', '1e2'])('refuses "%s"', (text) => {
    expect(() => parseRuns(text)).toThrow(`--runs is "${text}", and should be from 1 to 999`);
  });
});

describe('chooseCpus', () => {
  it('leaves the front end a CPU of its own', () => {
    expect(chooseCpus(4, 2)).toEqual({ frontEnd: 1, backend: [0] });
    expect(chooseCpus(4, 8)).toEqual({ frontEnd: 1, backend: [0, 2, 3, 4] });
    expect(chooseCpus(1, 8)).toEqual({ frontEnd: 1, backend: [0] });
  });

  it('needs two', () => {
    expect(() => chooseCpus(1, 1)).toThrow('a benchmark needs two CPUs');
  });
});
