// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { changeNetworkAllowance } from '../../../../src/cli/host/allowance-text.ts';

const mib = 1_048_576n;

describe('changeNetworkAllowance', () => {
  it('reads each word, with a tenth of a second as burst where none is given', () => {
    const text = 'in=100MiB,out=10MiB:1MiB,packets=20000,connections=1000,services=100';

    expect(changeNetworkAllowance(undefined, text)).toEqual({
      bytesIn: { perSecond: 100n * mib, burst: 10n * mib },
      bytesOut: { perSecond: 10n * mib, burst: mib },
      packets: { perSecond: 20_000n, burst: 2_000n },
      connections: 1000,
      servicePackets: 100,
    });
  });

  it('leaves what is not named, lifts a rate by none, and all by none alone', () => {
    const packets = { perSecond: 5n, burst: 0n };
    const current = {
      bytesIn: undefined,
      bytesOut: undefined,
      packets,
      connections: 7,
      servicePackets: 1024,
    };

    expect(changeNetworkAllowance(current, 'in=1KiB:0')).toMatchObject({
      bytesIn: { perSecond: 1024n, burst: 0n },
      packets,
      connections: 7,
    });
    expect(changeNetworkAllowance(current, 'packets=none')).toMatchObject({
      packets: { perSecond: 0n, burst: 0n },
    });
    expect(changeNetworkAllowance(current, 'none')).toEqual({});
  });

  it.each([
    ['packet=5', 'there is no allowance of "packet"'],
    ['packets', '"packets" is no allowance'],
    ['packets=5=6', 'is no allowance'],
    ['packets=5,packets=6', 'packets is there twice'],
    ['packets=0', 'would let nothing through'],
    ['packets=5:6:7', 'has more than a rate and a burst'],
    ['packets=many', '"many", which is not a count'],
    ['in=fast', 'fast'],
    ['connections=0', 'outside 1 to 1048576'],
    ['services=1048577', 'outside 1 to 1048576'],
  ])('refuses %j', (text, message) => {
    expect(() => changeNetworkAllowance(undefined, text)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
