// SPDX-License-Identifier: Apache-2.0

// The DHCPv6 server of a subnet (RFC 8415). Like its elder sibling it has one address to give, the
// interface's own, in the first IA_NA of a message, and remembers nothing. It hears multicast alone
// (the dispatcher delivers nothing else), so it never has to send anybody back to multicast.

import { ipv6Bytes, macBytes, sameBytes, sharesPrefix } from './addresses.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  addressOption,
  associationOption,
  associationsOf,
  type Dhcp6Association,
  type Dhcp6Message,
  type Dhcp6Option,
  decodeDhcp6,
  dhcp6Option,
  dhcp6Status,
  dhcp6Type,
  encodeDhcp6,
  findOption,
  option,
  statusOption,
} from './dhcp6-message.ts';
import { encodeName, parseDnsName } from './dns-name.ts';
import type { InterfaceAddress, ServiceInterface } from './service-interface.ts';

/** UDP ports of DHCPv6, and where clients send to: All_DHCP_Relay_Agents_and_Servers. */
export const dhcp6ServerPort = 547;
export const dhcp6ClientPort = 546;
export const dhcp6Multicast = 'ff02::1:2';

// Seconds, as published, unless an option set says otherwise.
const defaultPreferredS = 140;
// How much longer an address is valid that was not renewed. Arbitrary; chosen short because one
// that is taken off an interface should be gone soon.
const graceS = 310;
// Section 21.23: a day, unless a server knows better.
const refreshS = 86_400;
// Of a message; arbitrary, chosen because clients have one or two. Others are not answered.
const associationsMax = 8;
const addressesMax = 8;
// A DUID is at most 128 bytes after its type (section 11.1).
const identifierMaxBytes = 130;

type ServerIdRule = 'ours' | 'none' | 'ours-or-none';

/** Section 16, "Message Validation": which server identifier a message has. */
const serverIdRules = new Map<number, ServerIdRule>([
  [dhcp6Type.SOLICIT, 'none'],
  [dhcp6Type.REQUEST, 'ours'],
  [dhcp6Type.CONFIRM, 'none'],
  [dhcp6Type.RENEW, 'ours'],
  [dhcp6Type.REBIND, 'none'],
  [dhcp6Type.RELEASE, 'ours'],
  [dhcp6Type.DECLINE, 'ours'],
  [dhcp6Type.INFORMATION_REQUEST, 'ours-or-none'],
]);

/** Answers one datagram, or not. Never throws for what the guest sent. */
export function answerDhcp6(payload: Uint8Array, asker: ServiceInterface): Uint8Array | undefined {
  const message = decodeDhcp6(payload);
  const { ipv6 } = asker;
  if (message === undefined || ipv6 === undefined) return undefined;
  const associations = associationsOf(message);
  if (associations === undefined || !isValid(message, associations, asker)) return undefined;
  const bounded = associations.slice(0, associationsMax);
  const isQuick = message.type === dhcp6Type.SOLICIT && wantsQuickReply(message);
  const options = optionsFor(message, bounded, asker, ipv6);
  if (options === undefined) return undefined;
  const clientId = findOption(message, dhcp6Option.CLIENTID);
  return encodeDhcp6({
    type: message.type === dhcp6Type.SOLICIT && !isQuick ? dhcp6Type.ADVERTISE : dhcp6Type.REPLY,
    transactionId: message.transactionId,
    options: [
      ...(clientId === undefined ? [] : [option(dhcp6Option.CLIENTID, clientId)]),
      option(dhcp6Option.SERVERID, serverIdOf(asker)),
      ...(isQuick ? [option(dhcp6Option.RAPID_COMMIT, new Uint8Array())] : []),
      ...options,
    ],
  });
}

/** Section 16: a message that breaks these rules is discarded in silence. */
function isValid(
  message: Dhcp6Message,
  associations: readonly Dhcp6Association[],
  asker: ServiceInterface,
): boolean {
  const rule = serverIdRules.get(message.type);
  if (rule === undefined) return false;
  const isQuestion = message.type === dhcp6Type.INFORMATION_REQUEST;
  if (isQuestion && associations.length > 0) return false; // Section 16.12.
  const clientId = findOption(message, dhcp6Option.CLIENTID);
  if (clientId === undefined ? !isQuestion : clientId.length > identifierMaxBytes) return false;
  const serverId = findOption(message, dhcp6Option.SERVERID);
  if (serverId === undefined) return rule !== 'ours';
  return rule !== 'none' && sameBytes(serverId, serverIdOf(asker));
}

/** Section 18.3.1: two messages instead of four. */
function wantsQuickReply(message: Dhcp6Message): boolean {
  return findOption(message, dhcp6Option.RAPID_COMMIT) !== undefined;
}

/** A DUID of the router's link-layer address (section 11.4). */
function serverIdOf({ routerMac }: ServiceInterface): Uint8Array {
  return new ByteWriter().u16(3).u16(1).bytes(macBytes(routerMac)).take();
}

