// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  parseEntries,
  parseRecords,
  parseRoutes,
  parseRules,
  parseUplink,
} from '../../../../src/cli/host/network-text.ts';

const find = async (kind: string, text: string): Promise<string> =>
  `found/${kind === 'prefix-list' ? 'list-' : ''}${text}`;

describe('rules in words', () => {
  it.each([
    ['tcp:22@10.0.0.0/8', { protocol: 'tcp', fromPort: 22, toPort: 22, cidr: '10.0.0.0/8' }],
    ['udp:53-99@::/0', { protocol: 'udp', fromPort: 53, toPort: 99, cidr: '::/0' }],
    ['tcp@web', { protocol: 'tcp', fromPort: 0, toPort: 65_535, securityGroup: 'found/web' }],
    ['all@prefix-list:pl-1', { protocol: 'all', prefixList: 'found/list-pl-1' }],
    ['all@securityGroups/sg-1', { protocol: 'all', securityGroup: 'found/securityGroups/sg-1' }],
    ['47@fd00::/8', { protocol: '47', cidr: 'fd00::/8' }],
    ['icmp@web', { protocol: 'icmp', icmpType: -1, icmpCode: -1, securityGroup: 'found/web' }],
    ['icmp:8@::/0', { protocol: 'icmp', icmpType: 8, icmpCode: -1, cidr: '::/0' }],
    ['icmpv6:1/4@::/0', { protocol: 'icmpv6', icmpType: 1, icmpCode: 4, cidr: '::/0' }],
  ])('%s', async (text, rule) => {
    expect(await parseRules(text, find)).toEqual([rule]);
  });

  it('come in lists, which may be empty', async () => {
    expect(await parseRules('all@a, all@b', find)).toHaveLength(2);
    expect(await parseRules('none', find)).toEqual([]);
  });

  it.each(['', 'tcp:22', '@web', 'tcp@', 'all:22@web', 'TCP@web', 'all@a,'])(
    'are not %j',
    async (text) => {
      await expect(parseRules(text, find)).rejects.toThrow('cannot be read');
    },
  );

  it.each(['tcp:x@a', 'tcp:70000@a', 'tcp:-1@a', 'icmp:256@a', 'icmp:8/@a'])(
    'have no numbers as in %j',
    async (text) => {
      await expect(parseRules(text, find)).rejects.toMatchObject({ code: 'invalid-argument' });
    },
  );
});

describe('entries in words', () => {
  it('have a number, an action and what they match', () => {
    const [allow, deny] = parseEntries('100 allow tcp:80@0.0.0.0/0, 200 deny all@::/0');

    expect(allow).toEqual({
      number: 100,
      action: 'ACL_ACTION_ALLOW',
      protocol: 'tcp',
      fromPort: 80,
      toPort: 80,
      cidr: '0.0.0.0/0',
    });
    expect(deny).toEqual({
      number: 200,
      action: 'ACL_ACTION_DENY',
      protocol: 'all',
      cidr: '::/0',
    });
    expect(parseEntries('none')).toEqual([]);
  });

  it.each([
    'allow all@::/0',
    '1 permit all@::/0',
    '0 allow all@::/0',
    '32767 deny all@::/0',
    '1 deny all',
  ])('are not %j', (text) => {
    expect(() => parseEntries(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
  });
});

describe('records in words', () => {
  it('have a name, perhaps a time to live, a type and a value', () => {
    const type = 'PRIVATE_RECORD_TYPE_MX';
    expect(parseRecords('corp 60 MX 10 mail.corp, db.corp a 10.0.1.5,corp mx 20 b.corp')).toEqual([
      { name: 'corp', type, ttlSeconds: 60, values: ['10 mail.corp', '20 b.corp'] },
      { name: 'db.corp', type: 'PRIVATE_RECORD_TYPE_A', ttlSeconds: 0, values: ['10.0.1.5'] },
    ]);
  });

  it.each(['', 'db.corp', 'db.corp A', 'db.corp B 1', 'db.corp 1 2 A 3', 'a.corp A 1,'])(
    'are not %j',
    (text) => {
      expect(() => parseRecords(text)).toThrow('cannot be read');
    },
  );
});

describe('an uplink in words', () => {
  it('is a device, a block and perhaps a namespace, or none', () => {
    expect(parseUplink('none')).toBeUndefined();
    expect(parseUplink('cidr=198.51.100.0/30, tap=outside0')).toEqual({
      tap: 'outside0',
      ipv4Cidr: '198.51.100.0/30',
    });
    expect(parseUplink('tap=a,cidr=b,cidr6=c,namespace=/proc/7/ns/net')).toEqual({
      tap: 'a',
      ipv4Cidr: 'b',
      ipv6Cidr: 'c',
      namespace: '/proc/7/ns/net',
    });
  });

  it.each(['', 'outside0', 'tap=', 'tap=a,tap=b', 'mtu=1500', 'none,tap=a'])(
    'is not %j',
    (text) => {
      expect(() => parseUplink(text)).toThrow(
        expect.objectContaining({ hint: expect.stringContaining('tap=outside0') as string }),
      );
    },
  );
});

describe('routes in words', () => {
  it('lead to the uplink, nowhere, or an interface', async () => {
    expect(await parseRoutes('0.0.0.0/0=uplink,::/0=blackhole,10.1.0.0/16=nat', find)).toEqual([
      { destination: '0.0.0.0/0', target: 'ROUTE_TARGET_UPLINK' },
      { destination: '::/0', target: 'ROUTE_TARGET_BLACKHOLE' },
      { destination: '10.1.0.0/16', target: 'ROUTE_TARGET_INTERFACE', interface: 'found/nat' },
    ]);
    expect(await parseRoutes('prefix-list:office=uplink', find)).toEqual([
      { prefixList: 'found/list-office', target: 'ROUTE_TARGET_UPLINK' },
    ]);
  });

  it.each(['0.0.0.0/0', '=uplink', '0.0.0.0/0='])('are not %j', async (text) => {
    await expect(parseRoutes(text, find)).rejects.toThrow('cannot be read');
  });
});
