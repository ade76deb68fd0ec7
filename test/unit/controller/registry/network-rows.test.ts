// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { networkRows, parseNetworkRow } from '../../../../src/controller/registry/network-rows.ts';
import { parseCidr } from '../../../../src/network/model/address.ts';
import {
  networkId,
  sampleAcl,
  sampleEntry,
  sampleFlowLog,
  sampleGroup,
  sampleInterface,
  sampleList,
  sampleOptions,
  sampleRecord,
  sampleRule,
  sampleSubnet,
  sampleTable,
  sampleVpc,
  sampleZone,
} from '../../network/samples.ts';

const peer = { kind: 'group', group: networkId('sg', 1) } as const;
const all = parseCidr('0.0.0.0/0');
const target = { kind: 'interface', interface: networkId('eni', 1) } as const;

describe('a row of a network', () => {
  it('gives back the record that it was made of', () => {
    const vpc = sampleVpc();
    const bare = sampleSubnet();
    const subnet = sampleSubnet(2, { routeTable: 'rtb-1', networkAcl: 'acl-1' });
    const table = sampleTable(1, { isMain: true, routes: [{ destination: all, target }] });
    const group = sampleGroup(1, { ingress: [sampleRule({ peer, description: 'from us' })] });
    const acl = sampleAcl(1, { egress: [sampleEntry({ action: 'deny', icmpType: -1 })] });
    const one = sampleInterface(1, { hasSourceDestCheck: false });

    expect(parseNetworkRow('vpc', networkRows.vpc.rowOf(vpc))).toEqual(vpc);
    for (const namespace of ['lab', undefined]) {
      const ipv6Cidr = namespace === undefined ? undefined : parseCidr('fd00:ffff::/64');
      const ipv4Cidr = parseCidr('198.51.100.0/30');
      const uplink = { tap: 'outside0', namespace, ipv4Cidr, ipv6Cidr };
      const row = networkRows.vpc.rowOf(sampleVpc(1, { uplink }));
      expect(parseNetworkRow('vpc', row).uplink).toEqual(uplink);
    }
    for (const record of [bare, subnet]) {
      expect(parseNetworkRow('subnet', networkRows.subnet.rowOf(record))).toEqual(record);
    }
    const tables = networkRows['route-table'];
    expect(parseNetworkRow('route-table', tables.rowOf(table))).toEqual(table);
    const groups = networkRows['security-group'];
    expect(parseNetworkRow('security-group', groups.rowOf(group))).toEqual(group);
    const flowLog = sampleFlowLog(1, { trafficType: 'reject', intervalSeconds: 60 });
    const flowLogs = networkRows['flow-log'];
    expect(parseNetworkRow('flow-log', flowLogs.rowOf(flowLog))).toEqual(flowLog);
    const acls = networkRows['network-acl'];
    expect(parseNetworkRow('network-acl', acls.rowOf(acl))).toEqual(acl);
    expect(parseNetworkRow('interface', networkRows.interface.rowOf(one))).toEqual(one);
  });

  it('gives back option sets and private zones, with all they can say', () => {
    const list = sampleList(1, { family: 'ipv6', entries: [], version: 9 });
    const lists = networkRows['prefix-list'];
    for (const record of [list, sampleList()]) {
      expect(parseNetworkRow('prefix-list', lists.rowOf(record))).toEqual(record);
    }
    const named = { kind: 'prefix-list', prefixList: list.id } as const;
    const group = sampleGroup(1, { egress: [sampleRule({ peer: named })] });
    const groupRow = networkRows['security-group'].rowOf(group);
    expect(parseNetworkRow('security-group', groupRow)).toEqual(group);
    const toList = { destination: undefined, prefixList: list.id, target } as const;
    const table = sampleTable(1, { routes: [toList] });
    const tableRow = networkRows['route-table'].rowOf(table);
    expect(parseNetworkRow('route-table', tableRow)).toEqual(table);
    const options = networkRows['dhcp-options'];
    for (const record of [
      sampleOptions(1, { domainName: undefined, ntpServers: [] }),
      sampleOptions(2, { netbiosNodeType: 8, ipv6PreferredLeaseSeconds: 140 }),
    ]) {
      expect(parseNetworkRow('dhcp-options', options.rowOf(record))).toEqual(record);
    }
    const zone = sampleZone(1, {
      records: [sampleRecord(), sampleRecord({ type: 'TXT', ttlSeconds: undefined })],
    });
    const row = networkRows['private-zone'].rowOf(zone);
    expect(parseNetworkRow('private-zone', row)).toEqual(zone);
    const vpc = sampleVpc(1, { dhcpOptions: networkId('dopt', 1) });
    expect(parseNetworkRow('vpc', networkRows.vpc.rowOf(vpc))).toEqual(vpc);
  });

  it.each([
    { ipv4_cidrs: '["10.0.0.1/16"]' },
    { ipv4_cidrs: '{}' },
    { ipv6_cidrs: 'no JSON' },
    { uplink: '[]' },
    { uplink: '{"tap":"a","ipv4Cidr":"198.51.100.1/30"}' },
    { revision: -1 },
    { id: null },
  ])('that is damaged is told so: %j', (damage) => {
    const row = { ...networkRows.vpc.rowOf(sampleVpc()), ...damage };

    expect(() => parseNetworkRow('vpc', row)).toThrow(
      expect.objectContaining({ code: 'data-loss' }),
    );
  });
});
