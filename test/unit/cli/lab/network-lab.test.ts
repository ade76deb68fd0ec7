// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectMap } from '../../../../src/cli/document/parse.ts';
import { readSource } from '../../../../src/cli/document/source.ts';
import { type LabNetworks, readNetworks } from '../../../../src/cli/lab/network-lab.ts';

function read(text: string): LabNetworks {
  return readNetworks(expectMap(readSource(text, 'f'), 'a lab'));
}

describe('readNetworks()', () => {
  it('reads each kind with its references as they are written', () => {
    const networks = read(`
vpcs: [{display_name: lab, ipv4_cidrs: [10.0.0.0/16]}]
security_groups:
  - display_name: web
    vpc: lab
    ingress: [{protocol: tcp, from_port: 22, to_port: 22, security_group: web}]
network_acls:
  - {display_name: edge, vpc: lab, egress: [{number: 1, protocol: all, cidr: "::/0", action: deny}]}
route_tables:
  - display_name: out
    vpc: lab
    routes: [{destination: "::/0", target: interface, interface: nat}]
subnets: [{display_name: front, vpc: lab, ipv4_cidr: 10.0.1.0/24, route_table: out}]
`);

    expect(networks.vpcs).toMatchObject([{ label: 'lab', fields: { ipv4Cidrs: ['10.0.0.0/16'] } }]);
    expect(networks.securityGroups).toMatchObject([
      { place: 'f:4:5', fields: { vpc: 'lab', ingress: [{ toPort: 22, securityGroup: 'web' }] } },
    ]);
    expect(networks.networkAcls).toMatchObject([
      { fields: { egress: [{ number: 1, action: 'ACL_ACTION_DENY' }] } },
    ]);
    expect(networks.routeTables).toMatchObject([
      { fields: { routes: [{ target: 'ROUTE_TARGET_INTERFACE', interface: 'nat' }] } },
    ]);
    expect(networks.subnets).toMatchObject([{ fields: { vpc: 'lab', routeTable: 'out' } }]);
  });

  it.each([
    ['vpcs: [{display_name: a}, {display_name: a}]', 'there is a "a"'],
    ['vpcs: [{ipv4_cidrs: [10.0.0.0/16]}]', 'it has no display_name'],
    ['vpcs: [{display_name: a, ipv4_cidrs: [ten]}]', 'f:1:39: ipv4_cidrs[0] does not match'],
    ['subnets: [{display_name: a, cidr: 1}]', 'a subnet has no field "cidr"'],
    [
      'security_groups: [{display_name: a, ingress: [{protocol: tpc}]}]',
      'f:1:58: ingress[0].protocol does not match',
    ],
  ])('refuses %j with the place', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
