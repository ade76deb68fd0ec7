// SPDX-License-Identifier: Apache-2.0

import { createSocket } from 'node:dgram';
// oxlint-disable-next-line no-restricted-imports -- A resolver that is not ours, against our own.
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  answerDnsDatagram,
  answerDnsMessage,
  createDnsView,
} from '../../../../src/network/services/dns.ts';
import { createZone, type ZoneRecord } from '../../../../src/network/services/dns-zone.ts';
import { createVpcZone } from '../../../../src/network/services/vpc-names.ts';
import { damaged, hex } from './samples.ts';

const record = (name: string, data: ZoneRecord['data']): ZoneRecord => ({
  name: `${name}.corp.internal`,
  ttlS: 300,
  data,
});

const view = createDnsView([
  createVpcZone({
    domainName: 'ec2.internal',
    blocks: [{ address: '10.0.0.0', prefixLength: 16 }],
    hasAddress: (address) => address === '10.0.16.5',
    addressesOf: () => undefined,
    instanceAt: () => undefined,
  }),
  createZone('corp.internal', [
    record('web', { type: 'A', address: '10.0.16.7' }),
    record('web', { type: 'AAAA', address: '2001:db8::7' }),
    record('www', { type: 'CNAME', target: 'web.corp.internal' }),
    record('node', { type: 'CNAME', target: 'ip-10-0-16-5.ec2.internal' }),
    record('gone', { type: 'CNAME', target: 'nothing.corp.internal' }),
    record('out', { type: 'CNAME', target: 'example.org' }),
    record('loop', { type: 'CNAME', target: 'loop2.corp.internal' }),
    record('loop2', { type: 'CNAME', target: 'loop.corp.internal' }),
    record('mail', { type: 'MX', preference: 10, target: 'web.corp.internal' }),
    record('_ldap._tcp', {
      type: 'SRV',
      priority: 1,
      weight: 2,
      port: 389,
      target: 'web.corp.internal',
    }),
    record('text', { type: 'TXT', texts: ['a', 'b'] }),
    ...Array.from({ length: 60 }, (_, index) =>
      record('many', { type: 'A', address: `10.0.17.${index}` }),
    ),
  ]),
  createZone('7.16.0.10.in-addr.arpa', [
    {
      name: '7.16.0.10.in-addr.arpa',
      ttlS: 60,
      data: { type: 'PTR', target: 'web.corp.internal' },
    },
  ]),
]);

function question(name: string, type: number, more: { opt?: string; class?: number } = {}): Buffer {
  const labels = name
    .split('.')
    .map((label) => Buffer.from([label.length, ...Buffer.from(label)]).toString('hex'))
    .join('');
  const count = more.opt === undefined ? '0000' : '0001';
  const kind = Buffer.of(type >> 8, type & 255, 0, more.class ?? 1).toString('hex');
  return Buffer.from(
    hex(`beef0100000100000000${count}`, labels, '00', kind, more.opt ?? ''),
    'hex',
  );
}

interface Summary {
  readonly rcode: number;
  readonly flags: string;
  readonly counts: readonly number[];
}

const answerDns = (message: Uint8Array): Uint8Array | undefined =>
  answerDnsDatagram(message, view, 8953);

function ask(message: Buffer): Summary {
  return summaryOf(answerDns(message));
}

function summaryOf(bytes: Uint8Array | undefined): Summary {
  const answer = Buffer.from(bytes ?? []);
  const flags = answer.readUInt16BE(2);
  return {
    rcode: flags & 15,
    flags: [(flags & 0x400) !== 0 ? 'AA' : '', (flags & 0x200) !== 0 ? 'TC' : ''].join(''),
    counts: [4, 6, 8, 10].map((at) => answer.readUInt16BE(at)),
  };
}

