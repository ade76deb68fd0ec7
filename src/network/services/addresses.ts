// SPDX-License-Identifier: Apache-2.0

// Addresses between text, which records and people use, and bytes, which packets carry. Text comes
// from validated records: what is no address there is a bug and throws a TypeError. Bytes may come
// from anybody. How addresses are written is model/address.ts' business.

import { type AddressFamily, addressBits, formatAddress, readAddress } from '../model/address.ts';

/** The four bytes of `10.0.0.5`. */
export function ipv4Bytes(text: string): Uint8Array {
  return bytesOf(text, 'ipv4');
}

/** Four bytes as `10.0.0.5`. */
export function ipv4Text(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** The sixteen bytes of an IPv6 address without a zone. */
export function ipv6Bytes(text: string): Uint8Array {
  return bytesOf(text, 'ipv6');
}

/** Sixteen bytes as RFC 5952 writes them. */
export function ipv6Text(bytes: Uint8Array): string {
  return formatAddress('ipv6', BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
}

function bytesOf(text: string, family: AddressFamily): Uint8Array {
  const value = readAddress(text, family);
  if (value === undefined) throw new TypeError(`"${text}" is no address of ${family}`);
  return Uint8Array.from(
    Buffer.from(value.toString(16).padStart(addressBits[family] / 4, '0'), 'hex'),
  );
}

/** The six bytes of `02:00:00:00:00:01`. */
export function macBytes(text: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) {
    throw new TypeError(`"${text}" is not a MAC address`);
  }
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

/** Six bytes as `02:00:00:00:00:01`. */
export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The link-local address that a MAC gives (RFC 4291 appendix A, modified EUI-64). */
export function linkLocalBytes(mac: Uint8Array): Uint8Array {
  const [first = 0, ...others] = mac;
  const [second = 0, third = 0, ...last] = others;
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, first ^ 2, second, third, 0xff, 0xfe, ...last);
}

/** The mask of a prefix as bytes: 20 of 32 bits are 255.255.240.0. */
export function maskBytes(prefixLength: number, byteCount: 4 | 16): Uint8Array {
  return Uint8Array.from({ length: byteCount }, (_, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8));
    return 256 - 2 ** (8 - bits);
  });
}

/** Whether two addresses of one family share their first bits. */
export function sharesPrefix(left: Uint8Array, right: Uint8Array, prefixLength: number): boolean {
  if (left.length !== right.length) return false;
  const mask = left.length === 4 ? maskBytes(prefixLength, 4) : maskBytes(prefixLength, 16);
  return mask.every((bits, index) => (((left[index] ?? 0) ^ (right[index] ?? 0)) & bits) === 0);
}

/** Whether two byte strings are the same. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
