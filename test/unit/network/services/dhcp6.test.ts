// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ipv6Bytes } from '../../../../src/network/services/addresses.ts';
import { answerDhcp6 } from '../../../../src/network/services/dhcp6.ts';
import {
  addressOption,
  associationOption,
  type Dhcp6Option,
  decodeDhcp6,
  dhcp6Option,
  dhcp6Type,
  encodeDhcp6,
  option,
} from '../../../../src/network/services/dhcp6-message.ts';
import { damaged, hex, sampleInterface } from './samples.ts';

const own = '2001:db8:0:1::5';
const neighbor = '2001:db8:0:1::6';
const elsewhere = '2001:db8:0:2::5';
const clientId = option(dhcp6Option.CLIENTID, Buffer.from('00030001020000000005', 'hex'));
const serverId = option(dhcp6Option.SERVERID, Buffer.from('00030001020000000001', 'hex'));
const otherServerId = option(dhcp6Option.SERVERID, Buffer.from('00030001020000000009', 'hex'));
const nothingMore = option(dhcp6Option.ORO, Buffer.alloc(0));

function want(
  id: number,
  addresses: readonly string[] = [],
  code: number = dhcp6Option.IA_NA,
): Dhcp6Option {
  const content = addresses.map((text) =>
    addressOption(ipv6Bytes(text), { preferredS: 1, validS: 2 }),
  );
  return associationOption({ code, id, addresses: [] }, content);
}

// What comes back, an option a line: its code, then its data as hex.
function ask(type: number, options: readonly Dhcp6Option[], changes = {}): string[] | undefined {
  const question = encodeDhcp6({ type, transactionId: Buffer.of(1, 2, 3), options });
  const answer = answerDhcp6(question, sampleInterface(changes));
  if (answer === undefined) return undefined;
  const message = decodeDhcp6(answer) ?? { type: 0, transactionId: answer, options: [] };
  expect(Buffer.from(message.transactionId).toString('hex')).toBe('010203');
  return [
    `type ${message.type}`,
    ...message.options.map(({ code, data }) => `${code} ${Buffer.from(data).toString('hex')}`),
  ];
}

const ids = ['1 00030001020000000005', '2 00030001020000000001'];
const hexOf = (text: string): string => Buffer.from(ipv6Bytes(text)).toString('hex');
const address = (text: string, times: string): string => hex('0005', '0018', hexOf(text), times);
const leased = (id: string): string =>
  hex('3 ', id, '00000046', '00000070', address(own, '0000008c000001c2'));
const refused = (code: number, id: string, status: string): string =>
  hex(`${code} `, id, code === 4 ? '' : '0'.repeat(16), '000d0002', status);

