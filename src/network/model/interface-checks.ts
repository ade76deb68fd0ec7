// SPDX-License-Identifier: Apache-2.0

// Interfaces: which addresses and groups they may have, and which addresses the host gives them.

import { type AddressFamily, familyOf, type IpAddress, isWithin } from './address.ts';
import { quotas } from './quotas.ts';
import type { NetworkInterface, NetworkState, Subnet } from './records.ts';
import { checkQuota, FieldError, refuse } from './refusal.ts';
import { isReserved, lowestFreeAddress } from './subnet-addresses.ts';

/** @throws FieldError for an interface that cannot stand beside what there is. */
export function checkInterface(state: NetworkState, one: NetworkInterface): void {
  const subnet = state.subnet.find(({ id }) => id === one.subnet);
  if (subnet === undefined) throw refuse('subnet', 'does not exist');
  const others = state.interface.filter(({ id }) => id !== one.id);
  checkQuota('interfaces', others.length + 1, quotas.interfaces, 'on a host');
  checkMac(one, others);
  const neighbors = others.filter((other) => other.subnet === subnet.id);
  checkAddresses('ipv4', one, { subnet, neighbors });
  checkAddresses('ipv6', one, { subnet, neighbors });
  if (one.ipv4Addresses.length + one.ipv6Addresses.length === 0) {
    throw refuse('ipv4_addresses', 'is empty, and ipv6_addresses too');
  }
  const before = state.interface.find(({ id }) => id === one.id);
  const primary = before?.ipv4Addresses[0];
  if (primary !== undefined && primary !== one.ipv4Addresses[0]) {
    throw refuse('ipv4_addresses[0]', `is the primary address and stays ${primary}`);
  }
  checkGroups(state, one, subnet);
}

/**
 * The interface with an address of each family that its subnet has and that none is asked of: the
 * lowest that is free.
 * @throws FieldError if there is none, or the subnet does not exist.
 */
export function withAddresses(state: NetworkState, one: NetworkInterface): NetworkInterface {
  const subnet = state.subnet.find(({ id }) => id === one.subnet);
  if (subnet === undefined) throw refuse('subnet', 'does not exist');
  const neighbors = state.interface.filter(({ subnet: id }) => id === subnet.id);
  const chosen = (family: AddressFamily): readonly IpAddress[] => {
    const asked = addressesOf(one, family);
    const cidr = blockOfFamily(subnet, family);
    if (asked.length > 0 || cidr === undefined) return asked;
    const taken = new Set(neighbors.flatMap((other) => addressesOf(other, family)));
    const free = lowestFreeAddress(cidr, taken);
    if (free !== undefined) return [free];
    throw new FieldError('resource-exhausted', 'subnet', `has no free address in ${cidr}`, {
      hint: 'delete interfaces of it, or use another subnet',
    });
  };
  return { ...one, ipv4Addresses: chosen('ipv4'), ipv6Addresses: chosen('ipv6') };
}

/** The addresses of an interface in one family, the primary one first. */
export function addressesOf(one: NetworkInterface, family: AddressFamily): readonly IpAddress[] {
  return family === 'ipv4' ? one.ipv4Addresses : one.ipv6Addresses;
}

interface Place {
  readonly subnet: Subnet;
  readonly neighbors: readonly NetworkInterface[];
}

function checkAddresses(
  family: AddressFamily,
  one: NetworkInterface,
  { subnet, neighbors }: Place,
): void {
  const field = family === 'ipv4' ? 'ipv4_addresses' : 'ipv6_addresses';
  const addresses = addressesOf(one, family);
  const cidr = blockOfFamily(subnet, family);
  checkQuota(field, addresses.length, quotas.addressesOfInterface, 'addresses of a family');
  for (const [index, address] of addresses.entries()) {
    const here = `${field}[${index}]`;
    if (familyOf(address) !== family) throw refuse(here, `is ${address}, which is not ${family}`);
    if (cidr === undefined || !isWithin(address, cidr)) {
      throw refuse(here, `is not in the block of its subnet, ${cidr ?? `which has no ${family}`}`);
    }
    if (isReserved(address, cidr)) {
      throw refuse(here, `is ${address}, one of the first four and the last of ${cidr}`);
    }
    if (addresses.indexOf(address) !== index) throw refuse(here, 'is there twice');
    const owner = neighbors.find((other) => addressesOf(other, family).includes(address));
    if (owner !== undefined) throw refuse(here, `is an address of interface ${owner.id}`);
  }
}

function checkMac({ macAddress }: NetworkInterface, others: readonly NetworkInterface[]): void {
  // IEEE 802: bit 0 of the first byte is set in the address of a group.
  const isGroup = (Number.parseInt(macAddress.slice(0, 2), 16) & 1) !== 0;
  if (isGroup || macAddress === '00:00:00:00:00:00') {
    throw refuse('mac_address', `is ${macAddress}, which is no station's`);
  }
  const owner = others.find((other) => other.macAddress === macAddress);
  if (owner === undefined) return;
  throw new FieldError('already-exists', 'mac_address', `is that of interface ${owner.id}`);
}

function checkGroups(state: NetworkState, one: NetworkInterface, { vpc }: Subnet): void {
  const field = 'security_groups';
  if (one.securityGroups.length === 0) {
    throw refuse(field, 'is empty', 'make a group first: argon network security-group create');
  }
  checkQuota(field, one.securityGroups.length, quotas.groupsOfInterface, 'groups of an interface');
  for (const [index, id] of one.securityGroups.entries()) {
    const here = `${field}[${index}]`;
    const group = state['security-group'].find((known) => known.id === id);
    if (group === undefined) throw refuse(here, 'does not exist');
    if (group.vpc !== vpc) throw refuse(here, `is of another VPC, ${group.vpc}`);
    if (one.securityGroups.indexOf(id) !== index) throw refuse(here, 'is there twice');
  }
}

function blockOfFamily(subnet: Subnet, family: AddressFamily): Subnet['ipv4Cidr'] {
  return family === 'ipv4' ? subnet.ipv4Cidr : subnet.ipv6Cidr;
}
