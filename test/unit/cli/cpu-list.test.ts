// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseCpuList } from '../../../src/cli/cpu-list.ts';

describe('parseCpuList', () => {
  it.each([
    ['0', [0]],
    ['0,2', [0, 2]],
    ['0-3,8', [0, 1, 2, 3, 8]],
    ['3,1', [3, 1]],
    ['2-2', [2]],
    ['0-2,1-3', [0, 1, 2, 3]],
    [' 0 , 2 ', [0, 2]],
    ['1023', [1023]],
    ['007', [7]],
  ])('reads %j', (text, cpus) => {
    expect(parseCpuList(text)).toEqual(cpus);
  });

  it.each([
    '',
    ',',
    '0,',
    ',0',
    '-1',
    '1-',
    '3-1',
    '0-1-2',
    '1024',
    '0-1024',
    '0-99999999999',
    '0x1',
    '1.5',
    'a',
    'all',
    '0 1',
    '1e1',
  ])('refuses %j and names it', (text) => {
    expect(() => parseCpuList(text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: `"${text}" is not a CPU list`,
        hint: expect.stringContaining('0,2-3'),
      }),
    );
  });

  it('gives what the ranges hold, each once, in the order of first mention', () => {
    const range = fc.tuple(fc.nat(60), fc.nat(60)).map(([one, other]) => ({
      first: Math.min(one, other),
      last: Math.max(one, other),
    }));
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 5 }), (ranges) => {
        const text = ranges
          .map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`))
          .join(',');
        const held = new Set<number>();
        for (const { first, last } of ranges) {
          for (let cpu = first; cpu <= last; cpu += 1) held.add(cpu);
        }

        expect(parseCpuList(text)).toEqual([...held]);
      }),
    );
  });
});
