// SPDX-License-Identifier: Apache-2.0

// The headers of a frame in a line, for people. What guests send may be anything: a line says what
// it can, and never more than the headers have.

import { formatAddress } from '../../network/model/address.ts';

const etherTypes = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
const ethernetBytes = 14;
const ipv6Bytes = 40;
// RFC 9293, 3.1, from the lowest bit on.
const tcpFlags = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const;

/** As in `10.0.1.10:40000 > 10.0.1.11:22 tcp SYN`. */
export function frameText(headers: DataView): string {
  try {
    const type = headers.getUint16(12);
    if (type === etherTypes.ipv4) return ipv4Text(headers);
    if (type === etherTypes.ipv6) return ipv6Text(headers);
    return type === etherTypes.arp
      ? arpText(headers)
      : `ethertype 0x${type.toString(16).padStart(4, '0')}`;
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    return 'cut off within its headers';
  }
}

function ipv4Text(headers: DataView): string {
  const start = ethernetBytes + (headers.getUint8(ethernetBytes) & 0xf) * 4;
  const isFirst = (headers.getUint16(ethernetBytes + 6) & 0x1fff) === 0;
  const ends = [ipv4Of(headers, ethernetBytes + 12), ipv4Of(headers, ethernetBytes + 16)] as const;
  const protocol = headers.getUint8(ethernetBytes + 9);
  return isFirst
    ? transportText(headers, { protocol, start, ends })
    : `${ends.join(' > ')} ${protocolName(protocol)}, a later fragment`;
}

function ipv6Text(headers: DataView): string {
  const ends = [ipv6Of(headers, ethernetBytes + 8), ipv6Of(headers, ethernetBytes + 24)] as const;
  const protocol = headers.getUint8(ethernetBytes + 6);
  return transportText(headers, { protocol, start: ethernetBytes + ipv6Bytes, ends });
}

interface Packet {
  readonly protocol: number;
  /** Of the transport's header. */
  readonly start: number;
  /** Addresses: from and to. */
  readonly ends: readonly [string, string];
}

function transportText(headers: DataView, { protocol, start, ends }: Packet): string {
  const [from, to] = ends;
  const name = protocolName(protocol);
  const isIcmp = protocol === protocols.icmp || protocol === protocols.icmpv6;
  if (isIcmp) {
    const [type, code] = [headers.getUint8(start), headers.getUint8(start + 1)];
    return `${from} > ${to} ${name} type ${type} code ${code}`;
  }
  const isTcp = protocol === protocols.tcp;
  if (!isTcp && protocol !== protocols.udp) return `${from} > ${to} ${name}`;
  const [fromPort, toPort] = [headers.getUint16(start), headers.getUint16(start + 2)];
  const line = `${withPort(from, fromPort)} > ${withPort(to, toPort)} ${name}`;
  if (!isTcp) return line;
  const bits = headers.getUint8(start + 13);
  return [line, ...tcpFlags.filter((_, bit) => (bits & (1 << bit)) !== 0)].join(' ');
}

function arpText(headers: DataView): string {
  const operation = headers.getUint16(20) === 1 ? 'who has' : 'reply';
  return `arp ${operation} ${ipv4Of(headers, 38)}, says ${ipv4Of(headers, 28)}`;
}

function protocolName(protocol: number): string {
  const known = Object.entries(protocols).find(([, number]) => number === protocol);
  return known?.[0] ?? `protocol ${protocol}`;
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function ipv4Of(headers: DataView, start: number): string {
  return formatAddress('ipv4', BigInt(headers.getUint32(start)));
}

function ipv6Of(headers: DataView, start: number): string {
  const [high, low] = [headers.getBigUint64(start), headers.getBigUint64(start + 8)];
  return formatAddress('ipv6', (high << 64n) + low);
}
