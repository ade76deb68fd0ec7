// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseIpAddress } from '../../../../src/network/model/address.ts';
import { checkDhcpOptions, checkDomainName } from '../../../../src/network/model/dhcp-checks.ts';
import type { DhcpOptions } from '../../../../src/network/model/records.ts';
import { sampleOptions, sampleState } from '../samples.ts';

const nothing: Partial<DhcpOptions> = {
  domainName: undefined,
  domainNameServers: [],
  ntpServers: [],
};
const addresses = (count: number, prefix = '10.0.0.') =>
  Array.from({ length: count }, (_, index) => parseIpAddress(`${prefix}${index + 1}`));

function check(changes: Partial<DhcpOptions>): void {
  checkDhcpOptions(sampleState(), sampleOptions(1, changes));
}

describe('checkDhcpOptions()', () => {
  it.each<Partial<DhcpOptions>>([
    {},
    { ...nothing, domainName: 'corp' },
    { ...nothing, netbiosNodeType: 2 },
    { ...nothing, ipv6PreferredLeaseSeconds: 140 },
    { ...nothing, ipv6PreferredLeaseSeconds: 0x7fff_ffff },
    { domainNameServers: ['ArgonProvidedDNS', ...addresses(3)] },
    { ntpServers: [...addresses(4), ...addresses(4, 'fd00::')] },
    { netbiosNameServers: addresses(4) },
  ])('takes %j', (changes) => {
    expect(() => {
      check(changes);
    }).not.toThrow();
  });

  it.each<[Partial<DhcpOptions>, string]>([
    [nothing, 'domain_name is missing, and so is every other option'],
    [{ domainName: 'a..b' }, 'domain_name cannot be'],
    [{ domainName: 'two names' }, 'domain_name cannot be'],
    [{ domainNameServers: addresses(5) }, 'domain_name_servers is too much: 4 '],
    [{ ntpServers: addresses(5, 'fd00::') }, 'ntp_servers is too much: 4 NTP servers of ipv6'],
    [{ netbiosNameServers: addresses(5) }, 'netbios_name_servers is too much: 4 '],
    [{ netbiosNameServers: addresses(1, 'fd00::') }, 'netbios_name_servers[0] is ipv6'],
    [{ ntpServers: [...addresses(1), ...addresses(1)] }, 'ntp_servers[1] is 10.0.0.1 once more'],
    [{ netbiosNodeType: 3 }, 'netbios_node_type is 3'],
    [{ ipv6PreferredLeaseSeconds: 139 }, 'ipv6_preferred_lease_seconds is 139, below 140'],
  ])('refuses %j', (changes, message) => {
    expect(() => {
      check(changes);
    }).toThrow(message);
  });
});

describe('checkDomainName()', () => {
  it('wants a name in the one way to write it, and says which that is', () => {
    expect(() => {
      checkDomainName('domain_name', 'Corp.Internal.');
    }).toThrow(expect.objectContaining({ hint: 'write corp.internal' }));
    expect(() => {
      checkDomainName('domain_name', 'corp.internal');
    }).not.toThrow();
  });
});
