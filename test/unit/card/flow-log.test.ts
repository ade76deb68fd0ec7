// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { flowLogHeader, flowLogLine } from '../../../src/card/flow-log.ts';

const source = { account: '123456789012', interface: 'eni-0a1b2c3d4e5f60718' };
const times = { identity: 7n, start: 1_700_000_000n, end: 1_700_000_059n };

describe('flowLogLine()', () => {
  it('writes the default fields of version 2 (FL-1)', () => {
    const record = {
      ...times,
      status: 'OK',
      source: '10.0.0.10',
      destination: '10.0.1.12',
      sourcePort: 20641,
      destinationPort: 22,
      protocol: 6,
      packets: 20n,
      bytes: 4249n,
      action: 'ACCEPT',
    } as const;

    expect(flowLogLine(record, source)).toBe(
      '2 123456789012 eni-0a1b2c3d4e5f60718 10.0.0.10 10.0.1.12 20641 22 6 20 4249 ' +
        '1700000000 1700000059 ACCEPT OK',
    );
    expect(flowLogLine({ ...record, action: 'REJECT' }, source)).toMatch(/ REJECT OK$/);
    expect(flowLogLine({ ...record, source: 'fd00:1::10' }, source).split(' ')).toHaveLength(
      flowLogHeader.split(' ').length,
    );
  });

  it.each(['NODATA', 'SKIPDATA'] as const)('has dashes where %s has no flow', (status) => {
    expect(flowLogLine({ ...times, status }, source)).toBe(
      `2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1700000000 1700000059 - ${status}`,
    );
  });
});
