// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { receivedRate } from '../../../../src/harness/network/guest-pair.ts';

// That guests are joined is shown in test/guest/bench-network.test.ts.
describe('receivedRate', () => {
  it('is what the server got', () => {
    const end = { sum_sent: { bits_per_second: 9 }, sum_received: { bits_per_second: 1.5e8 } };

    expect(receivedRate(JSON.stringify({ start: {}, end }))).toBe(1.5e8);
  });

  it.each(['', '[]', '{"error": "unable to connect"}', '{"end": {"sum_received": {}}}'])(
    'refuses %j',
    (text) => {
      expect(() => receivedRate(text)).toThrow();
    },
  );
});