describe('the resolver', () => {
  it.each([
    ['a name of the VPC', 'ip-10-0-16-5.ec2.internal', 1, 0, 'AA', [1, 1, 0, 0]],
    ['its way back', '5.16.0.10.in-addr.arpa', 12, 0, 'AA', [1, 1, 0, 0]],
    ['an address that nobody has', '8.16.0.10.in-addr.arpa', 12, 3, 'AA', [1, 0, 1, 0]],
    ['a name of a zone', 'WEB.corp.internal', 1, 0, 'AA', [1, 1, 0, 0]],
    ['a type that a name lacks', 'web.corp.internal', 16, 0, 'AA', [1, 0, 1, 0]],
    ['a name that a zone lacks', 'nobody.corp.internal', 1, 3, 'AA', [1, 0, 1, 0]],
    ['the head of a zone', 'corp.internal', 6, 0, 'AA', [1, 1, 0, 0]],
    ['an alias', 'www.corp.internal', 28, 0, 'AA', [1, 2, 0, 0]],
    ['an alias into another zone', 'node.corp.internal', 1, 0, 'AA', [1, 2, 0, 0]],
    ['an alias of nothing', 'gone.corp.internal', 1, 3, 'AA', [1, 1, 1, 0]],
    ['an alias of a name elsewhere', 'out.corp.internal', 1, 0, 'AA', [1, 1, 0, 0]],
    ['aliases that go in a circle', 'loop.corp.internal', 1, 0, 'AA', [1, 8, 0, 0]],
    ['a zone within that of the VPC', '7.16.0.10.in-addr.arpa', 12, 0, 'AA', [1, 1, 0, 0]],
    ['localhost', 'localhost', 1, 0, 'AA', [1, 1, 0, 0]],
    ['a service of localhost', 'localhost', 33, 0, 'AA', [1, 0, 1, 0]],
    ['what is invalid', 'a.invalid', 1, 3, 'AA', [1, 0, 1, 0]],
    ['a name of the world', 'example.org', 1, 5, '', [1, 0, 0, 0]],
    ['a name that only ends alike', 'notcorp.internal', 1, 5, '', [1, 0, 0, 0]],
    ['a transfer', 'corp.internal', 252, 5, '', [1, 0, 0, 0]],
    ['a transfer of changes', 'corp.internal', 251, 5, '', [1, 0, 0, 0]],
  ])('answers %s', (_what, name, type, rcode, flags, counts) => {
    expect(ask(question(name, type))).toEqual({ rcode, flags, counts });
  });

  it('refuses other classes, such as the one that tells versions', () => {
    expect(ask(question('version.bind', 16, { class: 3 })).rcode).toBe(5);
    expect(ask(question('web.corp.internal', 1, { class: 3 })).rcode).toBe(5);
  });

  it('sends to TCP what does not fit, unless the guest takes more', () => {
    const opt = hex('00', '0029', '1000', '00', '00', '0000', '0000');

    expect(ask(question('many.corp.internal', 1))).toEqual({
      rcode: 0,
      flags: 'AATC',
      counts: [1, 0, 0, 0],
    });
    expect(summaryOf(answerDnsMessage(question('many.corp.internal', 1), view)).counts).toEqual([
      1, 60, 0, 0,
    ]);
    expect(ask(question('many.corp.internal', 1, { opt })).counts).toEqual([1, 60, 0, 1]);
  });

  it('sends to TCP what is too long for the link, but 512 bytes always fit', () => {
    const opt = hex('00', '0029', '1000', '00', '00', '0000', '0000');
    const flagsWith = (payloadMax: number): string =>
      summaryOf(answerDnsDatagram(question('many.corp.internal', 1, { opt }), view, payloadMax))
        .flags;

    expect([flagsWith(1452), flagsWith(900)]).toEqual(['AA', 'AATC']);
    const small = answerDnsDatagram(question('web.corp.internal', 1), view, 20);
    expect(summaryOf(small).flags).toBe('AA');
  });

  it('says nothing on TCP either to what is no question', () => {
    expect(answerDnsMessage(Buffer.alloc(5), view)).toBeUndefined();
  });

  it('repeats the spelling of the question, which some guests check', () => {
    const asked = question('wEb.CoRp.InTeRnAl', 1);

    const answer = Buffer.from(answerDns(asked) ?? []);

    expect(answer.subarray(12, asked.length).toString('hex')).toBe(
      asked.subarray(12).toString('hex'),
    );
  });

  it('never throws, and keeps to the size, whatever is done to a message', () => {
    const good = question('www.corp.internal', 1, {
      opt: hex('00', '0029', '0400', '00', '00', '0000', '0000'),
    });
    fc.assert(
      fc.property(damaged(good), (bytes) => {
        expect(answerDns(bytes)?.length ?? 0).toBeLessThanOrEqual(4096);
      }),
    );
  });
});

describe('a resolver that is not ours', () => {
  const socket = createSocket('udp4');
  const resolver = new Resolver({ timeout: 20_000, tries: 2 });

  beforeAll(async () => {
    socket.on('message', (message, { port, address }) => {
      const answer = answerDns(message);
      if (answer !== undefined) socket.send(answer, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  });

  afterAll(async () => {
    socket.close();
    await once(socket, 'close');
  });

  it('reads every type of record', async () => {
    expect(await resolver.resolve4('www.corp.internal')).toEqual(['10.0.16.7']);
    expect(await resolver.resolve6('web.corp.internal')).toEqual(['2001:db8::7']);
    expect(await resolver.resolveCname('www.corp.internal')).toEqual(['web.corp.internal']);
    expect(await resolver.resolveTxt('text.corp.internal')).toEqual([['a', 'b']]);
    expect(await resolver.resolveMx('mail.corp.internal')).toMatchObject([
      { exchange: 'web.corp.internal', priority: 10 },
    ]);
    expect(await resolver.resolveSrv('_ldap._tcp.corp.internal')).toMatchObject([
      { name: 'web.corp.internal', port: 389, priority: 1, weight: 2 },
    ]);
    expect(await resolver.reverse('10.0.16.5')).toEqual(['ip-10-0-16-5.ec2.internal']);
    expect(await resolver.resolveSoa('corp.internal')).toMatchObject({ minttl: 60 });
  });

  it('understands what is not there and what is refused', async () => {
    await expect(resolver.resolve4('nobody.corp.internal')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
    await expect(resolver.resolveTxt('web.corp.internal')).rejects.toMatchObject({
      code: 'ENODATA',
    });
    await expect(resolver.resolve4('example.org')).rejects.toMatchObject({ code: 'EREFUSED' });
  });
});
