// SPDX-License-Identifier: Apache-2.0

// UDP datagrams in Ethernet frames: what the engine hands over, and what it puts into the guest's
// ring. Frames to a service are whole (the engine drops fragments) and have no extension headers.
// Checksums of what comes are not looked at: it comes out of the guest's memory and over no wire,
// and may be left to the device. What goes out has all of them.

import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

const etherTypeIpv4 = 0x0800;
const etherTypeIpv6 = 0x86dd;
const protocolUdp = 17;
const dontFragment = 0x4000;
const udpHeaderBytes = 8;
// What Linux takes; nothing that answers is more than one hop away.
const hopLimit = 64;

/** Addresses have four or sixteen bytes, both the same; MACs have six. */
export interface UdpFrame {
  readonly sourceMac: Uint8Array;
  readonly destinationMac: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
}

/** Reads a frame; undefined for what is no whole UDP datagram. Never throws. */
export function decodeUdpFrame(frame: Uint8Array): UdpFrame | undefined {
  // untrusted: what the guest sent.
  const reader = new ByteReader(frame);
  const destinationMac = reader.bytes(6);
  const sourceMac = reader.bytes(6);
  const etherType = reader.u16();
  const packet = etherType === etherTypeIpv4 ? readIpv4(reader) : readIpv6(reader, etherType);
  if (packet === undefined) return undefined;
  const udp = new ByteReader(packet.content);
  const sourcePort = udp.u16();
  const destinationPort = udp.u16();
  const length = udp.u16();
  udp.u16();
  const payload = udp.bytes(Math.max(0, length - udpHeaderBytes));
  if (udp.isShort || length < udpHeaderBytes) return undefined;
  const { source, destination } = packet;
  return { sourceMac, destinationMac, source, destination, sourcePort, destinationPort, payload };
}

interface IpPacket {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** What is behind the header, without the padding of short frames. */
  readonly content: Uint8Array;
}

function readIpv4(reader: ByteReader): IpPacket | undefined {
  const first = reader.u8();
  const headerBytes = (first & 15) * 4;
  reader.u8();
  const totalBytes = reader.u16();
  reader.u16();
  const fragment = reader.u16();
  reader.u8();
  const protocol = reader.u8();
  reader.u16();
  const source = reader.bytes(4);
  const destination = reader.bytes(4);
  const isUdp = first >> 4 === 4 && protocol === protocolUdp;
  const isWhole = (fragment & 0x3fff) === 0; // No offset, and no more to come.
  if (!isUdp || !isWhole || headerBytes < 20 || totalBytes < headerBytes) return undefined;
  reader.bytes(headerBytes - 20); // Options mean nothing here.
  const content = reader.bytes(totalBytes - headerBytes);
  return reader.isShort ? undefined : { source, destination, content };
}

function readIpv6(reader: ByteReader, etherType: number): IpPacket | undefined {
  const first = reader.u8();
  reader.bytes(3);
  const payloadBytes = reader.u16();
  const nextHeader = reader.u8();
  reader.u8();
  const source = reader.bytes(16);
  const destination = reader.bytes(16);
  const content = reader.bytes(payloadBytes);
  const isUdp = etherType === etherTypeIpv6 && first >> 4 === 6 && nextHeader === protocolUdp;
  return reader.isShort || !isUdp ? undefined : { source, destination, content };
}

/** Writes a frame with its checksums. Both addresses are of one family. */
export function encodeUdpFrame(frame: UdpFrame): Uint8Array {
  const udp = encodeUdp(frame);
  const isIpv4 = frame.source.length === 4;
  return new ByteWriter()
    .bytes(frame.destinationMac)
    .bytes(frame.sourceMac)
    .u16(isIpv4 ? etherTypeIpv4 : etherTypeIpv6)
    .bytes(isIpv4 ? ipv4Header(frame, udp.length) : ipv6Header(frame, udp.length))
    .bytes(udp)
    .take();
}

function ipv4Header({ source, destination }: UdpFrame, contentBytes: number): Uint8Array {
  const header = new ByteWriter()
    .u8(0x45)
    .u8(0)
    .u16(20 + contentBytes)
    .u16(0) // Never fragmented, so it needs no number (RFC 6864 section 4.1).
    .u16(dontFragment)
    .u8(hopLimit)
    .u8(protocolUdp)
    .u16(0)
    .bytes(source)
    .bytes(destination)
    .take();
  header.writeUInt16BE(checksum(header), 10);
  return header;
}

function ipv6Header({ source, destination }: UdpFrame, contentBytes: number): Uint8Array {
  return new ByteWriter()
    .u32(0x6000_0000)
    .u16(contentBytes)
    .u8(protocolUdp)
    .u8(hopLimit)
    .bytes(source)
    .bytes(destination)
    .take();
}

function encodeUdp(frame: UdpFrame): Uint8Array {
  const length = udpHeaderBytes + frame.payload.length;
  const udp = new ByteWriter()
    .u16(frame.sourcePort)
    .u16(frame.destinationPort)
    .u16(length)
    .u16(0)
    .bytes(frame.payload)
    .take();
  // RFC 768 and RFC 8200 section 8.1: with both addresses, the protocol and the length.
  const pseudoHeader = new ByteWriter()
    .bytes(frame.source)
    .bytes(frame.destination)
    .u32(protocolUdp)
    .u32(length)
    .bytes(udp)
    .take();
  // 0 would mean that there is none.
  udp.writeUInt16BE(checksum(pseudoHeader) || 0xffff, 6);
  return udp;
}

/** The Internet checksum (RFC 1071). */
export function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = Math.floor(sum / 65536) + (sum % 65536);
  return 0xffff - sum;
}
