// SPDX-License-Identifier: Apache-2.0

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ipv4Bytes, ipv4Text } from '../../../../src/network/services/addresses.ts';
import { answerDhcp4, type Dhcp4Outcome } from '../../../../src/network/services/dhcp4.ts';
import { decodeDhcp4, dhcp4Option } from '../../../../src/network/services/dhcp4-message.ts';
import { damaged, hex, sampleInterface } from './samples.ts';

const everything = [1, 3, 6, 12, 15, 26, 28, 42, 58, 59, 121];

interface Question {
  readonly type: number;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly chaddr?: string;
  readonly flags?: number;
  readonly requested?: string;
  readonly server?: string;
  readonly list?: readonly number[];
  readonly extra?: Uint8Array;
}

function question(asked: Question): Buffer {
  const bytes = Buffer.alloc(240);
  bytes.write('010106003903f326', 'hex');
  bytes.writeUInt16BE(asked.flags ?? 0, 10);
  bytes.set(ipv4Bytes(asked.ciaddr ?? '0.0.0.0'), 12);
  bytes.set(ipv4Bytes(asked.giaddr ?? '0.0.0.0'), 24);
  bytes.write(asked.chaddr ?? '020000000005', 28, 'hex');
  bytes.write('63825363', 236, 'hex');
  const option = (code: number, value: Uint8Array | undefined): Uint8Array =>
    value === undefined ? Buffer.alloc(0) : Buffer.of(code, value.length, ...value);
  const address = (text?: string): Uint8Array | undefined =>
    text === undefined ? undefined : ipv4Bytes(text);
  return Buffer.concat([
    bytes,
    option(53, Buffer.of(asked.type)),
    option(50, address(asked.requested)),
    option(54, address(asked.server)),
    option(55, asked.list === undefined ? undefined : Buffer.from(asked.list)),
    asked.extra ?? Buffer.alloc(0),
    Buffer.of(255),
  ]);
}

interface Read {
  readonly type: number;
  readonly yourAddress: string;
  readonly to: string;
  readonly options: Record<number, string>;
}

// What was answered, read by the decoder once the reply poses as a request.
function read(outcome: Dhcp4Outcome): Read | string {
  if (outcome.kind !== 'answered') return outcome.kind;
  const { payload, destination, toMac } = outcome.answer;
  const turned = Buffer.from(payload);
  turned[0] = 1;
  const reply = decodeDhcp4(turned);
  const options = [...(reply?.options ?? [])].filter(([code]) => code !== 53);
  return {
    type: reply?.type ?? 0,
    yourAddress: ipv4Text(turned.subarray(16, 20)),
    to: `${ipv4Text(destination)} ${toMac}`,
    options: Object.fromEntries(
      options.map(([code, value]) => [code, Buffer.from(value).toString('hex')]),
    ),
  };
}

const ask = (asked: Question, changes = {}): Read | string =>
  read(answerDhcp4(question(asked), sampleInterface(changes)));

const ofLease = { 51: '00000e10', 54: '0a001001' };

