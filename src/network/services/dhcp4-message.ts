// SPDX-License-Identifier: Apache-2.0

// DHCP messages on the wire: RFC 2131 section 2 with the options of RFC 2132, joined as RFC 3396
// says when one is cut into pieces.

import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

/** Values of option 53; RFC 2132 section 9.6, "DHCP Message Type". */
export const dhcp4Type = {
  DISCOVER: 1,
  OFFER: 2,
  REQUEST: 3,
  DECLINE: 4,
  ACK: 5,
  NAK: 6,
  RELEASE: 7,
  INFORM: 8,
} as const;

/** Option codes that this server reads or writes, by their names in RFC 2132 and its successors. */
export const dhcp4Option = {
  PAD: 0,
  SUBNET_MASK: 1,
  ROUTER: 3,
  DOMAIN_NAME_SERVER: 6,
  HOST_NAME: 12,
  DOMAIN_NAME: 15,
  INTERFACE_MTU: 26,
  BROADCAST_ADDRESS: 28,
  NTP_SERVERS: 42,
  NETBIOS_NAME_SERVERS: 44,
  NETBIOS_NODE_TYPE: 46,
  REQUESTED_IP_ADDRESS: 50,
  IP_ADDRESS_LEASE_TIME: 51,
  OPTION_OVERLOAD: 52,
  DHCP_MESSAGE_TYPE: 53,
  SERVER_IDENTIFIER: 54,
  PARAMETER_REQUEST_LIST: 55,
  MESSAGE: 56,
  MAXIMUM_DHCP_MESSAGE_SIZE: 57,
  RENEWAL_TIME: 58,
  REBINDING_TIME: 59,
  CLIENT_IDENTIFIER: 61,
  CLASSLESS_STATIC_ROUTE: 121,
  END: 255,
} as const;

const BOOTREQUEST = 1;
const BOOTREPLY = 2;
const ETHERNET = 1;
const magicCookie = 0x6382_5363;
const broadcastFlag = 0x8000;
/** What every client takes, IP and UDP headers included; RFC 2132 section 9.10. */
export const dhcp4MessageMin = 576;
// RFC 1542 section 2.1: BOOTP relays and clients may drop what is shorter.
const payloadMinBytes = 300;
// Of a request, in each of its fields. Arbitrary; clients send a dozen, and time grows with them.
const optionsMax = 64;

/** A request, as far as this server looks at it. */
export interface Dhcp4Request {
  readonly type: number;
  readonly transactionId: number;
  readonly seconds: number;
  readonly flags: number;
  readonly wantsBroadcast: boolean;
  /** Four bytes each; zeros where the client has none. */
  readonly clientAddress: Uint8Array;
  readonly relayAddress: Uint8Array;
  /** The six bytes of an Ethernet address. */
  readonly hardwareAddress: Uint8Array;
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/** Reads a request of a client; undefined for anything else. Never throws. */
export function decodeDhcp4(payload: Uint8Array): Dhcp4Request | undefined {
  // untrusted: what the guest sent.
  const reader = new ByteReader(payload);
  const isRequest = reader.u8() === BOOTREQUEST && reader.u8() === ETHERNET && reader.u8() === 6;
  reader.u8(); // Hops of relays.
  const transactionId = reader.u32();
  const seconds = reader.u16();
  const flags = reader.u16();
  const clientAddress = reader.bytes(4);
  reader.bytes(8); // What only servers say: your address, next server.
  const relayAddress = reader.bytes(4);
  const hardwareAddress = reader.bytes(16).subarray(0, 6);
  const serverName = reader.bytes(64);
  const file = reader.bytes(128);
  const isDhcp = reader.u32() === magicCookie && !reader.isShort;
  if (!isRequest || !isDhcp) return undefined;

  const options = readOptions(reader.rest(), file, serverName);
  const type = options?.get(dhcp4Option.DHCP_MESSAGE_TYPE);
  if (options === undefined || type?.length !== 1) return undefined;
  return {
    type: type[0] ?? 0,
    transactionId,
    seconds,
    flags,
    wantsBroadcast: (flags & broadcastFlag) !== 0,
    clientAddress,
    relayAddress,
    hardwareAddress,
    options,
  };
}

/** The options field, and the two others that may be lent to it (RFC 2131 section 4.1). */
function readOptions(
  field: Uint8Array,
  file: Uint8Array,
  serverName: Uint8Array,
): ReadonlyMap<number, Uint8Array> | undefined {
  const options = new Map<number, Uint8Array>();
  if (!collectOptions(field, options)) return undefined;
  const overload = options.get(dhcp4Option.OPTION_OVERLOAD)?.[0] ?? 0;
  if ((overload & 1) !== 0 && !collectOptions(file, options)) return undefined;
  if ((overload & 2) !== 0 && !collectOptions(serverName, options)) return undefined;
  return options;
}

/** @returns whether each option was as long as it said, and there were not too many. */
function collectOptions(field: Uint8Array, options: Map<number, Uint8Array>): boolean {
  const pieces = new Map<number, Uint8Array[]>();
  const reader = new ByteReader(field);
  let count = 0;
  while (reader.left > 0) {
    const code = reader.u8();
    if (code === dhcp4Option.END) break;
    if (code === dhcp4Option.PAD) continue;
    count += 1;
    if (count > optionsMax) return false;
    const value = reader.bytes(reader.u8());
    if (reader.isShort) return false;
    const known = pieces.get(code);
    if (known === undefined) pieces.set(code, [value]);
    else known.push(value);
  }
  // Joined once at the end: a field of ever the same option costs no more than its bytes.
  for (const [code, values] of pieces) {
    options.set(code, Buffer.concat([options.get(code) ?? new Uint8Array(), ...values]));
  }
  return true;
}

/** What a server says. */
export interface Dhcp4Reply {
  readonly type: number;
  /** The address given to the client; four bytes, zeros in a NAK and for an INFORM. */
  readonly yourAddress: Uint8Array;
  /** The client's own address, repeated in an ACK; zeros elsewhere. */
  readonly clientAddress: Uint8Array;
  /** In the order to write them; those that do not fit are left out. */
  readonly options: readonly (readonly [code: number, value: Uint8Array])[];
}

/** @param messageMax bytes that the client takes, IP and UDP headers included. */
export function encodeDhcp4(
  request: Dhcp4Request,
  reply: Dhcp4Reply,
  messageMax: number,
): Uint8Array {
  const writer = new ByteWriter()
    .u8(BOOTREPLY)
    .u8(ETHERNET)
    .u8(6)
    .u8(0)
    .u32(request.transactionId)
    .u16(0)
    .u16(request.flags)
    .bytes(reply.clientAddress)
    .bytes(reply.yourAddress)
    .zeros(4) // No boot server.
    .bytes(request.relayAddress)
    .bytes(request.hardwareAddress)
    .zeros(10 + 64 + 128)
    .u32(magicCookie)
    .u8(dhcp4Option.DHCP_MESSAGE_TYPE)
    .u8(1)
    .u8(reply.type);
  const endAt = messageMax - 28 - 1; // Less IP and UDP headers, and the END.
  for (const [code, value] of reply.options) {
    if (value.length === 0 || value.length > 255) continue;
    if (writer.length + 2 + value.length > endAt) continue;
    writer.u8(code).u8(value.length).bytes(value);
  }
  writer.u8(dhcp4Option.END);
  return writer.zeros(Math.max(0, payloadMinBytes - writer.length)).take();
}
