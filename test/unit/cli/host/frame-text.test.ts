// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { frameText } from '../../../../src/cli/host/frame-text.ts';

const macs = '020000000001 020000000002';
const ipv4 = (protocol: string, fragment = '0000') =>
  `${macs} 0800 45000054 0000${fragment} 40${protocol}0000 0a00010a 0a00010b`;
// fd00:1:0:1::a and ff02::1.
const hosts = 'fd00000100000001000000000000000a ff020000000000000000000000000001';
const ipv6 = (protocol: string) => `${macs} 86dd 60000000 0008${protocol}40 ${hosts}`;

function textOf(bytes: string): string {
  const headers = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  return frameText(new DataView(headers.buffer, headers.byteOffset, headers.byteLength));
}

describe('frameText', () => {
  it.each([
    [`${ipv4('01')} 0800 0000 0000 0000`, '10.0.1.10 > 10.0.1.11 icmp type 8 code 0'],
    [
      `${ipv4('06')} 9c40 0016 00000000 00000000 5012 0000 00000000`,
      '10.0.1.10:40000 > 10.0.1.11:22 tcp SYN ACK',
    ],
    [`${ipv4('11')} 9c40 0035 0008 0000`, '10.0.1.10:40000 > 10.0.1.11:53 udp'],
    [ipv4('2f'), '10.0.1.10 > 10.0.1.11 protocol 47'],
    [ipv4('11', '0008'), '10.0.1.10 > 10.0.1.11 udp, a later fragment'],
    [`${ipv6('3a')} 8000 0000`, 'fd00:1:0:1::a > ff02::1 icmpv6 type 128 code 0'],
    [`${ipv6('11')} 0222 0223 0008 0000`, '[fd00:1:0:1::a]:546 > [ff02::1]:547 udp'],
    [
      `${macs} 0806 0001 0800 06 04 0001 020000000001 0a00010a 000000000000 0a00010b`,
      'arp who has 10.0.1.11, says 10.0.1.10',
    ],
    [
      `${macs} 0806 0001 0800 06 04 0002 020000000001 0a00010a 020000000002 0a00010b`,
      'arp reply 10.0.1.11, says 10.0.1.10',
    ],
    [`${macs} 88cc`, 'ethertype 0x88cc'],
    [`${macs} 0800`, 'cut off within its headers'],
    ['02', 'cut off within its headers'],
    ['', 'cut off within its headers'],
  ])('reads %s', (bytes, text) => {
    expect(textOf(bytes)).toBe(text);
  });
});
