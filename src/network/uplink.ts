// SPDX-License-Identifier: Apache-2.0

// The link between a VPC and the host: a subnet of its own that has the VPC's router and the host
// in it, and nobody else.

import { isAbsolute } from 'node:path';

import { ArgonError } from '../base/errors.ts';
import {
  type JsonObject,
  parseArray,
  parseInteger,
  parseObject,
  parseString,
} from '../base/parse.ts';
import {
  type AddressFamily,
  blockOf,
  type Cidr,
  familyOf,
  formatAddress,
  type IpAddress,
  parseCidr,
  parseIpAddress,
} from './model/address.ts';
import type { Uplink, Vpc } from './model/records.ts';

/** The uplink of a VPC as a card has it: an interface with a number of its own. */
export interface UplinkPlace {
  readonly vpc: string;
  readonly index: number;
}

/** What a device has of one family. */
export interface UplinkLink {
  readonly address: IpAddress;
  readonly gateway: IpAddress;
  readonly prefixLength: number;
  /** What is behind the gateway. */
  readonly routes: readonly Cidr[];
}

/** A TAP device as a card makes it. */
export interface UplinkDevice {
  /** Of the policy's interface. */
  readonly index: number;
  readonly vpc: string;
  readonly tap: string;
  /** Empty: the card's own namespace. */
  readonly namespacePath: string;
  /** Twelve hex digits. */
  readonly mac: string;
  readonly ipv4: UplinkLink;
  readonly ipv6?: UplinkLink;
}

// Where ip-netns(8) keeps namespaces by name.
const namespaceFolder = '/run/netns';

// AD-1: of IPv6 every router has it.
const routerIpv6 = parseIpAddress('fe80:ec2::1');

/** The router's addresses on the link, which is the VPC's end, and the host's. */
export function uplinkAddresses({ ipv4Cidr, ipv6Cidr }: Uplink): {
  readonly router: IpAddress;
  readonly host: IpAddress;
  readonly hostIpv6: IpAddress | undefined;
} {
  return {
    router: addressAt(ipv4Cidr, 1n),
    host: addressAt(ipv4Cidr, 2n),
    hostIpv6: ipv6Cidr === undefined ? undefined : addressAt(ipv6Cidr, 2n),
  };
}

function addressAt(cidr: Cidr, place: bigint): IpAddress {
  const { family, first } = blockOf(cidr);
  return formatAddress(family, first + place);
}

/** The device's: locally administered, the VPC's own, and unlike any router's. */
export function uplinkMac({ id }: Pick<Vpc, 'id'>): Uint8Array {
  return Uint8Array.of(6, ...Buffer.from(id.slice(-10), 'hex'));
}

/** What a card makes the device of an uplink of; `index` is what the policy knows it by. */
export function uplinkDevice(vpc: Vpc, uplink: Uplink, index: number): UplinkDevice {
  const { tap, namespace = '', ipv4Cidr, ipv6Cidr } = uplink;
  const isName = namespace !== '' && !isAbsolute(namespace);
  const { router, host, hostIpv6 } = uplinkAddresses(uplink);
  return {
    index,
    vpc: vpc.id,
    tap,
    namespacePath: isName ? `${namespaceFolder}/${namespace}` : namespace,
    mac: Buffer.from(uplinkMac(vpc)).toString('hex'),
    ipv4: {
      address: host,
      gateway: router,
      prefixLength: blockOf(ipv4Cidr).prefixLength,
      routes: vpc.ipv4Cidrs,
    },
    ...(ipv6Cidr === undefined || hostIpv6 === undefined
      ? {}
      : {
          ipv6: {
            address: hostIpv6,
            gateway: routerIpv6,
            prefixLength: blockOf(ipv6Cidr).prefixLength,
            routes: vpc.ipv6Cidrs,
          },
        }),
  };
}

/** The devices of a policy. */
export function devicesOf(
  vpcs: readonly Vpc[],
  uplinks: readonly UplinkPlace[],
): readonly UplinkDevice[] {
  return uplinks.flatMap(({ vpc: id, index }) => {
    const vpc = vpcs.find((one) => one.id === id);
    return vpc?.uplink === undefined ? [] : [uplinkDevice(vpc, vpc.uplink, index)];
  });
}

/** What JSON.stringify() made of devices. @throws ArgonError invalid-argument for anything else. */
export function parseDevices(value: unknown): readonly UplinkDevice[] {
  return parseArray(value, 'uplinks').map((item) => parseDevice(parseObject(item, 'an uplink')));
}

function parseDevice(device: JsonObject): UplinkDevice {
  const text = (name: string): string => parseString(device[name], name);
  return {
    index: parseInteger(device['index'], 'index', { min: 0, max: 4095 }),
    vpc: text('vpc'),
    tap: text('tap'),
    namespacePath: text('namespacePath'),
    mac: parseMac(text('mac')),
    ipv4: parseLink(device['ipv4'], 'ipv4'),
    ...(device['ipv6'] === undefined ? {} : { ipv6: parseLink(device['ipv6'], 'ipv6') }),
  };
}

function parseLink(value: unknown, family: AddressFamily): UplinkLink {
  const link = parseObject(value, family);
  const bounds = family === 'ipv4' ? { min: 16, max: 30 } : { min: 64, max: 126 };
  return {
    address: requireFamily(parseIpAddress(link['address']), family),
    gateway: requireFamily(parseIpAddress(link['gateway']), family),
    prefixLength: parseInteger(link['prefixLength'], 'prefixLength', bounds),
    routes: parseArray(link['routes'], 'routes').map((route) =>
      requireFamily(parseCidr(route), family),
    ),
  };
}

// What makes the device takes nothing else.
function parseMac(text: string): string {
  if (/^[0-9a-f]{12}$/.test(text)) return text;
  throw new ArgonError('invalid-argument', 'the MAC address of an uplink is not twelve hex digits');
}

function requireFamily<Text extends IpAddress | Cidr>(text: Text, family: AddressFamily): Text {
  if (familyOf(text) === family) return text;
  throw new ArgonError('invalid-argument', `an uplink has ${text} for its ${family}`);
}
