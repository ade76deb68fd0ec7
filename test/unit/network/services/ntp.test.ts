// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { answerNtp, type NtpClock } from '../../../../src/network/services/ntp.ts';

// 2024-01-01T00:00:00.500Z. 3913056000 seconds since 1900 are 0xe93c7f00.
const nowNs = 1_704_067_200_500_000_000n;

function clockAt(...timesNs: readonly bigint[]): NtpClock {
  const times = [...timesNs];
  return {
    nowNs: () => times.shift() ?? nowNs,
    status: () => ({
      leap: 0,
      stratum: 4,
      precisionExponent: -20,
      rootDelayMs: 1000,
      rootDispersionMs: 500,
      referenceId: Uint8Array.of(10, 0, 0, 1),
      referenceTimeNs: nowNs - 1_000_000_000n,
    }),
  };
}

function question(first = 0x23): Buffer {
  const bytes = Buffer.alloc(48);
  bytes[0] = first; // No leap, version 4, client.
  bytes[2] = 6; // A poll of 64 seconds.
  bytes.write('0123456789abcdef', 40, 'hex');
  return bytes;
}

describe('answerNtp()', () => {
  it('answers a client as RFC 5905 figure 8 lays it out', () => {
    const answer = answerNtp(question(), clockAt(nowNs, nowNs + 250_000_000n));

    expect(Buffer.from(answer ?? []).toString('hex')).toBe(
      '240406ec' + // No leap, version 4, server; stratum; their poll; -20.
        '00010000' + // One second.
        '00008000' + // Half a second.
        '0a000001' +
        'e93c7eff80000000' + // A second before.
        '0123456789abcdef' + // Their transmit time comes back as the origin.
        'e93c7f0080000000' + // Received.
        'e93c7f00c0000000', // Sent a quarter of a second later.
    );
  });

  it('answers in the version that was asked', () => {
    expect(answerNtp(question(0x1b), clockAt())?.[0]).toBe(0x1c);
  });

  it('begins anew in 2036', () => {
    const era1Ns = (2n ** 32n - 2_208_988_800n + 5n) * 1_000_000_000n;

    const answer = answerNtp(question(), clockAt(era1Ns));

    expect(Buffer.from(answer ?? []).readBigUInt64BE(32)).toBe(5n << 32n);
  });

  it.each([
    ['mode 0', 0x20],
    ['a symmetric peer', 0x21],
    ['a passive peer', 0x22],
    ['a server', 0x24],
    ['a broadcast', 0x25],
    ['a control message', 0x26],
    ['the private mode of monlist', 0x27],
    ['version 0', 0x03],
    ['version 2', 0x13],
    ['version 5', 0x2b],
  ])('drops %s', (_what, first) => {
    expect(answerNtp(question(first), clockAt())).toBeUndefined();
  });

  it('drops what is shorter than a header, and reads nothing behind it', () => {
    expect(answerNtp(question().subarray(0, 47), clockAt())).toBeUndefined();
    expect(answerNtp(Buffer.concat([question(), Buffer.alloc(20)]), clockAt())).toHaveLength(48);
  });

  it('never throws, and never answers with more than was asked', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const answer = answerNtp(bytes, clockAt());

        expect(answer?.length ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
