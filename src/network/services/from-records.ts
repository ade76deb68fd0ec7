// SPDX-License-Identifier: Apache-2.0

// From the records of VPCs to what the services know of an interface. Made anew when records or
// attachments change; interfaces of one VPC share its names.

import type { Cidr } from '../model/address.ts';
import {
  type DhcpOptions,
  type NetworkInterface,
  type NetworkState,
  providedDns,
  type Subnet,
  type Vpc,
} from '../model/records.ts';
import { dnsAddress, routerAddress } from '../model/subnet-addresses.ts';
import { ipv6Text, linkLocalBytes, macBytes } from './addresses.ts';
import { createDnsView, type DnsView } from './dns.ts';
import type { DnsZone } from './dns-zone.ts';
import type { MetadataInterface } from './metadata/instance.ts';
import { zoneOfRecord } from './private-zones.ts';
import type { InterfaceAddress, ServedOptions, ServiceInterface } from './service-interface.ts';
import type { ServiceAsker } from './services.ts';
import { type AddressBlock, createVpcZone } from './vpc-names.ts';

/** MT-1: what a link within a VPC takes. */
export const vpcMtuBytes = 9001;
// LL-2: the resolver for who asks by IPv6.
const dnsIpv6 = 'fd00:ec2::253';

/** An interface in an instance. */
export interface InterfaceAttachment {
  readonly interfaceId: string;
  readonly instanceId: string;
  /** 0 is the primary one. */
  readonly deviceNumber: number;
}

/** What the records leave open. */
export interface ServiceSettings {
  /** As in `us-east-1`. */
  readonly region: string;
  readonly attachments: readonly InterfaceAttachment[];
  /** The MAC that guests of a subnet see as their router's. */
  routerMacOf(subnet: Subnet): string;
}

/** What one state of the records means to the services. */
export interface ServiceDirectory {
  /** Who asks, by the id of its interface; undefined for one that is not in the records. */
  askerOf(interfaceId: string): ServiceAsker | undefined;
  /** The interfaces of an instance for its metadata, in the order of their device numbers. */
  metadataInterfacesOf(instanceId: string): readonly MetadataInterface[];
}

/** LL-3: the domain of a region's private names. */
export function privateDomain(region: string): string {
  return region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
}

/** @param state consistent, as the checks of the model leave it. */
export function createServiceDirectory(
  state: NetworkState,
  settings: ServiceSettings,
): ServiceDirectory {
  const domain = privateDomain(settings.region);
  const places = placesOf(state, settings.attachments, domain);
  const zones = state['private-zone'].map((record) => {
    return { vpcs: new Set(record.vpcs), zone: zoneOfRecord(record) };
  });
  const byVpc = Map.groupBy(places, ({ vpc }) => vpc.id);
  const byInstance = Map.groupBy(places, ({ attachment }) => attachment?.instanceId);
  const names = new Map(
    state.vpc.map((vpc) => {
      const ofVpc = zones.filter(({ vpcs }) => vpcs.has(vpc.id)).map(({ zone }) => zone);
      const own = { domain, zones: ofVpc };
      return [vpc.id, namesOf(vpc, byVpc.get(vpc.id) ?? [], own)];
    }),
  );
  const askers = new Map(
    places.map((place): [string, ServiceAsker] => {
      const view = names.get(place.vpc.id);
      const asker = interfaceOf(place, settings.routerMacOf(place.subnet));
      return [place.record.id, { interface: asker, ...(view !== undefined && { names: view }) }];
    }),
  );
  const groupNames = new Map(
    state['security-group'].map(({ id, displayName }) => [id, displayName || id]),
  );
  return {
    askerOf: (interfaceId) => askers.get(interfaceId),
    metadataInterfacesOf: (instanceId) =>
      (byInstance.get(instanceId) ?? [])
        .map((place) => metadataOf(place, domain, groupNames))
        .toSorted((left, right) => left.deviceNumber - right.deviceNumber),
  };
}

/** An interface and where it is. */
interface Place {
  readonly record: NetworkInterface;
  readonly subnet: Subnet;
  readonly vpc: Vpc;
  readonly attachment: InterfaceAttachment | undefined;
  readonly dhcp: ServedOptions;
}

function placesOf(
  state: NetworkState,
  attachments: readonly InterfaceAttachment[],
  domain: string,
): readonly Place[] {
  const sets = new Map(state['dhcp-options'].map((options) => [options.id, options]));
  const dhcps = new Map(
    state.vpc.map((vpc) => [vpc.id, optionsOf(vpc, sets.get(vpc.dhcpOptions ?? ''), domain)]),
  );
  const vpcs = new Map(state.vpc.map((vpc) => [vpc.id, vpc]));
  const subnets = new Map(state.subnet.map((subnet) => [subnet.id, subnet]));
  const attached = new Map(attachments.map((each) => [each.interfaceId, each]));
  return state.interface.map((record) => {
    const subnet = subnets.get(record.subnet);
    const vpc = subnet === undefined ? undefined : vpcs.get(subnet.vpc);
    const dhcp = dhcps.get(vpc?.id ?? '');
    // Checked when the record was made, and a subnet in use is not deleted.
    if (subnet === undefined || vpc === undefined || dhcp === undefined) {
      throw new TypeError(`${record.id} is nowhere`);
    }
    return { record, subnet, vpc, attachment: attached.get(record.id), dhcp };
  });
}

