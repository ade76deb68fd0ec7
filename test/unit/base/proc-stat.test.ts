// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { isRunning, parseProcStat } from '../../../src/base/proc-stat.ts';

// From a real one; utime is 1234, stime 56, and it started at tick 88.
function statLine(name: string, state = 'S'): string {
  return `4242 (${name}) ${state} 1 4242 4242 0 -1 4194560 100 0 0 0 1234 56 0 0 20 0 7 0 88 1 2\n`;
}

describe('parseProcStat', () => {
  it.each(['node', 'CPU 0/TCG', 'a b', 'x) S 1 2', '((', ') R 9 9 9', ''])(
    'is not fooled by the name %j',
    (name) => {
      expect(parseProcStat(statLine(name))).toEqual({
        name,
        state: 'S',
        cpuTicks: 1290,
        startTicks: '88',
      });
    },
  );

  it.each([
    '',
    '4242 (node)',
    '4242 (node) S 1 2 3',
    'garbage',
    ') (',
    statLine('a').replace(' 56 ', ' x '),
  ])('makes nothing of %j', (text) => {
    expect(parseProcStat(text)).toBeUndefined();
  });

  it('reads what this kernel says of this process', async () => {
    const stat = parseProcStat(await readFile(`/proc/${process.pid}/stat`, 'utf8'));

    expect(stat).toMatchObject({ startTicks: expect.stringMatching(/^[1-9]\d*$/) as string });
    expect(stat?.cpuTicks).toBeGreaterThan(0);
  });
});

describe('isRunning', () => {
  it.each([
    ['S', true],
    ['R', true],
    ['D', true],
    ['Z', false],
    ['X', false],
  ])('tells of the state %s', (state, expected) => {
    const stat = parseProcStat(statLine('node', state));

    expect(stat === undefined ? undefined : isRunning(stat)).toBe(expected);
  });
});
