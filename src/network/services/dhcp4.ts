// SPDX-License-Identifier: Apache-2.0

// The DHCP server of a subnet (RFC 2131) as a guest of AWS sees it: the router is the server, the
// lease is 3600 s, and the one address that is offered is the interface's own. There is nothing to
// allocate and nothing to remember: an address belongs to its interface as long as that exists, so
// a RELEASE or a DECLINE changes nothing.
//
// The parameters are those of leases seen on real instances. What a client asks for is sent and no
// more; without a list all of it is.

import { ipv4Bytes, macBytes, maskBytes, sameBytes } from './addresses.ts';
import {
  type Dhcp4Reply,
  type Dhcp4Request,
  decodeDhcp4,
  dhcp4MessageMin,
  dhcp4Option,
  dhcp4Type,
  encodeDhcp4,
} from './dhcp4-message.ts';
import type { InterfaceAddress, ServiceInterface } from './service-interface.ts';

/** UDP ports of DHCP. */
export const dhcp4ServerPort = 67;
export const dhcp4ClientPort = 68;

/** Seconds; as the leases of real instances have it. */
export const dhcp4LeaseS = 3600;

/** Where an answer goes, and what it is. Always to the interface that asked. */
export interface Dhcp4Answer {
  readonly payload: Uint8Array;
  /** Four bytes: the client's address, or 255.255.255.255 (RFC 2131 section 4.1). */
  readonly destination: Uint8Array;
  readonly toMac: 'broadcast' | 'interface';
}

/** What became of a request; the words are those of the counters. */
export type Dhcp4Outcome =
  | { readonly kind: 'answered'; readonly answer: Dhcp4Answer }
  /** RELEASE, DECLINE, and a REQUEST that names another server: nobody waits for an answer. */
  | { readonly kind: 'noted' }
  | { readonly kind: 'dropped' };

const noAddress = new Uint8Array(4);
const broadcastAddress = new Uint8Array(4).fill(255);

/** Answers one datagram to port 67. Never throws for what the guest sent. */
export function answerDhcp4(payload: Uint8Array, asker: ServiceInterface): Dhcp4Outcome {
  const request = decodeDhcp4(payload);
  const { ipv4 } = asker;
  if (request === undefined || ipv4 === undefined) return { kind: 'dropped' };
  // A guest asks for its own interface, and without a relay: its link has one interface.
  if (!sameBytes(request.hardwareAddress, macBytes(asker.mac))) return { kind: 'dropped' };
  if (!isZero(request.relayAddress)) return { kind: 'dropped' };
  switch (request.type) {
    case dhcp4Type.DISCOVER:
      return lease(request, dhcp4Type.OFFER, asker, ipv4);
    case dhcp4Type.REQUEST:
      return answerRequest(request, asker, ipv4);
    case dhcp4Type.INFORM:
      return answerInform(request, asker, ipv4);
    case dhcp4Type.RELEASE:
    case dhcp4Type.DECLINE:
      return { kind: 'noted' };
    default:
      return { kind: 'dropped' };
  }
}

/** RFC 2131 section 4.3.2, "DHCPREQUEST message": what is filled in says which state it is from. */
function answerRequest(
  request: Dhcp4Request,
  asker: ServiceInterface,
  ipv4: InterfaceAddress,
): Dhcp4Outcome {
  const server = request.options.get(dhcp4Option.SERVER_IDENTIFIER);
  // SELECTING: another server was chosen.
  if (server !== undefined && !sameBytes(server, ipv4Bytes(ipv4.router))) return { kind: 'noted' };
  // SELECTING and INIT-REBOOT name the address in an option, RENEWING and REBINDING have it.
  const requested = request.options.get(dhcp4Option.REQUESTED_IP_ADDRESS) ?? request.clientAddress;
  if (requested.length !== 4 || isZero(requested)) return { kind: 'dropped' };
  return sameBytes(requested, ipv4Bytes(ipv4.address))
    ? lease(request, dhcp4Type.ACK, asker, ipv4)
    : refuse(request, ipv4);
}

function lease(
  request: Dhcp4Request,
  type: number,
  asker: ServiceInterface,
  ipv4: InterfaceAddress,
): Dhcp4Outcome {
  const address = ipv4Bytes(ipv4.address);
  return answered(request, {
    type,
    yourAddress: address,
    clientAddress: type === dhcp4Type.ACK ? request.clientAddress : noAddress,
    options: [
      [dhcp4Option.SERVER_IDENTIFIER, ipv4Bytes(ipv4.router)],
      [dhcp4Option.IP_ADDRESS_LEASE_TIME, u32(dhcp4LeaseS)],
      ...identifierOf(request),
      ...parametersFor(request, asker, ipv4),
    ],
  });
}

/** RFC 2131 section 4.3.5, "DHCPINFORM message": parameters alone, for an address that is there. */
function answerInform(
  request: Dhcp4Request,
  asker: ServiceInterface,
  ipv4: InterfaceAddress,
): Dhcp4Outcome {
  if (!sameBytes(request.clientAddress, ipv4Bytes(ipv4.address))) return { kind: 'dropped' };
  return answered(request, {
    type: dhcp4Type.ACK,
    yourAddress: noAddress,
    clientAddress: request.clientAddress,
    options: [
      [dhcp4Option.SERVER_IDENTIFIER, ipv4Bytes(ipv4.router)],
      ...identifierOf(request),
      ...parametersFor(request, asker, ipv4),
    ],
  });
}