describe('answerDhcp6()', () => {
  it('advertises the address of the interface, with what is asked for', () => {
    const list = option(dhcp6Option.ORO, Buffer.from('0017001800380020', 'hex'));

    expect(ask(dhcp6Type.SOLICIT, [clientId, want(7), list])).toEqual([
      'type 2',
      ...ids,
      leased('00000007'),
      `23 ${hexOf('fd00:ec2::253')}`,
      `24 ${hex('03', '656332', '08', '696e7465726e616c', '00')}`,
      `56 ${hex('0001', '0010', hexOf('fd00:ec2::123'))}`,
    ]);
  });

  it('sends all parameters to who has no list', () => {
    expect(ask(dhcp6Type.SOLICIT, [clientId, want(7)])?.map((line) => line.split(' ')[0])).toEqual([
      'type',
      '1',
      '2',
      '3',
      '23',
      '24',
      '56',
    ]);
  });

  it.each([
    [140, '0000004600000070', '0000008c000001c2'],
    [600, '0000012c000001e0', '000002580000038e'],
    [0x7fff_ffff, '3fffffff66666665', '7fffffff80000135'],
  ])('lets an option set say that a lease is preferred for %i s', (preferredLeaseS, of, each) => {
    const dhcp = { domainName: '', nameServers: [], timeServers: [], preferredLeaseS };
    const given = hex('3 ', '00000007', of, address(own, each));

    expect(ask(dhcp6Type.SOLICIT, [clientId, want(7)], { dhcp })).toEqual([
      'type 2',
      ...ids,
      given,
    ]);
  });

  it('replies at once to who asks for that', () => {
    const quick = option(dhcp6Option.RAPID_COMMIT, Buffer.alloc(0));

    expect(ask(dhcp6Type.SOLICIT, [clientId, quick, want(7), nothingMore])).toEqual([
      'type 7',
      ...ids,
      '14 ',
      leased('00000007'),
    ]);
    expect(ask(dhcp6Type.REQUEST, [clientId, serverId, quick, nothingMore])).not.toContain('14 ');
  });

  it.each([
    ['REQUEST', dhcp6Type.REQUEST, [serverId]],
    ['RENEW', dhcp6Type.RENEW, [serverId]],
    ['REBIND', dhcp6Type.REBIND, []],
  ])('gives the address to a %s', (_name, type, more) => {
    const asked = [clientId, ...more, want(7, [own]), nothingMore];

    expect(ask(type, asked)).toEqual(['type 7', ...ids, leased('00000007')]);
  });

  it('says to a REQUEST for an address of another link that it is none of this one', () => {
    const asked = [clientId, serverId, want(7, [elsewhere]), nothingMore];

    expect(ask(dhcp6Type.REQUEST, asked)).toEqual([
      'type 7',
      ...ids,
      refused(3, '00000007', '0004'),
    ]);
    const near = [clientId, serverId, want(7, [neighbor]), nothingMore];
    expect(ask(dhcp6Type.REQUEST, near)).toEqual(['type 7', ...ids, leased('00000007')]);
  });

  it.each([
    ['RENEW', dhcp6Type.RENEW, [serverId]],
    ['REBIND', dhcp6Type.REBIND, []],
  ])('ends other addresses in a %s', (_name, type, more) => {
    const asked = [clientId, ...more, want(7, [neighbor, own]), nothingMore];

    expect(ask(type, asked)).toEqual([
      'type 7',
      ...ids,
      leased('00000007') + address(neighbor, '0'.repeat(16)),
    ]);
  });

  it('has one address, and no temporary ones nor prefixes', () => {
    const asked = [want(7), want(8), want(9, [], 4), want(10, [], 25), nothingMore];

    expect(ask(dhcp6Type.SOLICIT, [clientId, ...asked])).toEqual([
      'type 2',
      ...ids,
      leased('00000007'),
      refused(3, '00000008', '0002'),
      refused(4, '00000009', '0002'),
      refused(25, '0000000a', '0006'),
    ]);
    expect(ask(dhcp6Type.RENEW, [clientId, serverId, ...asked])?.slice(4)).toEqual([
      refused(3, '00000008', '0003'),
      refused(4, '00000009', '0003'),
      refused(25, '0000000a', '0003'),
    ]);
  });

  it('answers for no more associations and addresses than a client can mean', () => {
    const many = Array.from({ length: 20 }, (_, index) => want(index));
    const addresses = Array.from({ length: 20 }, (_, index) => `2001:db8:0:1::${index + 16}`);

    expect(ask(dhcp6Type.SOLICIT, [clientId, ...many, nothingMore])).toHaveLength(3 + 8);
    const renewed = ask(dhcp6Type.REBIND, [clientId, want(7, addresses), nothingMore]);
    expect(renewed?.[3]).toHaveLength(leased('00000007').length + 8 * 56);
  });

  it.each([
    ['on this link', [own, neighbor], '0000'],
    ['on another link', [own, elsewhere], '0004'],
  ])('confirms addresses %s', (_where, addresses, status) => {
    expect(ask(dhcp6Type.CONFIRM, [clientId, want(7, addresses)])).toEqual([
      'type 7',
      ...ids,
      `13 ${status}`,
    ]);
  });

  it('is silent to a CONFIRM of nothing (section 18.3.3)', () => {
    expect(ask(dhcp6Type.CONFIRM, [clientId, want(7)])).toBeUndefined();
  });

  it.each([
    ['RELEASE', dhcp6Type.RELEASE],
    ['DECLINE', dhcp6Type.DECLINE],
  ])('lets a %s be, and knows what it never gave', (_name, type) => {
    expect(ask(type, [clientId, serverId, want(7, [own]), want(8, [neighbor])])).toEqual([
      'type 7',
      ...ids,
      '13 0000',
      refused(3, '00000008', '0003'),
    ]);
  });

  it('gives parameters alone to an INFORMATION-REQUEST, with or without names', () => {
    const list = option(dhcp6Option.ORO, Buffer.from('00170020', 'hex'));
    const parameters = [`23 ${hexOf('fd00:ec2::253')}`, '32 00015180'];

    expect(ask(dhcp6Type.INFORMATION_REQUEST, [clientId, serverId, list])).toEqual([
      'type 7',
      ...ids,
      ...parameters,
    ]);
    expect(ask(dhcp6Type.INFORMATION_REQUEST, [list])).toEqual(['type 7', ids[1], ...parameters]);
  });

  it.each([
    ['a SOLICIT of nobody', dhcp6Type.SOLICIT, [want(7)]],
    ['a SOLICIT to a server', dhcp6Type.SOLICIT, [clientId, serverId, want(7)]],
    ['a REQUEST to no server', dhcp6Type.REQUEST, [clientId, want(7)]],
    ['a REQUEST to another server', dhcp6Type.REQUEST, [clientId, otherServerId, want(7)]],
    ['a CONFIRM to a server', dhcp6Type.CONFIRM, [clientId, serverId, want(7, [own])]],
    ['a RENEW to another server', dhcp6Type.RENEW, [clientId, otherServerId, want(7)]],
    ['a REBIND to a server', dhcp6Type.REBIND, [clientId, serverId, want(7)]],
    ['a RELEASE to no server', dhcp6Type.RELEASE, [clientId, want(7)]],
    ['a DECLINE to another server', dhcp6Type.DECLINE, [clientId, otherServerId, want(7)]],
    ['a question to another server', dhcp6Type.INFORMATION_REQUEST, [otherServerId]],
    ['a question with an association', dhcp6Type.INFORMATION_REQUEST, [clientId, want(7)]],
    ['an ADVERTISE', dhcp6Type.ADVERTISE, [clientId, serverId]],
    ['a REPLY', dhcp6Type.REPLY, [clientId, serverId]],
    ['a RECONFIGURE', 10, [clientId, serverId]],
    ['a relay', 12, [clientId]],
    ['a name of 131 bytes', dhcp6Type.SOLICIT, [option(1, Buffer.alloc(131)), want(7)]],
  ])('is silent to %s', (_what, type, options) => {
    expect(ask(type, options)).toBeUndefined();
  });

  it('is silent on an interface without IPv6', () => {
    const { ipv6: _none, ...rest } = sampleInterface();
    const question = encodeDhcp6({
      type: dhcp6Type.SOLICIT,
      transactionId: Buffer.of(1, 2, 3),
      options: [clientId, want(7)],
    });

    expect(answerDhcp6(question, sampleInterface())).toBeDefined();
    expect(answerDhcp6(question, rest)).toBeUndefined();
  });

  it('never throws nor grows much, whatever is done to a message', () => {
    const good = encodeDhcp6({
      type: dhcp6Type.RENEW,
      transactionId: Buffer.of(1, 2, 3),
      options: [clientId, serverId, want(7, [own, neighbor]), want(8)],
    });
    fc.assert(
      fc.property(damaged(good), (bytes) => {
        const answer = answerDhcp6(bytes, sampleInterface());

        expect(answer?.length ?? 0).toBeLessThan(600);
      }),
    );
  });
});
