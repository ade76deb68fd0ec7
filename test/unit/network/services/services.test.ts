// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ipv4Bytes, ipv6Bytes, macBytes } from '../../../../src/network/services/addresses.ts';
import { createDnsView } from '../../../../src/network/services/dns.ts';
import { createZone } from '../../../../src/network/services/dns-zone.ts';
import type { NtpClock } from '../../../../src/network/services/ntp.ts';
import {
  LinkLocalServices,
  type ServiceAsker,
  type ServiceName,
} from '../../../../src/network/services/services.ts';
import {
  decodeUdpFrame,
  encodeUdpFrame,
  type UdpFrame,
} from '../../../../src/network/services/udp-frame.ts';
import { damaged, hex, sampleInterface } from './samples.ts';

const clock: NtpClock = {
  nowNs: () => 0n,
  status: () => ({
    leap: 0,
    stratum: 4,
    precisionExponent: -20,
    rootDelayMs: 0,
    rootDispersionMs: 0,
    referenceId: new Uint8Array(4),
    referenceTimeNs: 0n,
  }),
};
const names = createDnsView([
  createZone('corp.internal', [
    { name: 'a.corp.internal', ttlS: 60, data: { type: 'A', address: '10.0.16.7' } },
  ]),
]);
const asker: ServiceAsker = { interface: sampleInterface(), names };

const own = macBytes('02:00:00:00:00:05');
const router = macBytes('02:00:00:00:00:01');
const everybody = Uint8Array.from({ length: 6 }, () => 255);

const from: Omit<UdpFrame, 'payload' | 'destinationPort'> = {
  sourceMac: macBytes('02:00:00:00:00:77'), // A lie.
  destinationMac: router,
  source: ipv4Bytes('10.0.16.5'),
  destination: ipv4Bytes('169.254.169.253'),
  sourcePort: 40_000,
};
const discover = Buffer.concat([
  Buffer.from('010106003903f3260000', 'hex'),
  Buffer.alloc(18),
  Buffer.from('020000000005', 'hex'),
  Buffer.alloc(10 + 192),
  Buffer.from('63825363350101ff', 'hex'),
]);
const release = Buffer.concat([discover.subarray(0, -2), Buffer.of(7, 255)]);
const questions: Record<ServiceName, UdpFrame> = {
  dhcp4: {
    ...from,
    destinationMac: everybody,
    source: ipv4Bytes('0.0.0.0'),
    destination: ipv4Bytes('255.255.255.255'),
    sourcePort: 68,
    destinationPort: 67,
    payload: discover,
  },
  dhcp6: {
    ...from,
    source: ipv6Bytes('fe80::ff:fe00:5'),
    destination: ipv6Bytes('ff02::1:2'),
    sourcePort: 546,
    destinationPort: 547,
    payload: Buffer.from(hex('01abcdef', '0001', '000a', '00030001020000000005'), 'hex'),
  },
  dns: {
    ...from,
    destinationPort: 53,
    payload: Buffer.from(
      hex('beef01000001000000000000', '016104636f727008696e7465726e616c00', '00010001'),
      'hex',
    ),
  },
  ntp: {
    ...from,
    destination: ipv4Bytes('169.254.169.123'),
    destinationPort: 123,
    payload: Buffer.concat([Buffer.of(0x23), Buffer.alloc(47)]),
  },
};

function answerTo(service: ServiceName, changes = {}, who = asker): UdpFrame | undefined {
  const services = new LinkLocalServices(clock);
  const frame = services.answer(
    service,
    encodeUdpFrame({ ...questions[service], ...changes }),
    who,
  );
  return frame === undefined ? undefined : decodeUdpFrame(new Uint8Array(frame));
}

