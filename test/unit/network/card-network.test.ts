// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { encodeCardNetwork, parseCardNetwork } from '../../../src/network/card-network.ts';
import { parseCidr } from '../../../src/network/model/address.ts';
import { uplinkDevice } from '../../../src/network/uplink.ts';
import { sampleVpc } from './samples.ts';
import { sampleServiceRecords } from './services/samples.ts';

describe('what a card serves by', () => {
  const policy = Uint8Array.of(1, 2, 3);
  const bytes = encodeCardNetwork({ policy, services: sampleServiceRecords() });

  it('has the devices of its uplinks', () => {
    const uplink = { tap: 'a', namespace: undefined, ipv4Cidr: parseCidr('198.51.100.0/30') };
    const uplinks = [uplinkDevice(sampleVpc(), uplink, 9)];
    const services = sampleServiceRecords();

    expect(parseCardNetwork(encodeCardNetwork({ policy, services, uplinks })).uplinks).toEqual(
      uplinks,
    );
    expect(parseCardNetwork(bytes).uplinks).toEqual([]);
  });

  it('is the same after a way as bytes', () => {
    const parsed = parseCardNetwork(bytes);

    expect([...parsed.policy]).toEqual([1, 2, 3]);
    expect(parsed.services.region).toBe('us-east-1');
  });

  it.each([0, 3, 6, 7, -1])('is refused when it ends at %i', (end) => {
    expect(() => parseCardNetwork(bytes.subarray(0, end))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
