// SPDX-License-Identifier: Apache-2.0

// The words of the management API for what the services of networks say, and back.

import type {
  PrivateRecord as ApiRecord,
  DhcpOptions,
  PrivateRecordType,
  PrivateZone,
} from '../../api/generated/argon/v1/network-services.ts';
import { parseIpAddress } from '../../network/model/address.ts';
import {
  type PrivateRecord,
  privateRecordTypes,
  providedDns,
} from '../../network/model/records.ts';
import { refuse } from '../../network/model/refusal.ts';
import {
  describeBase,
  dhcpOptionsNames,
  idOf,
  nameOf,
  parseList,
  type ResourceWords,
  vpcNames,
} from './network-words.ts';

const zoneNames = 'privateZones/';

export const dhcpOptionsWords: ResourceWords<'dhcp-options', DhcpOptions> = {
  field: 'dhcp_options',
  typeName: 'argon.v1.DhcpOptions',
  collection: dhcpOptionsNames,
  paths: {
    display_name: 'displayName',
    domain_name: 'domainName',
    domain_name_servers: 'domainNameServers',
    ntp_servers: 'ntpServers',
    netbios_name_servers: 'netbiosNameServers',
    netbios_node_type: 'netbiosNodeType',
    ipv6_preferred_lease_seconds: 'ipv6PreferredLeaseSeconds',
  },
  parse: (message) => ({
    displayName: message.displayName,
    domainName: message.domainName || undefined,
    domainNameServers: parseList('domain_name_servers', message.domainNameServers, (text) =>
      text === providedDns ? text : parseIpAddress(text),
    ),
    ntpServers: parseList('ntp_servers', message.ntpServers, parseIpAddress),
    netbiosNameServers: parseList(
      'netbios_name_servers',
      message.netbiosNameServers,
      parseIpAddress,
    ),
    netbiosNodeType: message.netbiosNodeType || undefined,
    ipv6PreferredLeaseSeconds: message.ipv6PreferredLeaseSeconds || undefined,
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(dhcpOptionsNames, record),
    domainName: record.domainName ?? '',
    domainNameServers: record.domainNameServers,
    ntpServers: record.ntpServers,
    netbiosNameServers: record.netbiosNameServers,
    netbiosNodeType: record.netbiosNodeType ?? 0,
    ipv6PreferredLeaseSeconds: record.ipv6PreferredLeaseSeconds ?? 0,
    etag,
  }),
};

export const privateZoneWords: ResourceWords<'private-zone', PrivateZone> = {
  field: 'private_zone',
  typeName: 'argon.v1.PrivateZone',
  collection: zoneNames,
  paths: { display_name: 'displayName', vpcs: 'vpcs', records: 'records' },
  parse: ({ displayName, domainName, vpcs, records }) => ({
    displayName,
    domainName,
    vpcs: vpcs.map(idOf),
    records: parseList('records', records, parseRecord),
  }),
  describe: ({ record, etag }) => ({
    ...describeBase(zoneNames, record),
    domainName: record.domainName,
    vpcs: record.vpcs.map((id) => nameOf(vpcNames, id)),
    records: record.records.map(describeRecord),
    etag,
  }),
};

const typePrefix = 'PRIVATE_RECORD_TYPE_';

function describeRecord({ name, type, ttlSeconds = 0, values }: PrivateRecord): ApiRecord {
  return { name, type: `${typePrefix}${type}`, ttlSeconds, values };
}

function parseRecord({ name, type, ttlSeconds, values }: ApiRecord, field: string): PrivateRecord {
  return { name, type: typeOf(type, field), ttlSeconds: ttlSeconds || undefined, values };
}

function typeOf(type: PrivateRecordType, field: string): PrivateRecord['type'] {
  const found = privateRecordTypes.find((one) => type === `${typePrefix}${one}`);
  if (found === undefined) throw refuse(`${field}.type`, 'is missing');
  return found;
}
