// SPDX-License-Identifier: Apache-2.0

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { createLogger } from '../../../src/base/log.ts';
import { Uplinks } from '../../../src/card/uplinks.ts';
import type { NativeUplinkOptions } from '../../../src/native/network-addon.ts';
import { parseCidr } from '../../../src/network/model/address.ts';
import { type UplinkDevice, uplinkDevice } from '../../../src/network/uplink.ts';
import { nativeError } from '../fake-host.ts';
import { sampleVpc } from '../network/samples.ts';

let calls: (NativeUplinkOptions | string)[];
let failure: Error | undefined;
/** As the last device that was made would tell that it was deleted. */
let fail: () => void;
let uplinks: Uplinks;

beforeEach(() => {
  calls = [];
  failure = undefined;
  const card = {
    addUplink: async (options: NativeUplinkOptions, onFailure: () => void) => {
      if (failure !== undefined) throw failure;
      calls.push(options);
      fail = onFailure;
    },
    removeInterface: async (index: number) => {
      calls.push(`remove ${index}`);
    },
  };
  uplinks = new Uplinks(card, createLogger('test', 'silent'));
});

afterEach(async () => {
  await uplinks[Symbol.asyncDispose]();
});

async function untilMended(): Promise<void> {
  await pollUntil(
    () => (uplinks.states().every(({ trouble }) => trouble === '') ? true : undefined),
    'another try',
    { signal: AbortSignal.timeout(60_000), intervalMs: 1 },
  );
}

const ipv4Cidr = parseCidr('198.51.100.0/30');

function device(number: number, tap = `tap${number}`): UplinkDevice {
  const uplink = { tap, namespace: 'lab', ipv4Cidr, ipv6Cidr: parseCidr('fd00:ffff::/64') };
  return uplinkDevice(sampleVpc(number), uplink, 1023 + number);
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
        ipv4: {
          address: Uint8Array.of(198, 51, 100, 2),
          gateway: Uint8Array.of(198, 51, 100, 1),
          prefixLength: 30,
          routes: [{ network: Uint8Array.of(10, 0, 0, 0), prefixLength: 16 }],
        },
        ipv6: {
          address: Uint8Array.of(0xfd, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2),
          gateway: Uint8Array.of(0xfe, 0x80, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
          prefixLength: 64,
          routes: [
            {
              network: Uint8Array.of(0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
              prefixLength: 56,
            },
          ],
        },
      },
    ]);
    const narrow = uplinkDevice(sampleVpc(), { tap: 'a', namespace: undefined, ipv4Cidr }, 9);
    expect(await apply(narrow)).toEqual([]);
    expect(calls.at(-1)).not.toHaveProperty('ipv6');
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

  it('that cannot be made are tried again, and say why meanwhile', async () => {
    failure = nativeError('already-exists', 'there is a device tap1 already');
    const beforeMs = Date.now();
    expect(await apply(device(1))).toMatchObject([{ code: 'already-exists' }]);
    const [state] = uplinks.states();
    expect(state).toMatchObject({
      vpc: sampleVpc().id,
      trouble: expect.stringMatching(/there is a device tap1 already: an uplink takes/) as string,
    });
    expect(state?.sinceMs).toBeGreaterThanOrEqual(beforeMs);

    failure = undefined;
    await untilMended();

    expect(calls).toMatchObject([{ tap: 'tap1' }]);
    await apply(device(1));
    expect(calls).toHaveLength(1);
  });

  it('that are deleted are cleared away and made again', async () => {
    await apply(device(1));
    failure = nativeError('not-found', 'enter the network namespace /run/netns/lab');

    fail();
    await pollUntil(() => (calls.length > 1 ? true : undefined), 'the removal', {
      signal: AbortSignal.timeout(60_000),
      intervalMs: 1,
    });
    expect(calls.slice(1)).toEqual(['remove 1024']);
    expect(uplinks.states()).not.toMatchObject([{ trouble: '' }]);
    failure = undefined;
    await untilMended();

    expect(calls.slice(2)).toMatchObject([{ tap: 'tap1' }]);
    await apply();
    expect(calls.slice(3)).toEqual(['remove 1024']);
  });

  it('that nobody wants any more are neither tried nor told of', async () => {
    await apply(device(1));
    const lost = fail;
    await apply(device(1, 'other'));
    calls = [];

    lost();
    failure = nativeError('already-exists', 'there is a device already');
    await apply(device(2));
    await apply();
    failure = undefined;
    await apply();

    expect(uplinks.states()).toEqual([]);
    expect(calls).toEqual(['remove 1024']);
  });

  it('that cannot be made keep no other from it', async () => {
    failure = nativeError('permission-denied', 'make the TAP device tap1');
    const problems = await apply(device(1));

    expect(problems).toMatchObject([
      { code: 'failed-precondition', hint: expect.stringContaining('root') as string },
    ]);
    expect(problems[0]?.message).toContain(`tap1 of ${sampleVpc().id} cannot be made: make the`);
    failure = undefined;
    expect(await apply(device(1), device(2))).toEqual([]);
    expect(calls).toHaveLength(2);
  });
});
