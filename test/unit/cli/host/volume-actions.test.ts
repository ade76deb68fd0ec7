// SPDX-License-Identifier: Apache-2.0

// Goal: `argon volume` with a running host asks it, waits for what takes time, and says what
// happened. The offline side of the same commands is in volume-command.test.ts.

import { describe, expect, it } from 'vitest';

import { addVolumeCommand } from '../../../../src/cli/volume-command.ts';
import { FakeContext, runCommand, untouched } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

class Scene {
  readonly host = new FakeHostClient();

  async run(...args: readonly string[]): Promise<FakeContext> {
    const { host } = this;
    const context = new FakeContext(untouched, { host });
    await runCommand(addVolumeCommand, ['volume', ...args], context);
    return context;
  }

  async name(...args: readonly string[]): Promise<string> {
    const context = new FakeContext(untouched, { host: this.host, format: 'name' });
    await runCommand(addVolumeCommand, ['volume', ...args], context);
    return context.stdout;
  }
}

describe('argon volume on a host', () => {
  it('makes a volume and prints its name where that is asked for', async () => {
    const scene = new Scene();

    const name = await scene.name('create', '--size', '256MiB', '--name', 'data', '--plain');

    expect(name).toMatch(/^volumes\/vol[0-9a-f]{17}\n$/);
    expect([...scene.host.volumes.values()]).toMatchObject([
      { displayName: 'data', sizeBytes: 2n ** 28n, cipher: 'VOLUME_CIPHER_NONE' },
    ]);
  });

  it('encrypts where nothing else is said, and limits', async () => {
    const scene = new Scene();

    const { stdout } = await scene.run('create', '--size', '1MiB', '--limit', 'bps=1KiB:0');

    expect(stdout).toMatch(/^volumes\/vol\w+ is there, 1\.0 MiB\n$/);
    expect([...scene.host.volumes.values()]).toMatchObject([
      {
        cipher: 'VOLUME_CIPHER_AES_256_XTS',
        limits: { totalBytes: { perSecond: 1024n, burst: 0n } },
      },
    ]);
  });

  it('lists, shows and deletes', async () => {
    const scene = new Scene();
    const { name } = scene.host.addVolume({ displayName: 'data' });
    scene.host.addVolume();
    scene.host.addVolume();

    const names = await scene.name('list');
    const { stdout: table } = await scene.run('list');
    const { stdout: shown } = await scene.run('get', 'data');
    const { stdout: deleted } = await scene.run('delete', 'data');

    expect(names.trim().split('\n')).toHaveLength(3);
    expect(table).toMatch(/^VOLUME +NAME +SIZE +CIPHER +STATE/);
    expect(shown).toContain('size_bytes: 4096\ncipher: aes-256-xts\nstate: available\n');
    expect(deleted).toBe(`deleted ${name}\n`);
    expect(scene.host.volumes.has(name)).toBe(false);
  });

  it('grows a volume, by either way to say the size', async () => {
    const scene = new Scene();
    const { name } = scene.host.addVolume({ displayName: 'data' });

    await scene.run('resize', 'data', '1MiB');
    const { stdout } = await scene.run('resize', name, '--size', '2MiB');

    expect(stdout).toBe(`${name} has 2.0 MiB, limits none\n`);
    expect(scene.host.volumes.get(name)?.sizeBytes).toBe(2n ** 21n);
  });

  it('limits a volume as it was when it looked', async () => {
    const scene = new Scene();
    scene.host.addVolume({ displayName: 'data' });

    const { stdout } = await scene.run('limit', 'data', 'iops=10');

    expect(stdout).toContain('limits iops=10:1');
    expect(scene.host.calls.at(-1)?.request).toMatchObject({
      updateMask: ['limits'],
      volume: { etag: '0123456789abcdef' },
    });
  });

  it.each([
    [['resize', 'data'], 'give the new size'],
    [['resize', 'data', '1MiB', '--size', '1MiB'], 'give the new size, once'],
    [['update', 'data'], 'nothing to change'],
    [['limit', 'data', 'fast'], '"fast" is not a limit'],
    [['create', '--size', 'big'], 'not a size'],
    [['create', '--size', '1MiB', '--name', 'Not A Name'], '--name "Not A Name"'],
    [['delete', 'dtaa'], 'there is no volume "dtaa"'],
  ])('refuses %j and changes nothing', async (args, message) => {
    const scene = new Scene();
    scene.host.addVolume({ displayName: 'data' });

    await expect(scene.run(...args)).rejects.toThrow(message);
    expect(scene.host.changes).toEqual([]);
  });
});

describe('argon volume attach and detach', () => {
  it("waits until the guest's driver has the volume", async () => {
    const scene = new Scene();
    const { name } = scene.host.addVolume({ displayName: 'data' });
    scene.host.addInstance({ displayName: 'web', state: 'INSTANCE_STATE_RUNNING' });
    scene.host.attachReads = 2;

    const { stdout } = await scene.run('attach', 'data', 'web', '--read-only');

    expect(stdout).toContain(`${name} is attached to instances/i-`);
    expect(stdout).toContain(`its serial number there is ${name.slice('volumes/'.length)}`);
    expect(scene.host.volumes.get(name)?.attachment).toMatchObject({ readOnly: true });
  });

  it.each([
    [['--no-wait'], 'INSTANCE_STATE_RUNNING'],
    [[], 'INSTANCE_STATE_STOPPED'],
  ] as const)('does not wait with %j for an instance in %s', async (flags, state) => {
    const scene = new Scene();
    scene.host.addVolume({ displayName: 'data' });
    scene.host.addInstance({ displayName: 'web', state });
    scene.host.attachReads = 1000;

    const { stdout } = await scene.run('attach', 'data', 'web', ...flags);

    expect(stdout).toContain('will be attached to');
  });

  it('says what to do about a guest that does not let go', async () => {
    const scene = new Scene();
    const { name } = scene.host.addVolume({ displayName: 'data' });
    scene.host.addInstance({ displayName: 'web' });
    await scene.run('attach', 'data', 'web');
    scene.host.isBusy = true;

    await expect(scene.run('detach', 'data')).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('--force') as unknown,
      details: { volume: name },
    });
    const { stdout } = await scene.run('detach', 'data', '--force');

    expect(stdout).toBe(`${name} is detached\n`);
  });
});
