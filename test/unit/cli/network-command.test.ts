// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addNetworkCommand } from '../../../src/cli/network-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function run(host: FakeHostClient, ...args: readonly string[]): Promise<string> {
  const context = new FakeContext(untouched, { host });
  await runCommand(addNetworkCommand, ['network', ...args], context);
  return context.stdout;
}

async function withVpc(): Promise<FakeHostClient> {
  const host = new FakeHostClient();
  await run(host, 'vpc', 'create', '--name', 'lab', '--ipv4-cidr', '10.0.0.0/16,10.1.0.0/16');
  return host;
}

describe('argon network', () => {
  it('takes a VPC from its making to its end', async () => {
    const host = await withVpc();

    const listed = await run(host, 'vpc', 'list');
    const updated = await run(host, 'vpc', 'update', 'lab', '--name', 'main');
    const shown = await run(host, 'vpc', 'get', 'main');
    const deleted = await run(host, 'vpc', 'delete', 'main');

    expect(listed).toMatch(/vpc-[0-9a-f]{17} +lab +10\.0\.0\.0\/16 10\.1\.0\.0\/16/);
    expect(updated).toMatch(/^vpcs\/vpc-\w+ is changed\n$/);
    expect(shown).toContain('display_name: main');
    expect(deleted).toMatch(/^deleted vpcs\/vpc-/);
    expect(await run(host, 'vpc', 'list')).not.toContain('vpc-');
  });

  it('says of an uplink that it is down, and why, where people look', async () => {
    const host = await withVpc();
    const context = new FakeContext(untouched, { host });
    const uplink = 'tap=outside0,cidr=198.51.100.0/30';

    await runCommand(
      addNetworkCommand,
      ['network', 'vpc', 'update', 'lab', '--uplink', uplink],
      context,
    );

    expect(context.stdout).toMatch(/^vpcs\/vpc-\w+ is changed\n$/);
    expect(context.stderr).toContain('uplink outside0 is down: The network card of the host does');
    expect(await run(host, 'vpc', 'list')).toMatch(/UPLINK\n.* outside0 \(down\)\n/);
    expect(await run(host, 'vpc', 'get', 'lab')).toContain('reason: NoCard');
  });

  it('takes a subnet, and names others by display name', async () => {
    const host = await withVpc();
    await run(
      host,
      'route-table',
      'create',
      '--vpc',
      'lab',
      '--name',
      'out',
      '--routes',
      '::/0=uplink',
    );
    const subnet = ['--vpc', 'lab', '--ipv4-cidr', '10.0.1.0/24', '--route-table', 'out'];

    await run(host, 'subnet', 'create', '--name', 'a', ...subnet);

    expect(await run(host, 'subnet', 'list')).toMatch(/ a +vpc-\w+ +10\.0\.1\.0\/24 .*rtb-/);
    await expect(run(host, 'route-table', 'delete', 'out')).rejects.toThrow('is in use by subnet-');
    await run(host, 'subnet', 'update', 'a', '--route-table', 'none');
    await run(host, 'route-table', 'delete', 'out');
    expect(await run(host, 'subnet', 'get', 'a')).not.toContain('route_table');
  });

  it('makes a main table of one, and no more', async () => {
    const host = await withVpc();
    await run(host, 'route-table', 'create', '--vpc', 'lab', '--name', 'out', '--main');
    expect(await run(host, 'route-table', 'list')).toMatch(/ out +vpc-\w+ +yes +0/);

    await run(host, 'route-table', 'update', 'out', '--main', 'false');

    expect(await run(host, 'route-table', 'get', 'out')).not.toContain('is_main');
  });

  it('takes a security group with rules in words', async () => {
    const host = await withVpc();
    await run(host, 'security-group', 'create', '--vpc', 'lab', '--name', 'web');

    await run(host, 'security-group', 'update', 'web', '--ingress', 'tcp:22@10.0.0.0/8,all@web');

    expect(await run(host, 'security-group', 'list')).toMatch(/ web +vpc-\w+ +2 +2/);
    const shown = await run(host, 'security-group', 'get', 'web');
    expect(shown).toContain('from_port: 22');
    expect(shown).toMatch(/security_group: securityGroups\/sg-/);
  });

  it('takes a network ACL with entries in words', async () => {
    const host = await withVpc();
    const egress = '100 allow all@0.0.0.0/0, 50 deny udp:53@0.0.0.0/0';

    await run(host, 'network-acl', 'create', '--vpc', 'lab', '--name', 'edge', '--egress', egress);

    expect(await run(host, 'network-acl', 'list')).toMatch(/ edge +vpc-\w+ +0 +2/);
    await run(host, 'network-acl', 'update', 'edge', '--egress', 'none');
    expect(await run(host, 'network-acl', 'get', 'edge')).not.toContain('egress');
    await run(host, 'network-acl', 'delete', 'edge');
  });

  it('takes a prefix list, which rules and routes name', async () => {
    const host = await withVpc();
    const size = ['--max-entries', '5', '--entries', '192.0.2.0/24'];
    await run(host, 'prefix-list', 'create', '--name', 'office', ...size);
    const group = ['--vpc', 'lab', '--ingress', 'tcp:22@prefix-list:office'];
    await run(host, 'security-group', 'create', '--name', 'web', ...group);
    const table = ['--vpc', 'lab', '--routes', 'prefix-list:office=blackhole'];
    await run(host, 'route-table', 'create', '--name', 'out', ...table);

    await run(host, 'prefix-list', 'update', 'office', '--entries', '192.0.2.0/25,192.0.2.128/25');

    expect(await run(host, 'prefix-list', 'list')).toMatch(/ office +ipv4 +2 +5 +2\n/);
    const list = /prefix_list: prefixLists\/pl-/;
    expect(await run(host, 'security-group', 'get', 'web')).toMatch(list);
    expect(await run(host, 'route-table', 'get', 'out')).toMatch(list);
    await expect(run(host, 'prefix-list', 'delete', 'office')).rejects.toThrow('is in use by sg-');
  });

  it('takes an option set and a private zone, and gives them to a VPC', async () => {
    const host = await withVpc();
    const servers = ['--domain-name-servers', 'ArgonProvidedDNS,10.0.0.9'];
    await run(host, 'dhcp-options', 'create', '--name', 'office', ...servers);
    const records = 'db.corp A 10.0.1.5, corp 60 MX 10 mail.corp';
    const zone = ['--domain-name', 'corp', '--vpcs', 'lab', '--records', records];
    await run(host, 'private-zone', 'create', '--name', 'corp', ...zone);

    await run(host, 'vpc', 'update', 'lab', '--dhcp-options', 'office');
    await run(host, 'dhcp-options', 'update', 'office', '--ipv6-preferred-lease', '600');

    expect(await run(host, 'vpc', 'get', 'lab')).toMatch(/dhcp_options: dhcpOptions\/dopt-/);
    expect(await run(host, 'dhcp-options', 'list')).toContain('ArgonProvidedDNS 10.0.0.9');
    expect(await run(host, 'private-zone', 'list')).toMatch(/ corp +corp +vpc-\w+ +2/);
    expect(await run(host, 'private-zone', 'get', 'corp')).toContain('ttl_seconds: 60');
    await run(host, 'private-zone', 'update', 'corp', '--vpcs', 'none');
    await run(host, 'private-zone', 'delete', 'corp');
    await run(host, 'vpc', 'update', 'lab', '--dhcp-options', 'none');
    await run(host, 'dhcp-options', 'delete', 'office');
  });

  it('refuses what cannot be, with the field', async () => {
    const host = await withVpc();

    await expect(
      run(host, 'subnet', 'create', '--vpc', 'lab', '--ipv4-cidr', '10.9.0.0/24'),
    ).rejects.toThrow('subnet.ipv4_cidr is in no block of its VPC');
    await expect(run(host, 'vpc', 'create', '--ipv4-cidr', 'ten')).rejects.toThrow(
      '--ipv4-cidr "ten" does not match',
    );
  });
});
