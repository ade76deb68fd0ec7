// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { silentProgress } from '../../../../src/base/progress.ts';
import { applyLab, type Changes } from '../../../../src/cli/lab/apply.ts';
import { readLab } from '../../../../src/cli/lab/lab.ts';
import { FakeHostClient } from '../host/fake-host-client.ts';

async function apply(host: FakeHostClient, text: string): Promise<Changes> {
  const { signal } = new AbortController();
  const lab = readLab(text, 'lab.yaml');
  return applyLab(lab, { client: host, progress: silentProgress, signal });
}

// The groups name each other, and the table names an interface of a subnet that goes by the table.
const whole = `
prefix_lists: [{display_name: office, max_entries: 2, entries: [{cidr: 192.0.2.0/24}]}]
private_zones:
  - display_name: corp
    domain_name: corp.internal
    vpcs: [lab]
    records: [{name: db.corp.internal, type: a, values: [10.0.1.5]}]
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16], dhcp_options: office}]
dhcp_options: [{display_name: office, domain_name: corp.internal}]
security_groups:
  - {display_name: web, vpc: lab, ingress: [{protocol: all, security_group: db}]}
  - display_name: db
    vpc: lab
    ingress: [{protocol: all, security_group: web}]
    is_egress_closed: true
  - display_name: ssh
    vpc: lab
    ingress: [{protocol: tcp, from_port: 22, to_port: 22, prefix_list: office}]
network_acls: [{display_name: edge, vpc: lab}]
route_tables:
  - display_name: out
    vpc: lab
    routes: [{destination: 0.0.0.0/0, target: interface, interface: nat}]
subnets:
  - {display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24, route_table: out, network_acl: edge}
interfaces:
  - {display_name: nat, subnet: front, security_groups: [web, db], source_dest_check: disabled}
`;

describe('applyNetworks()', () => {
  it('makes what names each other, in two steps where it must', async () => {
    const host = new FakeHostClient();

    expect(await apply(host, whole)).toEqual([
      'prefix-list office: created',
      'dhcp-options office: created',
      'vpc lab: created',
      'security-group web: created',
      'security-group db: created',
      'security-group ssh: created',
      'network-acl edge: created',
      'route-table out: created',
      'subnet front: created',
      'interface nat: created',
      'security-group web: changed',
      'security-group db: changed',
      'route-table out: changed',
      'private-zone corp: created',
    ]);
    expect(await apply(host, whole)).toEqual([]);
  });

  it('changes what a file says otherwise, and that alone', async () => {
    const host = new FakeHostClient();
    await apply(host, whole);

    const changes = await apply(
      host,
      `
security_groups:
  - {display_name: web, egress: []}
  - {display_name: db, egress: [{protocol: all, cidr: 10.0.0.0/8}]}
  - {display_name: ssh, is_egress_closed: true}
subnets: [{display_name: front, network_acl: edge}]
interfaces: [{display_name: nat, ipv4_addresses: [10.0.1.4, 10.0.1.9]}]
dhcp_options: [{display_name: office, ntp_servers: [10.0.1.123]}]
prefix_lists: [{display_name: office, entries: [{cidr: 192.0.2.0/25}]}]
private_zones: [{display_name: corp, records: [], vpcs: [lab]}]
`,
    );

    expect(changes).toEqual([
      'prefix-list office: changed',
      'dhcp-options office: changed',
      'interface nat: changed',
      'security-group web: changed',
      'security-group db: changed',
      'security-group ssh: changed',
      'private-zone corp: changed',
    ]);
    const { securityGroups } = await host.call('Networks.ListSecurityGroups', {});
    const { nextPageToken: pageToken } = await host.call('Networks.ListSecurityGroups', {});
    const rest = await host.call('Networks.ListSecurityGroups', { pageToken });
    const all = [...securityGroups, ...rest.securityGroups];
    expect(all.map(({ isEgressClosed }) => isEgressClosed)).toEqual([true, false, true]);
    expect(all.map(({ ingress }) => ingress.length)).toEqual([1, 1, 1]);
  });

  it.each([
    ['vpcs: [{display_name: lab, ipv4_cidrs: [10.1.0.0/16]}]', 'ipv4_cidrs[0] is the primary'],
    ['subnets: [{display_name: front, ipv4_cidr: 10.0.2.0/24}]', 'ipv4_cidr is 10.0.1.0/24 on'],
    ['subnets: [{display_name: back, vpc: lob, ipv4_cidr: 10.0.2.0/24}]', 'there is no vpc "lob"'],
    ['interfaces: [{display_name: nat, security_groups: [wob]}]', 'no security-group "wob"'],
    ['private_zones: [{display_name: corp, domain_name: corp}]', 'domain_name is corp.internal'],
  ])('refuses %s with the place', async (text, message) => {
    const host = new FakeHostClient();
    await apply(host, whole);

    const refused = apply(host, text);

    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^lab\.yaml:1:\d+: /);
  });
});
