// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { netEnd, netEndText } from '../../../../src/harness/network/ends.ts';

describe('netEnd', () => {
  it('has addresses of the subnet that are not reserved', () => {
    expect(netEndText(0)).toEqual({ mac: '02:00:00:00:00:01', address: '10.0.0.4' });
    expect(netEndText(999)).toEqual({ mac: '02:00:00:00:03:e8', address: '10.0.3.235' });
  });

  it('says the same in bytes', () => {
    expect(netEnd(255)).toEqual({
      mac: Uint8Array.of(2, 0, 0, 0, 1, 0),
      address: 0x0a00_0103,
    });
  });
});
