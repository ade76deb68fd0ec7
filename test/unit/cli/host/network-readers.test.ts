// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  entryReaders,
  listReaders,
  recordReaders,
  referenceReaders,
  ruleReaders,
} from '../../../../src/cli/host/network-readers.ts';
import { addVpc } from '../../controller/handlers/network-scene.ts';
import { FakeHostClient } from './fake-host-client.ts';

const scope = { signal: new AbortController().signal };

describe('readers of flags', () => {
  it('find resources by what they are called', async () => {
    const host = new FakeHostClient();
    const { vpc, subnet, group } = await addVpc(host.networks);
    const readers = referenceReaders(host, scope);

    expect(await readers['vpc']?.('lab')).toBe(vpc);
    expect(await readers['vpcs']?.('lab')).toEqual([vpc]);
    expect(await readers['subnet']?.(subnet)).toBe(subnet);
    expect(await readers['security_groups']?.(`${group}, ${group}`)).toEqual([group, group]);
    await expect(readers['vpc']?.('lob')).rejects.toThrow('there is no vpc "lob"');
  });

  it('name nothing where nothing is meant', async () => {
    const readers = referenceReaders(new FakeHostClient(), scope);

    expect(await readers['route_table']?.('none')).toBe('');
    expect(await readers['network_acl']?.('')).toBe('');
    expect(await readers['dhcp_options']?.('none')).toBe('');
    expect(await readers['vpcs']?.('none')).toEqual([]);
    expect(await readers['security_groups']?.('none')).toEqual([]);
  });

  it('read routes, rules and entries', async () => {
    const host = new FakeHostClient();
    const { group } = await addVpc(host.networks);
    const bare = group.slice(group.indexOf('/') + 1);
    const read = ruleReaders(host, scope)['egress'];

    expect(await read?.(`all@${bare}`)).toMatchObject([{ securityGroup: group }]);
    expect(await entryReaders['ingress']?.('1 deny all@::/0')).toMatchObject([{ number: 1 }]);
    expect(await listReaders['entries']?.('::/0')).toEqual([{ cidr: '::/0' }]);
    const records = await recordReaders['records']?.('db.corp A 10.0.0.1');
    expect(records).toMatchObject([{ name: 'db.corp' }]);
    const routes = await referenceReaders(host, scope)['routes']?.('::/0=uplink');
    expect(routes).toMatchObject([{ destination: '::/0' }]);
  });
});