describe('LinkLocalServices', () => {
  it('answers DHCP as the router, to the address that it gives', () => {
    expect(answerTo('dhcp4')).toMatchObject({
      sourceMac: router,
      destinationMac: own,
      source: ipv4Bytes('10.0.16.1'),
      destination: ipv4Bytes('10.0.16.5'),
      sourcePort: 67,
      destinationPort: 68,
    });
  });

  it('answers DHCP to everybody on the link where the client wants that', () => {
    const payload = Buffer.from(discover);
    payload[10] = 0x80;

    expect(answerTo('dhcp4', { payload })).toMatchObject({
      destinationMac: everybody,
      destination: ipv4Bytes('255.255.255.255'),
    });
  });

  it('answers DHCPv6 from the router to the link-local address that asked', () => {
    expect(answerTo('dhcp6')).toMatchObject({
      sourceMac: router,
      destinationMac: own,
      source: ipv6Bytes('fe80::ff:fe00:1'),
      destination: ipv6Bytes('fe80::ff:fe00:5'),
      sourcePort: 547,
      destinationPort: 546,
    });
    expect(answerTo('dhcp6', { source: ipv6Bytes('2001:db8:0:1::5') })).toBeUndefined();
  });

  it.each([
    ['dns', '169.254.169.253', 53],
    ['ntp', '169.254.169.123', 123],
  ] as const)(
    'answers %s from the address that was asked, to the interface',
    (name, address, port) => {
      expect(answerTo(name)).toMatchObject({
        sourceMac: router,
        destinationMac: own,
        source: ipv4Bytes(address),
        destination: ipv4Bytes('10.0.16.5'),
        sourcePort: port,
        destinationPort: 40_000,
      });
    },
  );

  it('answers over IPv6 too', () => {
    const changes = {
      source: ipv6Bytes('2001:db8:0:1::5'),
      destination: ipv6Bytes('fd00:ec2::253'),
    };

    expect(answerTo('dns', changes)).toMatchObject({
      source: changes.destination,
      destination: changes.source,
    });
  });

  it('has no names in a VPC without DNS', () => {
    expect(answerTo('dns', {}, { interface: sampleInterface() })).toBeUndefined();
  });

  it('keeps DHCP of one family from the frames of the other', () => {
    expect(
      answerTo('dhcp4', { source: ipv6Bytes('::'), destination: ipv6Bytes('::1') }),
    ).toBeUndefined();
    expect(
      answerTo('dhcp6', { source: Buffer.of(0xfe, 0x80, 0, 1), destination: ipv4Bytes('1.2.3.4') }),
    ).toBeUndefined();
  });

  it('counts what became of each', () => {
    const services = new LinkLocalServices(clock);
    const ask = (service: ServiceName, frame: Uint8Array): unknown =>
      services.answer(service, frame, asker);

    ask('dhcp4', encodeUdpFrame(questions.dhcp4));
    ask('dhcp4', encodeUdpFrame({ ...questions.dhcp4, payload: release }));
    ask('dhcp4', encodeUdpFrame({ ...questions.dhcp4, payload: Buffer.alloc(3) }));
    ask('ntp', Buffer.alloc(5));

    expect(services.counters).toEqual({
      dhcp4: { asked: 3, answered: 1, noted: 1, dropped: 1 },
      dhcp6: { asked: 0, answered: 0, noted: 0, dropped: 0 },
      dns: { asked: 0, answered: 0, noted: 0, dropped: 0 },
      ntp: { asked: 1, answered: 0, noted: 0, dropped: 1 },
    });
  });

  it('never throws, and answers nobody but the interface, whatever is done to a frame', () => {
    const services = new LinkLocalServices(clock);
    const service = fc.constantFrom<ServiceName>('dhcp4', 'dhcp6', 'dns', 'ntp');
    const attempt = service.chain((name) =>
      fc.tuple(fc.constant(name), damaged(encodeUdpFrame(questions[name]))),
    );
    fc.assert(
      fc.property(attempt, ([name, bytes]) => {
        const answer = services.answer(name, bytes, asker);

        const to = Buffer.from(answer?.subarray(0, 6) ?? own).toString('hex');
        expect(['020000000005', 'ffffffffffff']).toContain(to);
      }),
      { numRuns: 400 },
    );
  });
});
