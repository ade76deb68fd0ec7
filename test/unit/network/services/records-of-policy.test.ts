// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { recordsOfPolicy } from '../../../../src/network/services/records-of-policy.ts';
import { createCardDirectory } from '../../../../src/network/services/service-records.ts';
import { sampleInterface, sampleState } from '../samples.ts';

const interfaces = [sampleInterface(1), sampleInterface(2), sampleInterface(3)];
const [first, second, third] = interfaces.map(({ id }) => ({ interface: id }));

describe('recordsOfPolicy()', () => {
  const state = sampleState({ interface: interfaces });
  const places = [
    undefined,
    first && { ...first, instance: 0 },
    third && { ...third, instance: 1 },
    second && { ...second, instance: 0 },
  ];
  const directory = createCardDirectory(recordsOfPolicy({ state, places }));

  it('has a lease for each interface that the policy has a place for', () => {
    expect(directory.askerAt(0)).toBeUndefined();
    expect(directory.askerAt(1)?.interface.ipv4?.address).toBe('10.0.1.10');
    expect(directory.askerAt(3)?.interface.ipv4?.address).toBe('10.0.1.11');
  });

  it('has interfaces of one instance in its metadata, and those of others not', () => {
    const instance = directory.instanceAt(3);

    expect(instance).toBe(directory.instanceAt(1));
    expect(instance?.interfaces.map(({ deviceNumber, ipv4s }) => [deviceNumber, ...ipv4s])).toEqual(
      [
        [0, '10.0.1.10'],
        [1, '10.0.1.11'],
      ],
    );
    expect(directory.instanceAt(2)?.instanceId).toBe('i-00000000000000001');
  });

  it('has the ids that instances have', () => {
    const named = createCardDirectory(recordsOfPolicy({ state, places }, { ids: ['i-0', 'i-1'] }));
    expect(named.instanceAt(3)?.instanceId).toBe('i-0');
    expect(named.instanceAt(2)?.instanceId).toBe('i-1');
  });

  it('has what is known of an instance, and its interfaces by their numbers', () => {
    const records = recordsOfPolicy(
      { state, places },
      {
        ids: ['i-0', 'i-1'],
        factsOf: (id) => (id === 'i-0' ? { imageId: 'ami-7', tags: { role: 'web' } } : {}),
        deviceNumberOf: (id) => (id === first?.interface ? 1 : 0),
      },
    );
    const known = createCardDirectory(records);

    expect(known.instanceAt(1)).toMatchObject({ imageId: 'ami-7', tags: { role: 'web' } });
    expect(known.instanceAt(1)?.interfaces.map(({ ipv4s }) => ipv4s[0])).toEqual([
      '10.0.1.11',
      '10.0.1.10',
    ]);
    expect(known.instanceAt(2)).toMatchObject({ imageId: 'ami-00000000000000000', tags: {} });
  });
});
