// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { startBlockCard } from '../../../src/card/block-card.ts';
import { nativeError } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeBlockAddon } from './fake-block-addon.ts';
import { sampleDevice, sampleVolumeDevice } from './samples.ts';

const options = { workers: 2, pollMode: 'off', cpus: [0, 1] } as const;
const silent = createLogger('test', 'silent');

describe('startBlockCard', () => {
  it('starts a native card with the options it is given, and stops it on dispose', async () => {
    const addon = new FakeBlockAddon();

    {
      await using card = startBlockCard(addon, options, silent);
      expect(addon.starts).toEqual([options]);
      expect(await card.addDevice(sampleDevice())).toBe(1);
      expect(await card.counters(1)).toHaveLength(1);
      await card.removeDevice(1);
    }

    expect(addon.calls).toEqual(['addDevice', 'counters', 'removeDevice', 'stop']);
  });

  it('says why a card could not be started', () => {
    const addon = new FakeBlockAddon();
    addon.startFailure = nativeError('exhausted', 'create an io_uring: Too many open files');

    expect(() => startBlockCard(addon, options, silent)).toThrow(
      expect.objectContaining({ name: 'ArgonError', code: 'resource-exhausted' }),
    );
  });

  it('logs what native code says, each at its level, with the object', async () => {
    await using dir = await createTempDir();
    const file = join(dir.path, 'card.log');
    const addon = new FakeBlockAddon();
    {
      await using card = startBlockCard(addon, options, createLogger('card', 'debug', file));
      for (const level of [0, 1, 2, 3] as const) addon.onLog(level, 'vol1/queue 0', `l ${level}`);
      expect(await card.counters(1)).toEqual([]);
    }

    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 20, object: 'vol1/queue 0', msg: 'l 0' },
      { level: 30, object: 'vol1/queue 0', msg: 'l 1' },
      { level: 40, object: 'vol1/queue 0', msg: 'l 2' },
      { level: 50, object: 'vol1/queue 0', msg: 'l 3' },
    ]);
  });

  it('passes on that a device is not there', async () => {
    await using card = startBlockCard(new FakeBlockAddon(), options, silent);

    await expect(card.removeDevice(9)).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('addDevice', () => {
  async function hintFor(
    device: ReturnType<typeof sampleDevice>,
    message: string,
  ): Promise<string> {
    const addon = new FakeBlockAddon();
    addon.addFailure = nativeError('not-found', message);
    await using card = startBlockCard(addon, options, silent);
    const thrown = await card.addDevice(device).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'ArgonError', message });
    return (thrown as { hint?: string }).hint ?? '';
  }

  it('has the hint that belongs to what failed', async () => {
    const device = sampleVolumeDevice();

    expect(await hintFor(device, 'open /state/vol/data: No such file')).toContain('file');
    expect(await hintFor(device, '/state/vol/map is cut short')).toContain('allocation map');
    expect(await hintFor(device, 'open the master key /state/keys/master.key: No such file')) //
      .toContain('master key');
    expect(await hintFor(device, `the wrapped key of ${device.id} does not open`)) //
      .toContain('wrapped key');
    expect(await hintFor(device, '/run/b.sock exists and is in use')).toContain('socket');
    expect(await hintFor(device, 'a socket path has 1 to 107 bytes, not 130: /run/b.sock')) //
      .toContain('socket');
  });

  it('has a hint for the socket of a store that is no file too', async () => {
    expect(await hintFor(sampleDevice(), '/run/b.sock exists and is in use')).toContain('socket');
  });

  it('has none where there is nothing to say', async () => {
    expect(await hintFor(sampleDevice(), 'map 1 GiB: Cannot allocate memory')).toBe('');
  });
});
