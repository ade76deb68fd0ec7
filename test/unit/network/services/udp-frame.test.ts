// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ipv4Bytes, ipv6Bytes } from '../../../../src/network/services/addresses.ts';
import {
  checksum,
  decodeUdpFrame,
  encodeUdpFrame,
  type UdpFrame,
} from '../../../../src/network/services/udp-frame.ts';
import { damaged, hex } from './samples.ts';

const macs = {
  sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 5),
  destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
};
const ipv4: UdpFrame = {
  ...macs,
  source: ipv4Bytes('10.0.16.5'),
  destination: ipv4Bytes('10.0.0.2'),
  sourcePort: 40_000,
  destinationPort: 53,
  payload: Uint8Array.of(1, 2, 3),
};
const ipv6: UdpFrame = {
  ...ipv4,
  source: ipv6Bytes('2001:db8:0:1::5'),
  destination: ipv6Bytes('fd00:ec2::253'),
};

const ethernet = hex('020000000001', '020000000005');

describe('checksum()', () => {
  it('is that of RFC 1071 section 3, and of an odd number of bytes', () => {
    expect(checksum(Buffer.from('0001f203f4f5f6f7', 'hex'))).toBe(0xffff - 0xddf2);
    expect(checksum(Buffer.of(0x01))).toBe(0xfeff);
    expect(checksum(Buffer.alloc(0))).toBe(0xffff);
  });
});

describe('encodeUdpFrame()', () => {
  it('lays out IPv4 with both checksums', () => {
    expect(Buffer.from(encodeUdpFrame(ipv4)).toString('hex')).toBe(
      hex(
        ethernet,
        '0800',
        hex('4500', '001f', '0000', '4000', '40', '11', '16c8', '0a001005', '0a000002'),
        hex('9c40', '0035', '000b', '3b5a'),
        '010203',
      ),
    );
  });

  it('lays out IPv6', () => {
    const bytes = Buffer.from(encodeUdpFrame(ipv6));

    expect(bytes.subarray(12, 22).toString('hex')).toBe(
      hex('86dd', '60000000', '000b', '11', '40'),
    );
    expect(bytes).toHaveLength(14 + 40 + 8 + 3);
  });

  it.each([
    ['IPv4', ipv4],
    ['IPv6', ipv6],
  ])('has a UDP checksum over %s that adds up, and never 0', (_family, frame) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
        const bytes = Buffer.from(encodeUdpFrame({ ...frame, payload }));
        const udp = bytes.subarray(-8 - payload.length);
        const pseudo = Buffer.concat([
          frame.source,
          frame.destination,
          Buffer.of(0, 17, 0, udp.length),
          udp,
        ]);

        expect(checksum(pseudo)).toBe(0);
        expect(udp.readUInt16BE(6)).not.toBe(0);
      }),
    );
  });

  it('writes ffff where the sum is 0', () => {
    // The payload that makes it so is the checksum of the same frame with two zeros there.
    const zeros = Buffer.from(encodeUdpFrame({ ...ipv4, payload: new Uint8Array(2) }));
    const payload = zeros.subarray(-4, -2);

    const bytes = Buffer.from(encodeUdpFrame({ ...ipv4, payload }));

    expect(bytes.readUInt16BE(bytes.length - 4)).toBe(0xffff);
  });
});

describe('decodeUdpFrame()', () => {
  it('reads what was written, without what pads it', () => {
    for (const frame of [ipv4, ipv6]) {
      const padded = Uint8Array.from([...encodeUdpFrame(frame), 0, 0, 0]);

      expect(decodeUdpFrame(padded)).toEqual(frame);
    }
  });

  it('passes over IPv4 options', () => {
    const bytes = Buffer.from(encodeUdpFrame(ipv4));
    const longer = Buffer.concat([bytes.subarray(0, 34), Buffer.alloc(4, 1), bytes.subarray(34)]);
    longer[14] = 0x46;
    longer.writeUInt16BE(0x23, 16);

    expect(decodeUdpFrame(new Uint8Array(longer))).toEqual(ipv4);
  });

  it.each([
    ['another protocol than IP', ipv4, 12, 0x08_06, 2],
    ['another version', ipv4, 14, 0x65, 1],
    ['a header shorter than one', ipv4, 14, 0x44, 1],
    ['a header longer than the packet', ipv4, 14, 0x4f, 1],
    ['a packet shorter than its header', ipv4, 16, 19, 2],
    ['a packet longer than the frame', ipv4, 16, 0x20, 2],
    ['a first fragment', ipv4, 20, 0x2000, 2],
    ['a later fragment', ipv4, 20, 1, 2],
    ['TCP', ipv4, 23, 6, 1],
    ['UDP shorter than its header', ipv4, 38, 7, 2],
    ['UDP longer than the packet', ipv4, 38, 12, 2],
    ['another version behind the number of IPv6', ipv6, 14, 0x45, 1],
    ['an extension header', ipv6, 20, 0, 1],
    ['IPv6 longer than the frame', ipv6, 18, 12, 2],
    ['IPv6 without room for UDP', ipv6, 18, 7, 2],
  ])('refuses %s', (_what, frame, at, value, size) => {
    const bytes = Buffer.from(encodeUdpFrame(frame));
    bytes.writeUIntBE(value, at, size);

    expect(decodeUdpFrame(bytes)).toBeUndefined();
  });

  it('never throws, whatever is done to a frame', () => {
    const frame = fc.constantFrom(ipv4, ipv6).chain((good) => damaged(encodeUdpFrame(good)));
    fc.assert(
      fc.property(frame, (bytes) => {
        const read = decodeUdpFrame(bytes);

        expect(read?.payload.length ?? 0).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
