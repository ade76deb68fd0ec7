// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { labText } from '../../../../src/harness/network/argon.ts';

// That it is served is shown in test/integration/bench-network.test.ts.
describe('labText', () => {
  it('is a cable', () => {
    expect(
      JSON.parse(labText({ pipeline: 'cable', polling: 'always', interfaceCount: 2 })),
    ).toEqual({
      interfaces: [
        { name: 'end-0', socket: '0.sock' },
        { name: 'end-1', socket: '1.sock' },
      ],
    });
  });

  it('is a VPC whose groups let its own UDP pass and track it', () => {
    const setup = { pipeline: 'groups', polling: 'always' } as const;
    const text = labText({ ...setup, interfaceCount: 3 });
    const lab = JSON.parse(text) as Record<string, readonly object[]>;

    const udp = { protocol: 'udp', from_port: 0, to_port: 65_535, cidr: '10.0.0.0/16' };
    expect(lab['security_groups']).toEqual([
      { display_name: 'bench', vpc: 'bench', ingress: [udp], egress: [udp] },
    ]);
    expect(lab['interfaces']).toHaveLength(3);
    expect(lab['interfaces']?.[2]).toEqual({
      display_name: 'end-2',
      subnet: 'bench',
      security_groups: ['bench'],
      mac_address: '02:00:00:00:00:03',
      ipv4_addresses: ['10.0.0.6'],
      socket: '2.sock',
    });
  });

  it('lets all of its own pass, and has other ends, where it is asked to', () => {
    const setup = { pipeline: 'groups', polling: 'always', interfaceCount: 1 } as const;
    const text = labText({ ...setup, protocols: 'all', firstEnd: 2 });
    const lab = JSON.parse(text) as Record<string, readonly object[]>;

    const rule = { protocol: 'all', cidr: '10.0.0.0/16' };
    expect(lab['security_groups']).toEqual([
      { display_name: 'bench', vpc: 'bench', ingress: [rule], egress: [rule] },
    ]);
    expect(lab['interfaces']?.[0]).toMatchObject({
      display_name: 'end-0',
      ipv4_addresses: ['10.0.0.6'],
    });
  });
});