/** LL-3: without a set the domain of the region and the resolver of the VPC. */
function optionsOf(vpc: Vpc, set: DhcpOptions | undefined, domain: string): ServedOptions {
  const [primaryBlock] = vpc.ipv4Cidrs;
  const resolver = [...(primaryBlock === undefined ? [] : [dnsAddress(primaryBlock)]), dnsIpv6];
  if (set === undefined) return { domainName: domain, nameServers: resolver, timeServers: [] };
  const { domainNameServers, netbiosNameServers, netbiosNodeType } = set;
  return {
    domainName: set.domainName ?? '',
    nameServers: domainNameServers.flatMap((one) => (one === providedDns ? resolver : [one])),
    timeServers: set.ntpServers,
    netbiosNameServers,
    netbiosNodeType,
    preferredLeaseS: set.ipv6PreferredLeaseSeconds,
  };
}

function namesOf(
  vpc: Vpc,
  places: readonly Place[],
  own: { readonly domain: string; readonly zones: readonly DnsZone[] },
): DnsView {
  const addresses = new Set<string>();
  const byInstance = new Map<string, string[]>();
  const byIpv6 = new Map<string, string>();
  for (const { record, attachment } of places) {
    const { ipv4Addresses, ipv6Addresses } = record;
    for (const address of [...ipv4Addresses, ...ipv6Addresses]) addresses.add(address);
    // The name of an instance stands for its primary interface, and for the first address there.
    if (attachment?.deviceNumber !== 0) continue;
    const { instanceId } = attachment;
    const [ipv6] = ipv6Addresses;
    if (ipv6 !== undefined) byIpv6.set(ipv6, instanceId);
    byInstance.set(instanceId, [...ipv4Addresses.slice(0, 1), ...ipv6Addresses.slice(0, 1)]);
  }
  const madeUp = createVpcZone({
    domainName: own.domain,
    blocks: [...vpc.ipv4Cidrs, ...vpc.ipv6Cidrs].map(blockOf),
    hasAddress: (address) => addresses.has(address),
    addressesOf: (instanceId) => byInstance.get(instanceId),
    instanceAt: (address) => byIpv6.get(address),
  });
  return createDnsView([madeUp, ...own.zones]);
}

function interfaceOf(place: Place, routerMac: string): ServiceInterface {
  const { record, subnet, dhcp } = place;
  const routerIpv6 = ipv6Text(linkLocalBytes(macBytes(routerMac)));
  const ipv4 = addressIn(record.ipv4Addresses[0], subnet.ipv4Cidr, routerAddress);
  const ipv6 = addressIn(record.ipv6Addresses[0], subnet.ipv6Cidr, () => routerIpv6);
  return {
    interfaceId: record.id,
    mac: record.macAddress,
    routerMac,
    mtuBytes: vpcMtuBytes,
    hostName: hostNameOf(place),
    ...(ipv4 !== undefined && { ipv4 }),
    ...(ipv6 !== undefined && { ipv6 }),
    dhcp,
    dhcpRoutes: [],
  };
}

function addressIn(
  address: string | undefined,
  cidr: Cidr | undefined,
  routerOf: (cidr: Cidr) => string,
): InterfaceAddress | undefined {
  if (address === undefined || cidr === undefined) return undefined;
  return { address, prefixLength: blockOf(cidr).prefixLength, router: routerOf(cidr) };
}

/** `ip-10-0-0-5`; where there is no IPv4, the instance's id, or the interface's own. */
function hostNameOf({ record, attachment }: Place): string {
  const [ipv4] = record.ipv4Addresses;
  if (ipv4 !== undefined) return `ip-${ipv4.replaceAll('.', '-')}`;
  return attachment?.instanceId ?? record.id;
}

function metadataOf(
  place: Place,
  domain: string,
  groupNames: ReadonlyMap<string, string>,
): MetadataInterface {
  const { record, subnet, vpc, attachment, dhcp } = place;
  const listOf = (cidr: Cidr | undefined): readonly Cidr[] => (cidr === undefined ? [] : [cidr]);
  return {
    mac: record.macAddress,
    interfaceId: record.id,
    deviceNumber: attachment?.deviceNumber ?? 0,
    localHostName: `${hostNameOf(place)}.${dhcp.domainName || domain}`,
    ipv4s: record.ipv4Addresses,
    ipv6s: record.ipv6Addresses,
    securityGroups: record.securityGroups.map((id) => ({ id, name: groupNames.get(id) ?? id })),
    subnetId: subnet.id,
    subnetIpv4Cidrs: listOf(subnet.ipv4Cidr),
    subnetIpv6Cidrs: listOf(subnet.ipv6Cidr),
    vpcId: vpc.id,
    vpcIpv4Cidrs: vpc.ipv4Cidrs,
    vpcIpv6Cidrs: vpc.ipv6Cidrs,
  };
}

function blockOf(cidr: Cidr): AddressBlock {
  const [address = '', prefixLength = ''] = cidr.split('/');
  return { address, prefixLength: Number(prefixLength) };
}
