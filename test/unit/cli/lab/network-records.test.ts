// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { readLab } from '../../../../src/cli/lab/lab.ts';
import { recordsOf } from '../../../../src/cli/lab/network-records.ts';

const lab = `vpcs: [{ display_name: lab, ipv4_cidrs: [10.0.0.0/16], dhcp_options: office }]
security_groups:
  - display_name: web
    vpc: lab
    ingress: [{ protocol: all, security_group: db }]
  - display_name: db
    vpc: lab
    ingress: [{ protocol: tcp, from_port: 5432, to_port: 5432, security_group: web }]
    is_egress_closed: true
network_acls:
  - display_name: strict
    vpc: lab
    ingress: [{ number: 1, protocol: all, cidr: 10.0.0.0/16, action: allow }]
route_tables:
  - display_name: through
    vpc: lab
    is_main: true
    routes:
      - { destination: 192.0.2.0/24, target: interface, interface: middle }
      - { prefix_list: office, target: blackhole }
subnets:
  - { display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24, network_acl: strict }
interfaces:
  - { display_name: middle, subnet: front, security_groups: [web], mac_address: 02:00:00:00:00:01 }
  - { display_name: other, subnet: front, security_groups: [db], mac_address: 02:00:00:00:00:02,
      ipv4_addresses: [10.0.1.77] }
dhcp_options: [{ display_name: office, ntp_servers: [10.0.1.123] }]
prefix_lists: [{ display_name: office, max_entries: 3 }]
private_zones: [{ display_name: corp, domain_name: corp, vpcs: [lab] }]
`;

function read(text: string): ReturnType<typeof recordsOf> {
  const { networks, interfaces } = readLab(text, 'lab.yaml');
  return recordsOf(networks, interfaces);
}

describe('recordsOf()', () => {
  it('makes records that name each other by ids, in whatever order the file has them', () => {
    const { state, interfaceIds } = read(lab);

    const [web, db] = state['security-group'];
    expect(web?.ingress[0]?.peer).toEqual({ kind: 'group', group: db?.id });
    expect(db?.ingress[0]?.peer).toEqual({ kind: 'group', group: web?.id });
    expect([web?.egress.length, db?.egress.length]).toEqual([2, 0]);
    const [table] = state['route-table'];
    const middle = interfaceIds.get('middle');
    expect(table?.routes[1]?.prefixList).toBe(state['prefix-list'][0]?.id);
    expect(table?.routes[0]?.target).toEqual({ kind: 'interface', interface: middle });
    expect(state.subnet[0]?.networkAcl).toBe(state['network-acl'][0]?.id);
    expect(state.subnet[0]?.vpc).toBe(state.vpc[0]?.id);
    expect(state.vpc[0]?.dhcpOptions).toBe(state['dhcp-options'][0]?.id);
    expect(state['private-zone'][0]?.vpcs).toEqual([state.vpc[0]?.id]);
  });

  it('gives an interface of which no address is said the lowest free one', () => {
    const { state } = read(lab);

    const addresses = state.interface.map(({ ipv4Addresses }) => ipv4Addresses);
    expect(addresses).toEqual([['10.0.1.4'], ['10.0.1.77']]);
  });

  it.each([
    ['a reference to nothing', lab.replace('vpc: lab, ipv4', 'vpc: labs, ipv4'), 'no vpc "labs"'],
    ['what the checks refuse', lab.replace('10.0.1.77', '10.0.2.77'), 'lab.yaml:25:5: ipv4_addr'],
  ])('refuses %s, with its place', (_what, text, message) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message) as string }),
    );
  });
});
