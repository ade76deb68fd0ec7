// Written from the resources of argon.v1 by `npm run generate`; not edited by hand.

import { type DhcpOptions, dhcpOptionsType, type PrivateZone, privateZoneType } from './network-services.ts';
import { type FlowLog, flowLogType } from './flow-logs.ts';
import { type Instance, instanceType } from './instances.ts';
import { type Interface, interfaceType } from './interfaces.ts';
import { type NetworkAcl, networkAclType, type RouteTable, routeTableType, type SecurityGroup, securityGroupType, type Subnet, subnetType, type Vpc, vpcType } from './network-resources.ts';
import { type PrefixList, prefixListType } from './prefix-lists.ts';
import { type Volume, volumeType } from './volumes.ts';
import type { ResourceFlags } from '../../../schema.ts';

/** The flags of each resource, in the order of its fields. */
export const resourceFlags: {
  readonly DhcpOptions: ResourceFlags<DhcpOptions>;
  readonly FlowLog: ResourceFlags<FlowLog>;
  readonly Instance: ResourceFlags<Instance>;
  readonly Interface: ResourceFlags<Interface>;
  readonly NetworkAcl: ResourceFlags<NetworkAcl>;
  readonly PrefixList: ResourceFlags<PrefixList>;
  readonly PrivateZone: ResourceFlags<PrivateZone>;
  readonly RouteTable: ResourceFlags<RouteTable>;
  readonly SecurityGroup: ResourceFlags<SecurityGroup>;
  readonly Subnet: ResourceFlags<Subnet>;
  readonly Volume: ResourceFlags<Volume>;
  readonly Vpc: ResourceFlags<Vpc>;
} = {
  DhcpOptions: {
    type: dhcpOptionsType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'domain-name', field: 'domain_name', verbs: ['create', 'update'], help: 'The domain that guests look short names up in, in lower case.' },
      { name: 'domain-name-servers', field: 'domain_name_servers', verbs: ['create', 'update'], help: 'At most 4 addresses; ArgonProvidedDNS is the resolver of the VPC.' },
      { name: 'ntp-servers', field: 'ntp_servers', verbs: ['create', 'update'], help: 'At most 4 addresses of each family.' },
      { name: 'netbios-name-servers', field: 'netbios_name_servers', verbs: ['create', 'update'], help: 'At most 4 addresses of IPv4.' },
      { name: 'netbios-node-type', field: 'netbios_node_type', verbs: ['create', 'update'], help: '1, 2, 4 or 8, as RFC 2132 has it; 0 is not sent.' },
      { name: 'ipv6-preferred-lease', field: 'ipv6_preferred_lease_seconds', verbs: ['create', 'update'], help: 'How long a guest has its IPv6 address before it asks again, from 140 seconds on; 0 is 140.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  FlowLog: {
    type: flowLogType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create'], help: 'A display name: lower-case letters, digits and dashes.' },
      { name: 'resource', field: 'resource', verbs: ['create'], help: 'The VPC or the subnet whose interfaces are logged, or the one that is.' },
      { name: 'traffic-type', field: 'traffic_type', verbs: ['create'], help: 'What was let through, what was denied, or all, which is meant where nothing is said.' },
      { name: 'interval', field: 'max_aggregation_seconds', verbs: ['create'], help: 'The longest time that a record covers, in seconds: 60, or 600 where nothing is said.' },
      { name: 'fields', field: 'fields', verbs: ['create'], help: 'The published names of a line\'s fields, in their order; else those of version 2.' },
    ],
  },
  Instance: {
    type: instanceType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'image', field: 'image', verbs: ['create'], help: 'What boots, unless a boot volume is given. DEBIAN is copied into a new boot volume.' },
      { name: 'boot-volume', field: 'boot_volume', verbs: ['create'], help: 'A volume with a boot loader on it, to boot from.' },
      { name: 'cpus', field: 'cpu_count', verbs: ['create'], help: 'How many virtual CPUs; 0 is 2.' },
      { name: 'memory', field: 'memory_bytes', verbs: ['create'], help: 'How much memory: a multiple of 1 MiB. 0 is 512 MiB, and with a disk 1 GiB.' },
      { name: 'limit', field: 'limits', verbs: ['create', 'update'], help: 'Limits that all its volumes share.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
      { name: 'user-data', field: 'user_data', verbs: ['create'], help: 'User data: what cloud-init reads and runs in the guest. It may have secrets, and no answer has it.' },
      { name: 'key', field: 'public_keys', verbs: ['create'], help: 'Keys that the guest lets in by SSH.' },
      { name: 'tag', field: 'tags', verbs: ['create', 'update'], help: 'Tags, each key once. The guest sees them only if its metadata options say so.' },
      { name: 'metadata', field: 'metadata_options', verbs: ['create', 'update'], help: 'How the metadata service answers the guest.' },
      { name: 'network-allowance', field: 'network_allowance', verbs: ['create', 'update'], help: 'What its network interfaces may do together.' },
    ],
  },
  Interface: {
    type: interfaceType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'mac', field: 'mac_address', verbs: ['create'], help: 'Six pairs of hex digits. Where nothing is said the host chooses a local one.' },
      { name: 'subnet', field: 'subnet', verbs: ['create'], help: 'The subnet that it is in.' },
      { name: 'ipv4-address', field: 'ipv4_addresses', verbs: ['create', 'update'], help: 'Addresses of the subnet. The first is the primary one, and stays. Where nothing is said the host gives it one, if the subnet has IPv4.' },
      { name: 'ipv6-address', field: 'ipv6_addresses', verbs: ['create', 'update'], help: 'As for IPv4.' },
      { name: 'security-group', field: 'security_groups', verbs: ['create', 'update'], help: 'One to five groups of its VPC: what any of them allows is allowed.' },
      { name: 'source-dest-check', field: 'source_dest_check', verbs: ['create', 'update'], help: 'Whether it sends and gets only what is from and to itself: ENABLED where nothing is said.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  NetworkAcl: {
    type: networkAclType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'vpc', field: 'vpc', verbs: ['create'], help: 'The VPC that it is of.' },
      { name: 'ingress', field: 'ingress', verbs: ['create', 'update'], help: 'What may enter the subnet.' },
      { name: 'egress', field: 'egress', verbs: ['create', 'update'], help: 'What may leave the subnet.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  PrefixList: {
    type: prefixListType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'address-family', field: 'address_family', verbs: ['create'], help: 'Of all its entries; IPv4 where nothing is said.' },
      { name: 'max-entries', field: 'max_entries', verbs: ['create', 'update'], help: 'How many entries there may be; what names the list counts as many rules or routes.' },
      { name: 'entries', field: 'entries', verbs: ['create', 'update'], help: '' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  PrivateZone: {
    type: privateZoneType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'domain-name', field: 'domain_name', verbs: ['create'], help: 'What all its names end with, in lower case.' },
      { name: 'vpcs', field: 'vpcs', verbs: ['create', 'update'], help: 'The VPCs that have it; a VPC has one of a domain, and the longest that fits a name answers.' },
      { name: 'records', field: 'records', verbs: ['create', 'update'], help: '' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  RouteTable: {
    type: routeTableType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'vpc', field: 'vpc', verbs: ['create'], help: 'The VPC that it is of.' },
      { name: 'main', field: 'is_main', verbs: ['create', 'update'], help: 'For the subnets that have no table of their own; one of a VPC is the main one.' },
      { name: 'routes', field: 'routes', verbs: ['create', 'update'], help: 'Routes beside those to the blocks of the VPC, which are there always.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  SecurityGroup: {
    type: securityGroupType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'vpc', field: 'vpc', verbs: ['create'], help: 'The VPC that it is of.' },
      { name: 'ingress', field: 'ingress', verbs: ['create', 'update'], help: 'What may come in; nothing else does.' },
      { name: 'egress', field: 'egress', verbs: ['create', 'update'], help: 'What may go out. A new group where nothing is said lets everything out.' },
      { name: 'egress-closed', field: 'is_egress_closed', verbs: ['create'], help: 'That a group that is made lets nothing out; an update says so by `egress` without rules.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  Subnet: {
    type: subnetType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'vpc', field: 'vpc', verbs: ['create'], help: 'The VPC that it is of.' },
      { name: 'ipv4-cidr', field: 'ipv4_cidr', verbs: ['create'], help: 'A block of its VPC, /16 to /28.' },
      { name: 'ipv6-cidr', field: 'ipv6_cidr', verbs: ['create'], help: 'A /64 of its VPC.' },
      { name: 'route-table', field: 'route_table', verbs: ['create', 'update'], help: 'Where nothing is said it goes by the main table of the VPC, or by the local routes alone.' },
      { name: 'network-acl', field: 'network_acl', verbs: ['create', 'update'], help: 'Where nothing is said everything passes.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  Volume: {
    type: volumeType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'size', field: 'size_bytes', verbs: ['create', 'update'], help: 'How large it is: a multiple of 4096. A volume only grows.' },
      { name: 'cipher', field: 'cipher', verbs: ['create'], help: 'How its blocks are encrypted: AES_256_XTS where nothing is said.' },
      { name: 'limit', field: 'limits', verbs: ['create', 'update'], help: 'Limits of its I/O.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
    ],
  },
  Vpc: {
    type: vpcType,
    flags: [
      { name: 'name', field: 'display_name', verbs: ['create', 'update'], help: 'A display name: lower-case letters, digits and dashes. No two of a lab file share one.' },
      { name: 'ipv4-cidr', field: 'ipv4_cidrs', verbs: ['create', 'update'], help: 'Blocks of IPv4 addresses, /16 to /28. The first is the primary one, and stays.' },
      { name: 'ipv6-cidr', field: 'ipv6_cidrs', verbs: ['create', 'update'], help: 'Blocks of IPv6 addresses, /44 to /60 in steps of 4.' },
      { name: 'etag', field: 'etag', verbs: ['update'], help: 'Changes with every change; an update that gives an older one is refused.' },
      { name: 'uplink', field: 'uplink', verbs: ['create', 'update'], help: 'Where nothing is said there is none, and what is routed to it is dropped. Only of a host that was started with --allow-uplink.' },
      { name: 'dhcp-options', field: 'dhcp_options', verbs: ['create', 'update'], help: 'What DHCP tells its guests. Where nothing is said they are told the resolver and the domain of the VPC.' },
    ],
  },
};
