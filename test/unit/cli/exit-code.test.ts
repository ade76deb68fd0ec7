// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { exitCodeOf, exitCodes } from '../../../src/cli/exit-code.ts';

describe('exitCodeOf', () => {
  it.each([
    ['invalid-argument', 2],
    ['not-found', 1],
    ['already-exists', 1],
    ['failed-precondition', 3],
    ['resource-exhausted', 1],
    ['deadline-exceeded', 4],
    ['aborted', 1],
    ['unavailable', 1],
    ['permission-denied', 6],
    ['data-loss', 1],
    ['unimplemented', 3],
    ['internal', 1],
    ['cancelled', 130],
    ['unknown', 1],
  ] as const)('ends with %s as %d', (code, exitCode) => {
    expect(exitCodeOf(code)).toBe(exitCode);
  });
});

describe('exitCodes', () => {
  it('are those that the help lists, each with one meaning', () => {
    expect(exitCodes).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      prerequisite: 3,
      timeout: 4,
      guestPanic: 5,
      refused: 6,
      interrupted: 130,
    });
  });
});