function refuse(request: Dhcp4Request, ipv4: InterfaceAddress): Dhcp4Outcome {
  const reply: Dhcp4Reply = {
    type: dhcp4Type.NAK,
    yourAddress: noAddress,
    clientAddress: noAddress,
    options: [
      [dhcp4Option.SERVER_IDENTIFIER, ipv4Bytes(ipv4.router)],
      ...identifierOf(request),
      [dhcp4Option.MESSAGE, Buffer.from('the interface has another address')],
    ],
  };
  return {
    kind: 'answered',
    answer: {
      payload: encodeDhcp4(request, reply, dhcp4MessageMin),
      destination: broadcastAddress, // Section 4.1: the client's address may be a wrong one.
      toMac: 'broadcast',
    },
  };
}

function answered(request: Dhcp4Request, reply: Dhcp4Reply): Dhcp4Outcome {
  const payload = encodeDhcp4(request, reply, messageMaxOf(request));
  if (!isZero(request.clientAddress)) {
    const destination = request.clientAddress;
    return { kind: 'answered', answer: { payload, destination, toMac: 'interface' } };
  }
  if (request.wantsBroadcast) {
    const destination = broadcastAddress;
    return { kind: 'answered', answer: { payload, destination, toMac: 'broadcast' } };
  }
  const destination = reply.yourAddress;
  return { kind: 'answered', answer: { payload, destination, toMac: 'interface' } };
}

/** What the client takes: at least 576 bytes, and no more than a link of 1500. */
function messageMaxOf({ options }: Dhcp4Request): number {
  const said = options.get(dhcp4Option.MAXIMUM_DHCP_MESSAGE_SIZE);
  const max = said?.length === 2 ? (said[0] ?? 0) * 256 + (said[1] ?? 0) : dhcp4MessageMin;
  return Math.min(1500, Math.max(dhcp4MessageMin, max));
}

/** RFC 6842: a client's identifier comes back as it was. */
function identifierOf({ options }: Dhcp4Request): [number, Uint8Array][] {
  const identifier = options.get(dhcp4Option.CLIENT_IDENTIFIER);
  return identifier === undefined ? [] : [[dhcp4Option.CLIENT_IDENTIFIER, identifier]];
}

function parametersFor(
  { options }: Dhcp4Request,
  asker: ServiceInterface,
  ipv4: InterfaceAddress,
): [number, Uint8Array][] {
  const known = parametersOf(asker, ipv4);
  const wanted = options.get(dhcp4Option.PARAMETER_REQUEST_LIST);
  if (wanted === undefined) return [...known];
  const codes = new Set(wanted);
  // RFC 2132 section 3.3: the mask before the router, whatever order the client has.
  const isMaskWanted = codes.delete(dhcp4Option.SUBNET_MASK);
  const ordered = isMaskWanted ? [dhcp4Option.SUBNET_MASK, ...codes] : [...codes];
  return ordered.flatMap((code): [number, Uint8Array][] => {
    const value = known.get(code);
    return value === undefined ? [] : [[code, value]];
  });
}

function parametersOf(asker: ServiceInterface, ipv4: InterfaceAddress): Map<number, Uint8Array> {
  const { dhcp } = asker;
  const mask = maskBytes(ipv4.prefixLength, 4);
  const broadcast = ipv4Bytes(ipv4.address).map((byte, at) => byte | (~(mask[at] ?? 0) & 0xff));
  const parameters = new Map<number, Uint8Array>([
    [dhcp4Option.SUBNET_MASK, mask],
    [dhcp4Option.ROUTER, ipv4Bytes(ipv4.router)],
    [dhcp4Option.DOMAIN_NAME_SERVER, addressList(dhcp.nameServers)],
    [dhcp4Option.HOST_NAME, Buffer.from(asker.hostName)],
    [dhcp4Option.DOMAIN_NAME, Buffer.from(dhcp.domainName)],
    [dhcp4Option.INTERFACE_MTU, Uint8Array.of(asker.mtuBytes >> 8, asker.mtuBytes & 0xff)],
    [dhcp4Option.BROADCAST_ADDRESS, broadcast],
    [dhcp4Option.NTP_SERVERS, addressList(dhcp.timeServers)],
    [dhcp4Option.NETBIOS_NAME_SERVERS, addressList(dhcp.netbiosNameServers ?? [])],
    [dhcp4Option.NETBIOS_NODE_TYPE, Uint8Array.from([dhcp.netbiosNodeType ?? []].flat())],
    // What a client reckons without being told; RFC 2131 section 4.4.5.
    [dhcp4Option.RENEWAL_TIME, u32(dhcp4LeaseS * 0.5)],
    [dhcp4Option.REBINDING_TIME, u32(dhcp4LeaseS * 0.875)],
  ]);
  if (asker.dhcpRoutes.length > 0) {
    parameters.set(dhcp4Option.CLASSLESS_STATIC_ROUTE, classlessRoutes(asker, ipv4));
  }
  return parameters;
}

function addressList(addresses: readonly string[]): Uint8Array {
  return Buffer.concat(addresses.filter((text) => !text.includes(':')).map(ipv4Bytes));
}

/** RFC 3442. Who takes this option ignores the router option, so the default route is here too. */
function classlessRoutes({ dhcpRoutes }: ServiceInterface, ipv4: InterfaceAddress): Uint8Array {
  const routes = [
    ...dhcpRoutes,
    { destination: '0.0.0.0', prefixLength: 0, router: ipv4.router },
  ].map(({ destination, prefixLength, router }) => {
    const significant = ipv4Bytes(destination).subarray(0, Math.ceil(prefixLength / 8));
    return Buffer.of(prefixLength, ...significant, ...ipv4Bytes(router));
  });
  return Buffer.concat(routes);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
