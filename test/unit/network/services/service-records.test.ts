// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import {
  createCardDirectory,
  encodeServiceRecords,
  parseServiceRecords,
} from '../../../../src/network/services/service-records.ts';
import { sampleServiceRecords } from './samples.ts';

describe('service records', () => {
  it('are the same after a way as bytes', () => {
    const records = sampleServiceRecords();
    const parsed = parseServiceRecords(encodeServiceRecords(records));

    expect(parsed).toEqual(JSON.parse(JSON.stringify(records)));
    expect(createCardDirectory(parsed).askerAt(7)).toMatchObject({
      interface: createCardDirectory(records).askerAt(7)?.interface,
    });
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...sampleServiceRecords(), version: 1 })],
    ['no state', JSON.stringify({ ...sampleServiceRecords(), state: 1 })],
    ['no list', JSON.stringify({ ...sampleServiceRecords(), served: {} })],
    ['no region', JSON.stringify({ ...sampleServiceRecords(), region: undefined })],
  ])('are refused with %s', (_what, text) => {
    expect(() => parseServiceRecords(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('createCardDirectory()', () => {
  const directory = createCardDirectory(sampleServiceRecords());

  it('knows interfaces by their numbers on the card', () => {
    expect(directory.askerAt(7)?.interface).toMatchObject({
      hostName: 'ip-10-0-1-5',
      routerMac: '02:00:00:00:00:01',
    });
    expect(directory.askerAt(0)).toBeUndefined();
  });

  it('has the private zones of their VPC', () => {
    expect(directory.askerAt(7)?.names?.zoneOf('db.corp')?.origin).toBe('corp');
  });

  it('knows the instance that an interface is attached to, with its user data', () => {
    const instance = directory.instanceAt(7);

    expect(instance).toMatchObject({
      instanceId: 'i-0123456789abcdef0',
      interfaces: [{ ipv4s: ['10.0.1.5'], deviceNumber: 0 }],
    });
    expect(Buffer.from(instance?.userData ?? []).toString()).toBe('#cloud-config\n');
    expect(directory.instanceAt(0)).toBeUndefined();
  });

  it('has no instance for an interface that is attached to none', () => {
    const alone = createCardDirectory(sampleServiceRecords({ attachments: [] }));
    expect(alone.instanceAt(7)).toBeUndefined();
    expect(alone.askerAt(7)).toBeDefined();
  });
});
