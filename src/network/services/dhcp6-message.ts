// SPDX-License-Identifier: Apache-2.0

// DHCPv6 messages on the wire: RFC 8415 section 8, and the options of section 21 that this server
// reads or writes.

import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

/** RFC 8415 section 7.3, "DHCP Message Types". */
export const dhcp6Type = {
  SOLICIT: 1,
  ADVERTISE: 2,
  REQUEST: 3,
  CONFIRM: 4,
  RENEW: 5,
  REBIND: 6,
  REPLY: 7,
  RELEASE: 8,
  DECLINE: 9,
  INFORMATION_REQUEST: 11,
} as const;

/** Section 21; DNS_SERVERS and DOMAIN_LIST are RFC 3646's, NTP_SERVER is RFC 5908's. */
export const dhcp6Option = {
  CLIENTID: 1,
  SERVERID: 2,
  IA_NA: 3,
  IA_TA: 4,
  IAADDR: 5,
  ORO: 6,
  STATUS_CODE: 13,
  RAPID_COMMIT: 14,
  DNS_SERVERS: 23,
  DOMAIN_LIST: 24,
  IA_PD: 25,
  INFORMATION_REFRESH_TIME: 32,
  NTP_SERVER: 56,
} as const;

/** Section 21.13, "Status Code Option". */
export const dhcp6Status = {
  Success: 0,
  NoAddrsAvail: 2,
  NoBinding: 3,
  NotOnLink: 4,
  NoPrefixAvail: 6,
} as const;

// Of a message, and of an association. Arbitrary; clients send ten, and time grows with them.
const optionsMax = 32;

export interface Dhcp6Option {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Dhcp6Message {
  readonly type: number;
  /** Three bytes. */
  readonly transactionId: Uint8Array;
  readonly options: readonly Dhcp6Option[];
}

/** An identity association: what a client wants an address or a prefix for. */
export interface Dhcp6Association {
  /** IA_NA, IA_TA or IA_PD. */
  readonly code: number;
  readonly id: number;
  /** The addresses in it, sixteen bytes each; none in an IA_PD. */
  readonly addresses: readonly Uint8Array[];
}

/** Reads a message between client and server; undefined for what is none. Never throws. */
export function decodeDhcp6(payload: Uint8Array): Dhcp6Message | undefined {
  // untrusted: what the guest sent.
  const reader = new ByteReader(payload);
  const type = reader.u8();
  const transactionId = reader.bytes(3);
  if (reader.isShort) return undefined;
  const options = readOptions(reader);
  return options === undefined ? undefined : { type, transactionId, options };
}

function readOptions(reader: ByteReader): readonly Dhcp6Option[] | undefined {
  const options: Dhcp6Option[] = [];
  while (reader.left > 0) {
    const code = reader.u16();
    const data = reader.bytes(reader.u16());
    if (reader.isShort || options.length === optionsMax) return undefined;
    options.push({ code, data });
  }
  return options;
}

/** The data of the first option with a code. */
export function findOption(message: Dhcp6Message, code: number): Uint8Array | undefined {
  return message.options.find((each) => each.code === code)?.data;
}

/** The associations of a message; undefined if one is malformed. Never throws. */
export function associationsOf(message: Dhcp6Message): readonly Dhcp6Association[] | undefined {
  const associations: Dhcp6Association[] = [];
  for (const { code, data } of message.options) {
    const { IA_NA, IA_TA, IA_PD } = dhcp6Option;
    if (code !== IA_NA && code !== IA_TA && code !== IA_PD) continue;
    const reader = new ByteReader(data);
    const id = reader.u32();
    if (code !== IA_TA) reader.bytes(8); // T1 and T2 are hints.
    const inner = reader.isShort ? undefined : readOptions(reader);
    const addresses = inner === undefined ? undefined : addressesOf(inner);
    if (addresses === undefined) return undefined;
    associations.push({ code, id, addresses });
  }
  return associations;
}

function addressesOf(options: readonly Dhcp6Option[]): readonly Uint8Array[] | undefined {
  const found = options.filter(({ code }) => code === dhcp6Option.IAADDR);
  // Section 21.6: the address and two lifetimes.
  return found.some(({ data }) => data.length < 24)
    ? undefined
    : found.map(({ data }) => data.subarray(0, 16));
}

/** An option. */
export function option(code: number, data: Uint8Array): Dhcp6Option {
  return { code, data };
}

/** The option that says how something went, without a text. */
export function statusOption(status: number): Dhcp6Option {
  return option(dhcp6Option.STATUS_CODE, new ByteWriter().u16(status).take());
}

/** An address with its lifetimes in seconds. */
export function addressOption(
  address: Uint8Array,
  lifetimes: { readonly preferredS: number; readonly validS: number },
): Dhcp6Option {
  const data = new ByteWriter().bytes(address).u32(lifetimes.preferredS).u32(lifetimes.validS);
  return option(dhcp6Option.IAADDR, data.take());
}

/** An association with what is in it; the times are seconds, 0 where the client may choose. */
export function associationOption(
  { code, id }: Dhcp6Association,
  content: readonly Dhcp6Option[],
  times: { readonly t1S: number; readonly t2S: number } = { t1S: 0, t2S: 0 },
): Dhcp6Option {
  const data = new ByteWriter().u32(id);
  if (code !== dhcp6Option.IA_TA) data.u32(times.t1S).u32(times.t2S);
  return option(code, data.bytes(encodeOptions(content)).take());
}

/** The bytes of a message. */
export function encodeDhcp6({ type, transactionId, options }: Dhcp6Message): Uint8Array {
  return new ByteWriter().u8(type).bytes(transactionId).bytes(encodeOptions(options)).take();
}

function encodeOptions(options: readonly Dhcp6Option[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { code, data } of options) writer.u16(code).u16(data.length).bytes(data);
  return writer.take();
}
