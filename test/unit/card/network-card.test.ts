// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { startNetworkCard } from '../../../src/card/network-card.ts';
import type { NativeInterfaceOptions } from '../../../src/native/network-addon.ts';
import { parseCidr } from '../../../src/network/model/address.ts';
import { uplinkDevice } from '../../../src/network/uplink.ts';
import { nativeError } from '../fake-host.ts';
import { sampleVpc } from '../network/samples.ts';
import { sampleServiceRecords } from '../network/services/samples.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeNetworkAddon } from './fake-network-addon.ts';
import { sampleInterfaceCounters } from './samples.ts';

const served: NativeInterfaceOptions = {
  name: 'left',
  index: 0,
  pairs: 1,
  socketPath: '/run/left.sock',
  memoryPolicy: 'any',
};

const silent = createLogger('test', 'silent');
const options = { pollMode: 'off', cpus: [1] } as const;

describe('startNetworkCard', () => {
  it('starts a native card as it is told, and stops it on dispose', async () => {
    const addon = new FakeNetworkAddon();
    {
      await using card = startNetworkCard(addon, options, silent);
      await card.addInterface(served);
      await card.setPolicy(Uint8Array.of(7));
      expect(await card.counters(0)).toEqual(sampleInterfaceCounters());
      await card.removeInterface(0);
    }
    expect(addon.calls).toEqual([options, served, 'policy', 'remove 0', 'stop']);
    expect(addon.policies).toEqual([Uint8Array.of(7)]);
  });

  it('says why a card could not be started', () => {
    const addon = new FakeNetworkAddon({ start: nativeError('exhausted', 'create an io_uring') });

    expect(() => startNetworkCard(addon, options, silent)).toThrow(
      expect.objectContaining({ name: 'ArgonError', code: 'resource-exhausted' }),
    );
  });

  it('says what to do about a socket that is taken', async () => {
    const addon = new FakeNetworkAddon({
      add: nativeError('already-exists', '/run/left.sock is taken'),
    });
    await using card = startNetworkCard(addon, options, silent);

    await expect(card.addInterface(served)).rejects.toMatchObject({
      code: 'already-exists',
      hint: expect.stringContaining('path of its own') as string,
    });
  });

  it('says that a policy is not whole', async () => {
    const addon = new FakeNetworkAddon({ policy: nativeError('corrupt', 'policy: no header') });
    await using card = startNetworkCard(addon, options, silent);

    await expect(card.setPolicy(new Uint8Array())).rejects.toMatchObject({ code: 'data-loss' });
  });

  it('sets a policy before what the services say under it', async () => {
    const addon = new FakeNetworkAddon();
    await using card = startNetworkCard(addon, options, silent);

    await card.setNetwork({ policy: Uint8Array.of(9), services: sampleServiceRecords() });

    expect(addon.calls).toHaveLength(2);
    expect(card.services.counters.dns.asked).toBe(0);
  });

  it('makes uplinks under the policy that has them, and says which it could not', async () => {
    const ipv4Cidr = parseCidr('198.51.100.0/30');
    const device = uplinkDevice(sampleVpc(), { tap: 'a', namespace: undefined, ipv4Cidr }, 9);
    const network = {
      policy: Uint8Array.of(9),
      services: sampleServiceRecords(),
      uplinks: [device],
    };
    const addon = new FakeNetworkAddon();
    await using card = startNetworkCard(addon, options, silent);
    expect(await card.setNetwork(network)).toEqual([]);
    expect(await card.setNetwork({ ...network, uplinks: [] })).toEqual([]);
    expect(addon.calls.slice(1)).toEqual(['policy', 'uplink a', 'remove 9', 'policy']);

    const failing = new FakeNetworkAddon({
      uplink: nativeError('already-exists', 'there is a device a'),
    });
    await using other = startNetworkCard(failing, options, silent);
    expect(await other.setNetwork(network)).toMatchObject([{ code: 'already-exists' }]);
  });

  it('leaves the services as they are under a policy that is refused', async () => {
    const addon = new FakeNetworkAddon({ policy: nativeError('corrupt', 'a policy') });
    await using card = startNetworkCard(addon, options, silent);

    const network = { policy: new Uint8Array(), services: sampleServiceRecords() };

    await expect(card.setNetwork(network)).rejects.toMatchObject({ code: 'data-loss' });
  });

  it('logs what native code says', async () => {
    await using dir = await createTempDir();
    const file = join(dir.path, 'log');
    const addon = new FakeNetworkAddon();
    await using card = startNetworkCard(addon, options, createLogger('card', 'info', file));

    addon.onLog?.(2, 'left/ring 1', 'a frame was dropped');

    expect(card).toBeDefined();
    expect(await readFile(file, 'utf8')).toContain('a frame was dropped');
  });
});
