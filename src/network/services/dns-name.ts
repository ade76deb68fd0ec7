// SPDX-License-Identifier: Apache-2.0

// Domain names: as text in records, as labels on the wire (RFC 1035 section 3.1), and as a key to
// look them up by, which is the same however a guest spells the letters.

import { ArgonError } from '../../base/errors.ts';
import type { ByteReader } from './byte-reader.ts';

/** RFC 1035 section 3.1: with all length bytes and the root. */
const nameMaxBytes = 255;
const labelMaxBytes = 63;

/** A name out of a question. */
export interface DnsName {
  /** Lower case, no trailing dot; the root is empty. Equal for equal names. */
  readonly key: string;
  /** The bytes as the guest spelled them, which an answer repeats (RFC 1035 section 4.1.2). */
  readonly wire: Uint8Array;
}

/**
 * Reads a name that nothing stands before, so that it has no pointers. Never throws; undefined for
 * a pointer, a name longer than 255 bytes, or one that is cut off.
 */
export function readName(reader: ByteReader): DnsName | undefined {
  const from = reader.offset;
  let key = '';
  for (;;) {
    const length = reader.u8();
    const label = reader.bytes(length);
    if (reader.isShort || length > labelMaxBytes) return undefined;
    if (reader.offset - from > nameMaxBytes) return undefined;
    if (length === 0) return { key, wire: reader.since(from) };
    if (key !== '') key += '.';
    for (const byte of label) key += keyOfByte[byte] ?? '';
  }
}

// A byte that could be taken for the dot between labels, or is no printable letter, is escaped as
// zone files do it (RFC 1035 section 5.1); letters are lower case.
const keyOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte).toLowerCase();
  return /^[!-~]$/.test(letter) && !/[.\\]/.test(letter)
    ? letter
    : `\\${String(byte).padStart(3, '0')}`;
});

/**
 * A name of a record, as a key. Letters, digits, `-` and `_`; a trailing dot is allowed.
 * @throws ArgonError invalid-argument, naming it.
 */
export function parseDnsName(text: string): string {
  const key = text.replace(/\.$/, '').toLowerCase();
  const isName = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/.test(key);
  // A length byte for each label takes the place of each dot, and there are two bytes more.
  if (!isName || key.length + 2 > nameMaxBytes) {
    throw new ArgonError('invalid-argument', `"${text}" is not a domain name`, {
      hint: 'labels have 1 to 63 letters, digits, "-" or "_", and a name 253 characters',
    });
  }
  return key;
}

/** The wire form of what `parseDnsName` returned; the root is an empty key. */
export function encodeName(key: string): Uint8Array {
  if (key === '') return Uint8Array.of(0);
  const labels = key.split('.').map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0),
  ]);
}

/** A name and its parents, nearest first, without the root. At most 127 of them. */
export function lineage(key: string): readonly string[] {
  const names: string[] = [];
  for (let name = key; name !== ''; ) {
    names.push(name);
    const dot = name.indexOf('.');
    name = dot === -1 ? '' : name.slice(dot + 1);
  }
  return names;
}

/** The name that an IPv6 address is looked up by, a label for each hex digit (RFC 3596). */
export function reverseIpv6(bytes: Uint8Array): string {
  return `${[...Buffer.from(bytes).toString('hex')].toReversed().join('.')}.ip6.arpa`;
}
