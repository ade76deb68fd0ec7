// SPDX-License-Identifier: Apache-2.0

import { beforeEach, describe, expect, it } from 'vitest';

import { Uplinks } from '../../../src/card/uplinks.ts';
import type { NativeUplinkOptions } from '../../../src/native/network-addon.ts';
import { parseCidr } from '../../../src/network/model/address.ts';
import { type UplinkDevice, uplinkDevice } from '../../../src/network/uplink.ts';
import { nativeError } from '../fake-host.ts';
import { sampleVpc } from '../network/samples.ts';

let calls: (NativeUplinkOptions | string)[];
let failure: Error | undefined;
let uplinks: Uplinks;

beforeEach(() => {
  calls = [];
  failure = undefined;
  uplinks = new Uplinks({
    addUplink: async (options) => {
      if (failure !== undefined) throw failure;
      calls.push(options);
    },
    removeInterface: async (index) => {
      calls.push(`remove ${index}`);
    },
  });
});

function device(number: number, tap = `tap${number}`): UplinkDevice {
  const ipv4Cidr = parseCidr('198.51.100.0/30');
  return uplinkDevice(sampleVpc(number), { tap, namespace: 'lab', ipv4Cidr }, 1023 + number);
}

async function apply(...devices: readonly UplinkDevice[]) {
  await uplinks.close(devices);
  return uplinks.open(devices);
}

describe('uplinks of a card', () => {
  it('are made as the native card takes them', async () => {
    expect(await apply(device(1))).toEqual([]);

    expect(calls).toEqual([
      {
        name: `uplink of ${sampleVpc().id}`,
        index: 1024,
        tap: 'tap1',
        namespacePath: '/run/netns/lab',
        mac: Buffer.of(6, 0, 0, 0, 0, 1),
        address: 0xc633_6402,
        gateway: 0xc633_6401,
        prefixLength: 30,
        routes: [{ network: 0x0a00_0000, prefixLength: 16 }],
      },
    ]);
  });

  it('stay while they are the same, and come and go with the policy', async () => {
    await apply(device(1), device(2));
    calls = [];

    await apply(device(1), device(2));
    expect(calls).toEqual([]);
    await apply(device(1), device(2, 'other'));
    expect(calls).toMatchObject(['remove 1025', { tap: 'other' }]);
    await apply();
    expect(calls.slice(2)).toEqual(['remove 1024', 'remove 1025']);
  });

  it('that cannot be made keep no other from it, and are tried again', async () => {
    failure = nativeError('permission-denied', 'make the TAP device tap1');
    const problems = await apply(device(1));

    expect(problems).toMatchObject([
      { code: 'failed-precondition', hint: expect.stringContaining('root') as string },
    ]);
    expect(problems[0]?.message).toContain(`tap1 of ${sampleVpc().id} cannot be made: make the`);
    failure = nativeError('already-exists', 'there is a device tap1 already');
    expect(await apply(device(1))).toMatchObject([{ code: 'already-exists' }]);
    failure = undefined;
    expect(await apply(device(1))).toEqual([]);
    expect(calls).toHaveLength(1);
  });
});
