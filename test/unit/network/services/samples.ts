// SPDX-License-Identifier: Apache-2.0

// An interface as the services know it, and damage for packets.

import fc from 'fast-check';

import { parseIpAddress } from '../../../../src/network/model/address.ts';
import type { ServiceInterface } from '../../../../src/network/services/service-interface.ts';
import type { ServiceRecords } from '../../../../src/network/services/service-records.ts';
import { sampleInterface as interfaceRecord, sampleState, sampleZone } from '../samples.ts';
import { sampleInstance } from './metadata/samples.ts';

/** An interface of 10.0.16.0/20 and 2001:db8:0:1::/64 in a VPC of us-east-1. */
export function sampleInterface(changes: Partial<ServiceInterface> = {}): ServiceInterface {
  return {
    interfaceId: 'eni-0123456789abcdef0',
    mac: '02:00:00:00:00:05',
    routerMac: '02:00:00:00:00:01',
    mtuBytes: 9001,
    hostName: 'ip-10-0-16-5',
    ipv4: { address: '10.0.16.5', prefixLength: 20, router: '10.0.16.1' },
    ipv6: { address: '2001:db8:0:1::5', prefixLength: 64, router: 'fe80::ff:fe00:1' },
    dhcp: {
      domainName: 'ec2.internal',
      nameServers: ['10.0.0.2', 'fd00:ec2::253'],
      timeServers: ['169.254.169.123', 'fd00:ec2::123'],
    },
    dhcpRoutes: [],
    ...changes,
  };
}

/** Interface 7 of a card, with 10.0.1.5, of an instance with user data; its VPC has a zone. */
export function sampleServiceRecords(changes: Partial<ServiceRecords> = {}): ServiceRecords {
  const { interfaces: _own, userData: _none, ...facts } = sampleInstance();
  const one = interfaceRecord(1, {
    ipv4Addresses: [parseIpAddress('10.0.1.5')],
    ipv6Addresses: [],
  });
  return {
    version: 2,
    region: 'us-east-1',
    state: sampleState({ interface: [one], 'private-zone': [sampleZone()] }),
    served: [{ index: 7, interfaceId: one.id }],
    attachments: [{ interfaceId: one.id, instanceId: facts.instanceId, deviceNumber: 0 }],
    instances: [{ ...facts, userData: Buffer.from('#cloud-config\n').toString('base64') }],
    ...changes,
  };
}

/** Hex written in fields. */
export function hex(...fields: readonly string[]): string {
  return fields.join('');
}

/** Packets made of a good one: bytes changed, cut out, doubled or added, lengths among them. */
export function damaged(packet: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat(packet.length);
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at, value: fc.nat(255) }),
    fc.record({ kind: fc.constant('cut' as const), at, value: fc.nat(8) }),
    fc.record({ kind: fc.constant('double' as const), at, value: fc.nat(40) }),
    fc.record({ kind: fc.constant('end' as const), at, value: fc.constant(0) }),
  );
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) =>
    edits.reduce<Uint8Array>((bytes, { kind, at: from, value }) => {
      if (kind === 'end') return bytes.subarray(0, from);
      if (kind === 'set') return Uint8Array.from(bytes, (byte, i) => (i === from ? value : byte));
      const kept = kind === 'cut' ? from + value : from - value;
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.max(0, kept))]);
    }, packet),
  );
}
