// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { policyOf } from '../../../../src/controller/parts/policy.ts';
import { parseCardNetwork } from '../../../../src/network/card-network.ts';
import { instanceIdentity } from '../../../../src/network/compile.ts';
import { networkId, sampleInterface, sampleState } from '../../network/samples.ts';
import { sampleInstance, sampleInterfaceAttachment } from '../samples.ts';

// As native/vpc/snapshot_format.h has them: the third and the fourth section.
function countOfSection(policy: Uint8Array, index: number): number {
  return Buffer.from(policy).readUInt32LE(24 + 8 * index + 4);
}

// A word of 64 bits of the first instance's record.
function wordOf(policy: Uint8Array, offset: number): bigint {
  const first = Buffer.from(policy).readUInt32LE(24 + 8 * 2);
  return Buffer.from(policy).readBigUInt64LE(first + offset);
}

// Of instances, whose records have 64 bytes.
function identitiesOf(policy: Uint8Array): readonly bigint[] {
  const first = Buffer.from(policy).readUInt32LE(24 + 8 * 2);
  return [0, 1].map((index) => Buffer.from(policy).readBigUInt64LE(first + 64 * index));
}

describe('policyOf', () => {
  const state = sampleState({
    interface: [1, 2, 3].map((number) => sampleInterface(number)),
  });
  const plain = { state, generation: 1n, instanceOf: () => undefined };

  it('has a place for each slot up to the highest, and an allowance for each instance', () => {
    const served = [
      sampleInterfaceAttachment(1, 1, { slot: 4 }),
      sampleInterfaceAttachment(2, 1, { slot: 0 }),
      sampleInterfaceAttachment(3, 2, { slot: 2 }),
    ];

    const { policy, services } = parseCardNetwork(policyOf({ ...plain, served, generation: 7n }));

    expect(countOfSection(policy, 2)).toBe(2);
    expect(identitiesOf(policy)).toEqual(
      [1, 2].map((number) => instanceIdentity(networkId('i', number))),
    );
    expect(countOfSection(policy, 3)).toBe(5);
    expect(Buffer.from(policy).readBigUInt64LE(16)).toBe(7n);
    expect(services.served.map(({ index }) => index)).toEqual([0, 2, 4]);
    expect(services.attachments[1]?.instanceId).toBe(served[2]?.instance);
  });

  it('is the same for the same, in whatever order, and another without an interface', () => {
    const [first, second] = [1, 2].map((number) => sampleInterfaceAttachment(number, number));
    if (first === undefined || second === undefined) throw new Error('no attachments');

    const policy = policyOf({ ...plain, served: [first, second] });

    expect(policyOf({ ...plain, served: [second, first] })).toEqual(policy);
    expect(policyOf({ ...plain, served: [first] })).not.toEqual(policy);
    expect(policyOf({ ...plain, served: [] }).length).toBeGreaterThan(0);
    expect(first.interface).toBe(networkId('eni', 1));
  });

  it('has what the interfaces of an instance may do', () => {
    const rate = (perSecond: bigint) => ({ perSecond, burst: perSecond + 1n });
    const networkAllowance = {
      bytesIn: rate(10n),
      bytesOut: rate(20n),
      packets: rate(30n),
      connections: 40,
      servicePackets: 50,
    };
    const instance = sampleInstance(1, { networkAllowance });
    const served = [sampleInterfaceAttachment(1, 1, { slot: 0 })];

    const { policy } = parseCardNetwork(policyOf({ ...plain, served, instanceOf: () => instance }));

    const rates = [8, 16, 24, 32, 40, 48].map((offset) => wordOf(policy, offset));
    expect(rates).toEqual([10n, 11n, 20n, 21n, 30n, 31n]);
    expect(wordOf(policy, 56)).toBe((50n << 32n) + 40n);
  });

  it('tells the services what the guest may know of its instance', () => {
    const served = [
      sampleInterfaceAttachment(1, 1, { slot: 0, pciSlot: 5 }),
      sampleInterfaceAttachment(2, 1, { slot: 1, pciSlot: 3 }),
    ];
    const instance = sampleInstance(1, { userData: Buffer.from('#!/bin/sh') });

    const { services } = parseCardNetwork(
      policyOf({
        ...plain,
        served,
        instanceOf: (id) => (id === instance.id ? instance : undefined),
      }),
    );

    expect(services.instances).toMatchObject([
      { instanceId: instance.id, userData: Buffer.from('#!/bin/sh').toString('base64') },
    ]);
    // As Linux names them, by slot.
    expect(services.attachments.map(({ deviceNumber }) => deviceNumber)).toEqual([1, 0]);
  });
});
