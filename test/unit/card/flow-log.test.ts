// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { flowLogHeader, flowLogLine } from '../../../src/card/flow-log.ts';
import { flowLogFields } from '../../../src/network/model/flow-log-fields.ts';
import { sampleFlow } from './samples.ts';

const source = { account: '123456789012', interface: 'eni-0a1b2c3d4e5f60718' };
const times = { identity: 7n, start: 1_700_000_000n, end: 1_700_000_059n };

describe('flowLogLine()', () => {
  it('writes the default fields of version 2 (FL-1)', () => {
    const record = sampleFlow();

    expect(flowLogHeader()).toBe(
      'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes ' +
        'start end action log-status',
    );
    expect(flowLogLine(record, source)).toBe(
      '2 123456789012 eni-0a1b2c3d4e5f60718 10.0.0.10 10.0.1.12 20641 22 6 20 4249 ' +
        '1700000000 1700000059 ACCEPT OK',
    );
    expect(flowLogLine(sampleFlow({ action: 'REJECT' }), source)).toMatch(/ REJECT OK$/);
  });

  it('writes other fields in order, with the version of the newest (FL-2, FL-3, FL-6)', () => {
    const where = { ...source, vpc: 'vpc-1', subnet: 'subnet-1', instance: 'i-1' };
    const record = sampleFlow({ packetSource: '10.0.0.77', tcpFlags: 19, direction: 'in' });

    expect(flowLogLine(record, where, ['version', 'pkt-srcaddr', 'pkt-dstaddr', 'tcp-flags'])).toBe(
      '3 10.0.0.77 10.0.1.12 19',
    );
    expect(flowLogLine(record, where, ['flow-direction', 'type', 'version'])).toBe(
      'ingress IPv4 5',
    );
    expect(flowLogLine(sampleFlow(), where, ['flow-direction'])).toBe('egress');
    expect(flowLogLine(record, where, ['vpc-id', 'subnet-id', 'instance-id'])).toBe(
      'vpc-1 subnet-1 i-1',
    );
    expect(flowLogLine(record, where, ['encryption-status', 'version'])).toBe('0 10');
    expect(flowLogLine(sampleFlow({ source: 'fd00:1::10' }), where, ['type'])).toBe('IPv6');
    expect(flowLogLine(record, source, ['vpc-id', 'subnet-id', 'instance-id'])).toBe('- - -');
  });

  it('has a value for every field', () => {
    const line = flowLogLine(sampleFlow(), source, flowLogFields);

    expect(line.split(' ')).toHaveLength(flowLogHeader(flowLogFields).split(' ').length);
    expect(line).not.toContain('undefined');
  });

  it.each(['NODATA', 'SKIPDATA'] as const)('has dashes where %s has no flow', (status) => {
    expect(flowLogLine({ ...times, status }, source)).toBe(
      `2 123456789012 eni-0a1b2c3d4e5f60718 - - - - - - - 1700000000 1700000059 - ${status}`,
    );
    expect(flowLogLine({ ...times, status }, source, ['tcp-flags', 'type'])).toBe('- -');
  });
});
