// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { PrivateRecord, PrivateZone } from '../../../../src/network/model/records.ts';
import { checkPrivateZone } from '../../../../src/network/model/zone-checks.ts';
import { networkId, sampleRecord, sampleState, sampleVpc, sampleZone } from '../samples.ts';

const vpcs = [sampleVpc(1), sampleVpc(2)];
const state = sampleState({ vpc: vpcs, 'private-zone': [sampleZone(1)] });

function check(changes: Partial<PrivateZone>): void {
  checkPrivateZone(state, sampleZone(1, changes));
}

const records = (...all: readonly Partial<PrivateRecord>[]): Partial<PrivateZone> => ({
  records: all.map(sampleRecord),
});

describe('checkPrivateZone()', () => {
  it.each<Partial<PrivateZone>>([
    { vpcs: [], records: [] },
    { vpcs: vpcs.map(({ id }) => id) },
    records({ name: 'corp', type: 'MX', values: ['10 mail.corp', '20 mail.example'] }),
    records({}, { type: 'AAAA', values: ['fd00::9'] }, { name: 'x.corp' }),
    records({ values: Array.from({ length: 255 }, (_, index) => `10.0.2.${index}`) }),
    records({ name: '_sip._tcp.corp', type: 'SRV', values: ['0 5 5060 sip.corp'] }),
    records({ type: 'TXT', ttlSeconds: 0x7fff_ffff, values: ['of, "any" kind'] }),
  ])('takes %j', (changes) => {
    expect(() => {
      check(changes);
    }).not.toThrow();
  });

  it.each<[Partial<PrivateZone>, string]>([
    [{ domainName: 'Corp' }, 'domain_name is "Corp"'],
    [{ domainName: '' }, 'domain_name cannot be'],
    [{ domainName: 'a.localhost' }, 'domain_name ends with localhost'],
    [{ vpcs: [networkId('vpc', 9)] }, 'vpcs[0] does not exist'],
    [{ vpcs: [networkId('vpc', 1), networkId('vpc', 1)] }, 'vpcs[1] is vpc-'],
    [{ domainName: 'other' }, 'records cannot be: the record db.corp is not in the zone other'],
    [records({ name: 'DB.corp' }), 'records[0].name is "DB.corp"'],
    [records({}, {}), 'records[1] is of db.corp and A, as records[0] is'],
    [records({ ttlSeconds: 0 }), 'records[0].ttl_seconds is 0'],
    [records({ ttlSeconds: 2 ** 31 }), 'records[0].ttl_seconds is 2147483648'],
    [records({ values: [] }), 'records[0].values has none'],
    [records({ values: ['10.0.0.1', '10.0.0.1'] }), 'records[0].values[1] is 10.0.0.1 once'],
    [records({ values: ['fd00::1'] }), 'records[0].values[0] cannot be'],
    [records({}, { type: 'CNAME', values: ['b.corp'] }), 'has records beside its CNAME'],
    [records({ name: 'corp', type: 'CNAME', values: ['b.corp'] }), 'is a zone, which cannot be'],
    [records({ type: 'CNAME', values: ['b.corp', 'c.corp'] }), 'a CNAME has one'],
    [
      records({ type: 'TXT', values: Array.from({ length: 401 }, (_, index) => `${index}`) }),
      'records[0].values is too much: 400 ',
    ],
  ])('refuses %j', (changes, message) => {
    expect(() => {
      check(changes);
    }).toThrow(message);
  });

  it('lets a VPC have one zone of a domain, and any number of others', () => {
    expect(() => {
      checkPrivateZone(state, sampleZone(2));
    }).toThrow(expect.objectContaining({ code: 'already-exists', field: 'vpcs[0]' }));
    expect(() => {
      checkPrivateZone(state, sampleZone(2, { vpcs: [networkId('vpc', 2)] }));
      checkPrivateZone(state, sampleZone(2, { domainName: 'db.corp' }));
    }).not.toThrow();
  });

  it('counts the records of all zones together', () => {
    const many = (first: number, count: number) =>
      Array.from({ length: count }, (_, index) => sampleRecord({ name: `n${first + index}.corp` }));
    const others = { 'private-zone': [sampleZone(2, { vpcs: [], records: many(0, 9_999) })] };

    checkPrivateZone(sampleState(others), sampleZone(1, { records: many(0, 1) }));
    expect(() => {
      checkPrivateZone(sampleState(others), sampleZone(1, { records: many(0, 2) }));
    }).toThrow(expect.objectContaining({ code: 'resource-exhausted', field: 'records' }));
  });
});
