// SPDX-License-Identifier: Apache-2.0

// Option sets of DHCP: what the published service takes, but for several domain names in one.

import { parseDnsName } from '../services/dns-name.ts';
import { familyOf } from './address.ts';
import { quotas } from './quotas.ts';
import type { DhcpOptions, NetworkState } from './records.ts';
import { checkOnce, checkQuota, inField, refuse } from './refusal.ts';

const nodeTypes = [1, 2, 4, 8];
const preferredLeaseMin = 140; // The shortest that is published, and what there is without it.

/** @throws FieldError */
export function checkDhcpOptions(state: NetworkState, options: DhcpOptions): void {
  const others = state['dhcp-options'].filter(({ id }) => id !== options.id);
  checkQuota('dhcp_options', others.length + 1, quotas.dhcpOptions, 'on a host');
  const { domainName, netbiosNodeType, ipv6PreferredLeaseSeconds } = options;
  if (domainName !== undefined) checkDomainName('domain_name', domainName);
  checkServers(options);
  if (netbiosNodeType !== undefined && !nodeTypes.includes(netbiosNodeType)) {
    throw refuse('netbios_node_type', `is ${netbiosNodeType}`, 'use 1, 2, 4 or 8; 2 asks servers');
  }
  if (ipv6PreferredLeaseSeconds !== undefined && ipv6PreferredLeaseSeconds < preferredLeaseMin) {
    const field = 'ipv6_preferred_lease_seconds';
    throw refuse(field, `is ${ipv6PreferredLeaseSeconds}, below ${preferredLeaseMin}`);
  }
  const { domainNameServers, ntpServers, netbiosNameServers } = options;
  const lists = [domainNameServers, ntpServers, netbiosNameServers];
  const values = [domainName, netbiosNodeType, ipv6PreferredLeaseSeconds];
  if (lists.every((list) => list.length === 0) && values.every((one) => one === undefined)) {
    throw refuse('domain_name', 'is missing, and so is every other option', 'give one of them');
  }
}

/** @throws FieldError for a name that is none, or is not written in its one way. */
export function checkDomainName(field: string, text: string): void {
  const name = inField(field, () => parseDnsName(text));
  if (name !== text) throw refuse(field, `is "${text}"`, `write ${name}`);
}

function checkServers({ domainNameServers, ntpServers, netbiosNameServers }: DhcpOptions): void {
  const { serversOfOptions } = quotas;
  checkQuota('domain_name_servers', domainNameServers.length, serversOfOptions, 'DNS servers');
  for (const family of ['ipv4', 'ipv6'] as const) {
    const ofFamily = ntpServers.filter((server) => familyOf(server) === family);
    checkQuota('ntp_servers', ofFamily.length, serversOfOptions, `NTP servers of ${family}`);
  }
  checkQuota('netbios_name_servers', netbiosNameServers.length, serversOfOptions, 'name servers');
  for (const [index, server] of netbiosNameServers.entries()) {
    if (familyOf(server) === 'ipv4') continue;
    throw refuse(`netbios_name_servers[${index}]`, 'is ipv6, and NetBIOS is of ipv4 alone');
  }
  const lists: Readonly<Record<string, readonly string[]>> = {
    domain_name_servers: domainNameServers,
    ntp_servers: ntpServers,
    netbios_name_servers: netbiosNameServers,
  };
  for (const [field, servers] of Object.entries(lists)) {
    checkOnce(field, servers);
  }
}
