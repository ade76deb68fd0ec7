// SPDX-License-Identifier: Apache-2.0

// Private zones: whose they are, and what records may say. createZone() of the services has the
// last word, so that a card makes of every zone what was checked.

import { zoneOfRecord, zoneRecordsOf } from '../services/private-zones.ts';
import { checkDomainName } from './dhcp-checks.ts';
import { quotas } from './quotas.ts';
import type { NetworkState, PrivateRecord, PrivateZone } from './records.ts';
import { checkOnce, checkQuota, FieldError, inField, refuse } from './refusal.ts';

// They have a meaning of their own: RFC 6761 sections 6.3 and 6.4, RFC 7686.
const specialNames = ['localhost', 'invalid', 'onion'];
const ttlMax = 0x7fff_ffff; // RFC 2181 section 8.

/** @throws FieldError */
export function checkPrivateZone(state: NetworkState, zone: PrivateZone): void {
  const { domainName, vpcs, records } = zone;
  const others = state['private-zone'].filter(({ id }) => id !== zone.id);
  checkQuota('private_zones', others.length + 1, quotas.privateZones, 'on a host');
  checkDomainName('domain_name', domainName);
  const special = specialNames.find((name) => domainName.split('.').at(-1) === name);
  if (special !== undefined) {
    throw refuse('domain_name', `ends with ${special}, which has a meaning of its own`);
  }
  checkOnce('vpcs', vpcs);
  for (const [index, vpc] of vpcs.entries()) {
    const field = `vpcs[${index}]`;
    if (!state.vpc.some(({ id }) => id === vpc)) throw refuse(field, 'does not exist');
    const rival = others.find((one) => one.domainName === domainName && one.vpcs.includes(vpc));
    if (rival === undefined) continue;
    throw new FieldError('already-exists', field, `has a zone ${domainName}: ${rival.id}`, {
      hint: 'put the records into that one, or take the VPC out of it',
    });
  }
  const count = [zone, ...others].reduce((sum, one) => sum + one.records.length, 0);
  checkQuota('records', count, quotas.recordsOfZones, 'records of all private zones');
  checkRecords(records);
  inField('records', () => zoneOfRecord(zone));
}

function checkRecords(records: readonly PrivateRecord[]): void {
  const seen = new Map<string, string>();
  for (const [index, record] of records.entries()) {
    const here = `records[${index}]`;
    const { name, type, ttlSeconds, values } = record;
    checkDomainName(`${here}.name`, name);
    const first = seen.get(`${name} ${type}`);
    if (first !== undefined) {
      throw refuse(here, `is of ${name} and ${type}, as ${first} is`, 'put the values into one');
    }
    seen.set(`${name} ${type}`, here);
    if (ttlSeconds !== undefined && (ttlSeconds < 1 || ttlSeconds > ttlMax)) {
      throw refuse(`${here}.ttl_seconds`, `is ${ttlSeconds}, outside 1 to ${ttlMax}`);
    }
    if (values.length === 0) throw refuse(`${here}.values`, 'has none');
    checkQuota(`${here}.values`, values.length, quotas.valuesOfRecord, 'values of a record');
    checkOnce(`${here}.values`, values);
    for (const [at, value] of values.entries()) {
      inField(`${here}.values[${at}]`, () => zoneRecordsOf({ ...record, values: [value] }));
    }
    if (type === 'CNAME' && values.length > 1) {
      throw refuse(`${here}.values`, 'are several, and a CNAME has one');
    }
  }
}
