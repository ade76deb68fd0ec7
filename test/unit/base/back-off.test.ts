// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { BackOff } from '../../../src/base/back-off.ts';

describe('BackOff', () => {
  it('begins at once, doubles, and ends at five seconds', () => {
    const backOff = new BackOff();

    const pauses = Array.from({ length: 10 }, () => backOff.next(0));

    expect(pauses).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
  });

  it('begins anew after a part that ran for a while', () => {
    const backOff = new BackOff();
    backOff.next(0);
    backOff.next(0);

    expect(backOff.next(9_999)).toBe(200);
    expect(backOff.next(10_000)).toBe(0);
    expect(backOff.next(0)).toBe(100);
  });
});