function optionsFor(
  message: Dhcp6Message,
  associations: readonly Dhcp6Association[],
  asker: ServiceInterface,
  ipv6: InterfaceAddress,
): readonly Dhcp6Option[] | undefined {
  switch (message.type) {
    case dhcp6Type.CONFIRM:
      return confirm(associations, ipv6);
    case dhcp6Type.RELEASE:
    case dhcp6Type.DECLINE:
      return letGo(associations, ipv6);
    case dhcp6Type.INFORMATION_REQUEST:
      return parametersFor(message, asker);
    default:
      return [...lease(message, associations, asker, ipv6), ...parametersFor(message, asker)];
  }
}

/** Sections 18.3.1, 18.3.2, 18.3.4 and 18.3.5: SOLICIT, REQUEST, RENEW and REBIND. */
function lease(
  { type }: Dhcp6Message,
  associations: readonly Dhcp6Association[],
  { dhcp }: ServiceInterface,
  ipv6: InterfaceAddress,
): readonly Dhcp6Option[] {
  const preferredS = dhcp.preferredLeaseS ?? defaultPreferredS;
  // Half of it and four fifths, as section 21.4 recommends.
  const times = { t1S: Math.floor(preferredS * 0.5), t2S: Math.floor(preferredS * 0.8) };
  const first = associations.find(({ code }) => code === dhcp6Option.IA_NA);
  const isRenewal = type === dhcp6Type.RENEW || type === dhcp6Type.REBIND;
  return associations.map((association) => {
    if (association !== first) {
      return associationOption(association, [statusOption(refusalOf(association, isRenewal))]);
    }
    const own = ipv6Bytes(ipv6.address);
    const others = association.addresses.filter((address) => !sameBytes(address, own));
    const isElsewhere = others.some((address) => !sharesPrefix(address, own, ipv6.prefixLength));
    if (type === dhcp6Type.REQUEST && isElsewhere) {
      return associationOption(association, [statusOption(dhcp6Status.NotOnLink)]);
    }
    // What the client holds and must not: it ends at once.
    const ended = isRenewal ? others.slice(0, addressesMax) : [];
    return associationOption(
      association,
      [
        addressOption(own, { preferredS, validS: preferredS + graceS }),
        ...ended.map((address) => addressOption(address, { preferredS: 0, validS: 0 })),
      ],
      times,
    );
  });
}

function refusalOf({ code }: Dhcp6Association, isRenewal: boolean): number {
  if (isRenewal) return dhcp6Status.NoBinding;
  return code === dhcp6Option.IA_PD ? dhcp6Status.NoPrefixAvail : dhcp6Status.NoAddrsAvail;
}

/** Section 18.3.3: whether a client is still on the link that it knew; silence if it knew none. */
function confirm(
  associations: readonly Dhcp6Association[],
  ipv6: InterfaceAddress,
): readonly Dhcp6Option[] | undefined {
  const addresses = associations.flatMap((association) => association.addresses);
  if (addresses.length === 0) return undefined;
  const own = ipv6Bytes(ipv6.address);
  const isHere = addresses.every((address) => sharesPrefix(address, own, ipv6.prefixLength));
  return [statusOption(isHere ? dhcp6Status.Success : dhcp6Status.NotOnLink)];
}

/** Sections 18.3.7 and 18.3.8: nothing changes, and the client may stop asking. */
function letGo(
  associations: readonly Dhcp6Association[],
  ipv6: InterfaceAddress,
): readonly Dhcp6Option[] {
  const own = ipv6Bytes(ipv6.address);
  const unknown = associations.filter(
    ({ addresses }) => !addresses.some((address) => sameBytes(address, own)),
  );
  return [
    statusOption(dhcp6Status.Success),
    ...unknown.map((association) =>
      associationOption(association, [statusOption(dhcp6Status.NoBinding)]),
    ),
  ];
}

/** What the client asks for, or everything if it has no list. */
function parametersFor(message: Dhcp6Message, asker: ServiceInterface): readonly Dhcp6Option[] {
  const { dhcp } = asker;
  const nameServers = addressList(dhcp.nameServers);
  const timeServers = addressList(dhcp.timeServers).map((address) =>
    new ByteWriter().u16(1).u16(16).bytes(address).take(),
  );
  const isQuestion = message.type === dhcp6Type.INFORMATION_REQUEST;
  const known = [
    option(dhcp6Option.DNS_SERVERS, Buffer.concat(nameServers)),
    option(dhcp6Option.DOMAIN_LIST, domainList(dhcp.domainName)),
    option(dhcp6Option.NTP_SERVER, Buffer.concat(timeServers)),
    // For an INFORMATION-REQUEST alone; a lease has times of its own.
    option(
      dhcp6Option.INFORMATION_REFRESH_TIME,
      isQuestion ? new ByteWriter().u32(refreshS).take() : new Uint8Array(),
    ),
  ].filter(({ data }) => data.length > 0);
  const list = findOption(message, dhcp6Option.ORO);
  if (list === undefined) return known;
  const wanted = new Set<number>();
  for (let at = 0; at + 1 < list.length; at += 2) {
    wanted.add((list[at] ?? 0) * 256 + (list[at + 1] ?? 0));
  }
  return known.filter(({ code }) => wanted.has(code));
}

function domainList(name: string): Uint8Array {
  return name === '' ? new Uint8Array() : encodeName(parseDnsName(name));
}

function addressList(addresses: readonly string[]): readonly Uint8Array[] {
  return addresses.filter((text) => text.includes(':')).map(ipv6Bytes);
}
