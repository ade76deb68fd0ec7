// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseCidr, parseIpAddress } from '../../../src/network/model/address.ts';
import {
  instanceRecord,
  interfaceRecord,
  joinSections,
  mappingRecord,
  prefixRecord,
  routeRecord,
  ruleRecord,
  Section,
  subnetRecord,
  vpcRecord,
  wideAddress,
} from '../../../src/network/policy-records.ts';

const none = { first: 0, count: 0 };
const hex = (record: Uint8Array): string => Buffer.from(record).toString('hex');
const match = { protocol: 'all', fromPort: 0, toPort: 0, icmpType: 0, icmpCode: 0 };

describe('records of a policy', () => {
  it('have the sizes of native/vpc/snapshot_format.h', () => {
    const subnet = {
      ipv4Cidr: undefined,
      ipv6Cidr: undefined,
      routerIpv4: undefined,
      routerLinkLocal: new Uint8Array(16),
      routerMac: new Uint8Array(6),
      aclIn: none,
      aclOut: none,
      routes: none,
      vpc: 0,
    };
    const rate = { perSecond: 1n, burst: 2n };
    const rates = { bandwidthIn: rate, bandwidthOut: rate, packets: rate };
    const allowance = { ...rates, identity: 1n, trackedMax: 1, servicePacketsPerSecond: 1 };
    const all = parseCidr('::/0');
    const rule = { ...match, cidr: all, isDeny: true, groupBit: undefined, id: 0 };
    const records = [
      vpcRecord(none, undefined),
      subnetRecord(subnet),
      instanceRecord(allowance),
      interfaceRecord(undefined),
      prefixRecord(all),
      ruleRecord(rule),
      routeRecord({ destination: all, target: 'local', interface: 0 }),
      mappingRecord({ address: 1n, vpc: 0, interface: 0, groupSet: 0 }),
    ];

    expect(records.map(({ length }) => length)).toEqual([24, 120, 64, 72, 24, 32, 24, 32]);
  });

  it('have IPv4 where IPv6 has its place for it', () => {
    expect(wideAddress(parseIpAddress('10.0.0.1'))).toBe(0xffff0a000001n);
    expect(wideAddress(parseIpAddress('::1'))).toBe(1n);
    expect(hex(prefixRecord(parseCidr('10.0.0.0/8')))).toBe(
      '00000000000000000000000affff00006800000000000000',
    );
    expect(hex(prefixRecord(parseCidr('fd00:1::/56')))).toBe(
      '00000000010000fd00000000000000003800000000000000',
    );
  });

  it.each([
    [{ ...match, protocol: 'icmp', icmpType: -1, icmpCode: -1 }, 1, [0xffff, 0xffff]],
    [{ ...match, protocol: 'icmpv6', icmpType: 3, icmpCode: 4 }, 58, [3, 4]],
    [{ ...match, protocol: 'udp', fromPort: 1, toPort: 9 }, 17, [1, 9]],
    [{ ...match, protocol: '47' }, 47, [0, 0]],
  ])('say what a rule matches: %j', (rule, protocol, ports) => {
    const record = Buffer.from(
      ruleRecord({ ...rule, cidr: undefined, isDeny: false, groupBit: 65, id: 70_000 }),
    );

    expect(record[17]).toBe(protocol);
    expect([20, 22].map((at) => record.readUInt16LE(at))).toEqual(ports);
    expect(record[18]).toBe(2);
    expect(record.readUInt32LE(24)).toBe(65);
    expect(record.readUInt32LE(28)).toBe(70_000);
  });

  it('are one behind the other, at the places that the header names', () => {
    const [first, second] = [new Section(), new Section()];
    expect(first.addAll([new Uint8Array(8), new Uint8Array(8)])).toEqual({ first: 0, count: 2 });
    first.add(new Uint8Array(8).fill(7));
    second.add(new Uint8Array(8).fill(9));

    const buffer = Buffer.from(joinSections([first, second], { generation: 5n, groupSetWords: 2 }));

    expect([24, 28, 32, 36].map((at) => buffer.readUInt32LE(at))).toEqual([40, 3, 64, 1]);
    expect(buffer.length).toBe(72);
    expect(buffer[56]).toBe(7);
    expect(buffer[64]).toBe(9);
  });
});
