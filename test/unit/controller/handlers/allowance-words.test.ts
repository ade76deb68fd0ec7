// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  describeNetworkAllowance,
  parseNetworkAllowance,
} from '../../../../src/controller/handlers/allowance-words.ts';
import { defaultAllowance } from '../../../../src/controller/model.ts';

const rate = { perSecond: 5n, burst: 1n };

describe('the allowance of an instance', () => {
  it('has its defaults for what is not said', () => {
    const nothing = {
      bytesIn: undefined,
      bytesOut: undefined,
      packets: undefined,
      connections: 0,
      servicePackets: 0,
    };

    expect(parseNetworkAllowance(undefined)).toEqual(defaultAllowance);
    expect(parseNetworkAllowance(nothing)).toEqual(defaultAllowance);
    expect(parseNetworkAllowance({ ...nothing, packets: rate, connections: 7 })).toEqual({
      ...defaultAllowance,
      packets: rate,
      connections: 7,
    });
  });

  it('is described without rates that are none, and read back', () => {
    const allowance = { ...defaultAllowance, bytesIn: rate, servicePackets: 9 };

    const described = describeNetworkAllowance(allowance);

    expect(described).toEqual({
      bytesIn: rate,
      bytesOut: undefined,
      packets: undefined,
      connections: 65_536,
      servicePackets: 9,
    });
    expect(parseNetworkAllowance(described)).toEqual(allowance);
  });
});