describe('answerDhcp4()', () => {
  it('offers the address of the interface with the parameters of its subnet', () => {
    expect(ask({ type: 1, list: everything })).toEqual({
      type: 2,
      yourAddress: '10.0.16.5',
      to: '10.0.16.5 interface',
      options: {
        ...ofLease,
        1: 'fffff000',
        3: '0a001001',
        6: '0a000002',
        12: Buffer.from('ip-10-0-16-5').toString('hex'),
        15: Buffer.from('ec2.internal').toString('hex'),
        26: '2329',
        28: '0a001fff',
        42: 'a9fea97b',
        58: '00000708',
        59: '00000c4e',
      },
    });
  });

  it('sends what is asked for and no more, the mask before the router', () => {
    const outcome = answerDhcp4(question({ type: 1, list: [3, 200, 1, 3] }), sampleInterface());

    expect(read(outcome)).toMatchObject({
      options: { ...ofLease, 1: 'fffff000', 3: '0a001001' },
    });
    const bytes =
      outcome.kind === 'answered' ? Buffer.from(outcome.answer.payload).toString('hex') : '';
    expect(bytes).toContain('0104fffff00003040a001001');
    expect(bytes.match(/03040a001001/g)).toHaveLength(1);
  });

  it('sends everything to who has no list', () => {
    const answer = ask({ type: 1 });

    expect(answer).toMatchObject({ options: { 1: 'fffff000', 26: '2329', 42: 'a9fea97b' } });
  });

  it('sends NetBIOS where an option set says so, and no list that is empty', () => {
    const netbios = { netbiosNameServers: ['10.0.0.7'], netbiosNodeType: 2 };
    const dhcp = { domainName: '', nameServers: [], timeServers: [], ...netbios };
    const list = [6, 15, 42, 44, 46];

    expect(ask({ type: 1, list }, { dhcp })).toMatchObject({
      options: { ...ofLease, 44: '0a000007', 46: '02' },
    });
    const answer = ask({ type: 1, list: [6, 15, 42, 44, 46] }, { dhcp });
    expect(Object.keys(typeof answer === 'string' ? {} : answer.options)).toEqual([
      '44',
      '46',
      '51',
      '54',
    ]);
    expect(ask({ type: 1, list: [44, 46] })).toMatchObject({ options: ofLease });
  });

  it('answers by broadcast who asks for that', () => {
    expect(ask({ type: 1, flags: 0x8000 })).toMatchObject({ to: '255.255.255.255 broadcast' });
  });

  it('gives a client identifier back', () => {
    const extra = Buffer.of(61, 7, 1, 2, 0, 0, 0, 0, 5);

    expect(ask({ type: 1, extra, list: [] })).toMatchObject({
      options: { ...ofLease, 61: '01020000000005' },
    });
  });

  it.each([
    ['SELECTING', { requested: '10.0.16.5', server: '10.0.16.1' }, '10.0.16.5 interface'],
    ['INIT-REBOOT', { requested: '10.0.16.5' }, '10.0.16.5 interface'],
    ['RENEWING or REBINDING', { ciaddr: '10.0.16.5' }, '10.0.16.5 interface'],
  ])('acknowledges a REQUEST of a client that is %s', (_state, fields, to) => {
    expect(ask({ type: 3, list: [], ...fields })).toEqual({
      type: 5,
      yourAddress: '10.0.16.5',
      to,
      options: ofLease,
    });
  });

  it.each([
    ['SELECTING', { requested: '10.0.16.6', server: '10.0.16.1' }],
    ['INIT-REBOOT', { requested: '192.168.0.2' }],
    ['RENEWING or REBINDING', { ciaddr: '10.0.16.6' }],
  ])('refuses another address to a client that is %s', (_state, fields) => {
    const answer = ask({ type: 3, ...fields });

    expect(answer).toMatchObject({
      type: 6,
      yourAddress: '0.0.0.0',
      to: '255.255.255.255 broadcast',
      options: { 54: '0a001001' },
    });
    expect(answer).not.toHaveProperty('options.51');
  });

  it('leaves it to the server that the client has chosen', () => {
    expect(ask({ type: 3, requested: '10.0.16.5', server: '10.0.16.9' })).toBe('noted');
  });

  it('gives parameters without a lease to an INFORM of the interface itself', () => {
    expect(ask({ type: 8, ciaddr: '10.0.16.5', list: [6] })).toEqual({
      type: 5,
      yourAddress: '0.0.0.0',
      to: '10.0.16.5 interface',
      options: { 54: '0a001001', 6: '0a000002' },
    });
    expect(ask({ type: 8, ciaddr: '10.0.16.6' })).toBe('dropped');
  });

  it.each([
    ['RELEASE', 7],
    ['DECLINE', 4],
  ])('has nothing to say to a %s', (_name, type) => {
    expect(ask({ type, ciaddr: '10.0.16.5', server: '10.0.16.1' })).toBe('noted');
  });

  it.each([
    ['an OFFER', { type: 2 }],
    ['an ACK', { type: 5 }],
    ['a type of no RFC', { type: 99 }],
    ['a REQUEST of nothing', { type: 3 }],
    ['somebody else', { type: 1, chaddr: '020000000006' }],
    ['a relay', { type: 1, giaddr: '10.0.16.9' }],
    ['a requested address of three bytes', { type: 3, extra: Buffer.of(50, 3, 10, 0, 16) }],
  ])('drops what comes from %s', (_what, fields) => {
    expect(ask(fields)).toBe('dropped');
  });

  it('drops everything of an interface without IPv4', () => {
    const { ipv4: _none, ...rest } = sampleInterface();

    expect(answerDhcp4(question({ type: 1 }), rest)).toEqual({ kind: 'dropped' });
  });

  it('hands out routes as RFC 3442 has them, with the default one', () => {
    const dhcpRoutes = [
      { destination: '10.27.129.0', prefixLength: 24, router: '10.0.16.9' },
      { destination: '10.229.0.128', prefixLength: 25, router: '10.0.16.9' },
      { destination: '10.198.122.47', prefixLength: 32, router: '10.0.16.9' },
    ];

    expect(
      ask({ type: 1, list: [dhcp4Option.CLASSLESS_STATIC_ROUTE] }, { dhcpRoutes }),
    ).toMatchObject({
      options: {
        121: hex('180a1b810a001009', '190ae500800a001009', '200ac67a2f0a001009', '000a001001'),
      },
    });
    expect(ask({ type: 1, list: [121] })).not.toHaveProperty('options.121');
  });

  it('keeps to the size that the client takes', () => {
    const dhcp = { domainName: 'd'.repeat(250), nameServers: [], timeServers: [] };
    const extra = Buffer.concat([Buffer.of(61, 250), Buffer.alloc(250, 1)]);
    const sizeFor = (...size: readonly number[]): number => {
      const more = Buffer.concat([extra, Buffer.of(57, size.length, ...size)]);
      const asked = question({ type: 1, list: [15, 1], extra: more });
      const outcome = answerDhcp4(asked, sampleInterface({ dhcp }));
      return outcome.kind === 'answered' ? outcome.answer.payload.length : 0;
    };

    expect(sizeFor(0, 0)).toBeLessThanOrEqual(548);
    expect(sizeFor(0, 0)).toBe(sizeFor(1));
    expect(sizeFor(0x04, 0)).toBeGreaterThan(700);
    expect(sizeFor(0xff, 0xff)).toBe(sizeFor(0x04, 0));
  });

  it('never throws nor gives another address, whatever is done to a packet', () => {
    const good = question({ type: 3, requested: '10.0.16.5', list: everything, flags: 0x8000 });
    fc.assert(
      fc.property(damaged(good), (bytes) => {
        const outcome = answerDhcp4(bytes, sampleInterface());

        const address =
          outcome.kind === 'answered' ? ipv4Text(outcome.answer.payload.subarray(16, 20)) : '';
        expect(['', '0.0.0.0', '10.0.16.5']).toContain(address);
      }),
    );
  });
});
