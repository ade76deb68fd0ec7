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
  readonly address: IpAddress;
  readonly gateway: IpAddress;
  readonly prefixLength: number;
  readonly routes: readonly Cidr[];
}

// Where ip-netns(8) keeps namespaces by name.
const namespaceFolder = '/run/netns';

/** The router's address on the link, which is the VPC's end, and the host's. */
export function uplinkAddresses({ ipv4Cidr }: Uplink): {
  readonly router: IpAddress;
  readonly host: IpAddress;
} {
  const { family, first } = blockOf(ipv4Cidr);
  return { router: formatAddress(family, first + 1n), host: formatAddress(family, first + 2n) };
}

/** The device's: locally administered, the VPC's own, and unlike any router's. */
export function uplinkMac({ id }: Pick<Vpc, 'id'>): Uint8Array {
  return Uint8Array.of(6, ...Buffer.from(id.slice(-10), 'hex'));
}

/** What a card makes the device of an uplink of; `index` is what the policy knows it by. */
export function uplinkDevice(vpc: Vpc, uplink: Uplink, index: number): UplinkDevice {
  const { tap, namespace = '', ipv4Cidr } = uplink;
  const isName = namespace !== '' && !isAbsolute(namespace);
  const { router, host } = uplinkAddresses(uplink);
  return {
    index,
    vpc: vpc.id,
    tap,
    namespacePath: isName ? `${namespaceFolder}/${namespace}` : namespace,
    mac: Buffer.from(uplinkMac(vpc)).toString('hex'),
    address: host,
    gateway: router,
    prefixLength: blockOf(ipv4Cidr).prefixLength,
    routes: vpc.ipv4Cidrs,
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
    address: requireIpv4(parseIpAddress(device['address'])),
    gateway: requireIpv4(parseIpAddress(device['gateway'])),
    prefixLength: parseInteger(device['prefixLength'], 'prefixLength', { min: 16, max: 30 }),
    routes: parseArray(device['routes'], 'routes').map((route) => requireIpv4(parseCidr(route))),
  };
}

// What makes the device takes nothing else.
function parseMac(text: string): string {
  if (/^[0-9a-f]{12}$/.test(text)) return text;
  throw new ArgonError('invalid-argument', 'the MAC address of an uplink is not twelve hex digits');
}

function requireIpv4<Text extends IpAddress | Cidr>(text: Text): Text {
  if (familyOf(text) === 'ipv4') return text;
  throw new ArgonError('invalid-argument', `an uplink is of IPv4, and not ${text}`);
}
