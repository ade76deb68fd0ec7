// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { addInstanceCommand } from '../../../src/cli/instance-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

async function run(
  host: FakeHostClient | undefined,
  args: readonly string[],
  format: 'table' | 'json' | 'yaml' | 'name' = 'table',
): Promise<FakeContext> {
  const context = new FakeContext(untouched, {
    format,
    ...(host === undefined ? {} : { host }),
  });
  await runCommand(addInstanceCommand, ['instance', ...args], context);
  return context;
}

describe('argon instance', () => {
  it('says how to get a host where none runs', async () => {
    await expect(run(undefined, ['list'])).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('argon up') as unknown,
    });
  });

  it('lists all pages of instances, and closes its connection', async () => {
    const host = new FakeHostClient();
    for (const displayName of ['a', 'b', 'c']) host.addInstance({ displayName });

    const { stdout } = await run(host, ['list']);

    expect(stdout.split('\n')[0]).toMatch(/^INSTANCE +NAME +STATE +BOOTS +CPUS +MEMORY/);
    expect(stdout.match(/ (?:a|b|c) +stopped +tiny/g)).toHaveLength(3);
    expect(host.isClosed).toBe(true);
  });

  it('makes an instance that boots from a volume', async () => {
    const host = new FakeHostClient();
    const { name: bootVolume } = host.addVolume({ displayName: 'root' });

    const flags = ['--cpus', '4', '--memory', '2GiB', '--name', 'web', '--limit', 'iops=100'];
    const { stdout, printed } = await run(
      host,
      ['create', '--boot-volume', 'root', ...flags],
      'name',
    );

    const [instance] = host.instances.values();
    expect(stdout).toBe(`${instance?.name ?? ''}\n`);
    expect(instance).toMatchObject({
      bootVolume,
      displayName: 'web',
      cpuCount: 4,
      memoryBytes: 2n ** 31n,
      image: 'BOOT_IMAGE_UNSPECIFIED',
      limits: { totalOperations: { perSecond: 100n, burst: 10n } },
    });
    expect(printed[0]?.value).toMatchObject({ display_name: 'web', state: 'stopped' });
  });

  it('tells its guest what files and flags have', async () => {
    await using dir = await createTempDir();
    const [data, key] = ['data', 'key.pub'].map((name) => join(dir.path, name));
    if (data === undefined || key === undefined) throw new Error('no paths');
    await writeFile(data, '#!/bin/sh');
    const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA me';
    await writeFile(key, `${line}\n`);
    const host = new FakeHostClient();
    host.addVolume({ displayName: 'root' });

    const tags = ['--tag', 'role=web', '--tag', 'note=a,b'];
    const files = ['--user-data', data, '--key', `me=${key}`];
    const what = ['--boot-volume', 'root', '--name', 'web', '--metadata', 'hop-limit=2'];
    const allowance = ['--network-allowance', 'packets=500:5,connections=9'];
    await run(host, ['create', ...what, ...files, ...tags, ...allowance]);

    const [instance] = host.instances.values();
    expect(instance).toMatchObject({
      publicKeys: [{ name: 'me', key: line }],
      tags: [
        { key: 'role', value: 'web' },
        { key: 'note', value: 'a,b' },
      ],
      metadataOptions: { httpPutResponseHopLimit: 2 },
      networkAllowance: { packets: { perSecond: 500n, burst: 5n }, connections: 9 },
    });
    await run(host, ['update', 'web', '--network-allowance', 'packets=none']);
    expect([...host.instances.values()][0]).toMatchObject({
      networkAllowance: { packets: { perSecond: 0n, burst: 0n }, connections: 9 },
    });
    await run(host, ['update', 'web', '--metadata', 'tokens=optional', '--tag', 'none']);
    expect([...host.instances.values()][0]).toMatchObject({
      tags: [],
      metadataOptions: {
        httpPutResponseHopLimit: 2,
        httpTokens: 'METADATA_TOKENS_OPTIONAL',
      },
    });
  });

  it.each([
    [['create', '--image', 'tiny', '--boot-volume', 'x'], 'exclude each other'],
    [['create', '--boot-volume', 'vol00000000000000001', '--cpus', 'two'], '--cpus'],
    [['update', 'web'], 'nothing to change'],
    [['stop', 'web', '--timeout', '601'], '--timeout'],
    [['get', 'wbe'], 'there is no instance "wbe"'],
  ])('refuses %j and changes nothing', async (args, message) => {
    const host = new FakeHostClient();
    host.addInstance({ displayName: 'web' });

    await expect(run(host, args)).rejects.toThrow(message);
    expect(host.changes).toEqual([]);
  });

  it('shows one in full, by its display name', async () => {
    const host = new FakeHostClient();
    const { name } = host.addInstance({ displayName: 'web', cpuCount: 3 });

    expect((await run(host, ['get', 'web'])).stdout).toBe(
      `name: ${name}\ndisplay_name: web\nimage: tiny\ncpu_count: 3\n` +
        'state: stopped\netag: 0123456789abcdef\n',
    );
    expect((await run(host, ['get', 'web'], 'name')).stdout).toBe(`${name}\n`);
  });

  it('changes limits only as they were when it looked', async () => {
    const host = new FakeHostClient();
    const readOperations = { perSecond: 5n, burst: 1n };
    host.addInstance({ displayName: 'web', limits: { readOperations } });

    const { stdout } = await run(host, ['update', 'web', '--limit', 'bps=1MiB', '--name', 'db']);

    expect(stdout).toContain('is "db", limits read-iops=5:1,bps=1048576:104857');
    expect(host.calls.at(-1)?.request).toMatchObject({
      instance: { etag: '0123456789abcdef' },
      updateMask: ['display_name', 'limits'],
    });
  });

  it('stops with a deadline, resets and deletes', async () => {
    const host = new FakeHostClient();
    const { name } = host.addInstance({ displayName: 'web', state: 'INSTANCE_STATE_RUNNING' });

    const stopped = await run(host, ['stop', 'web', '--timeout', '5']);
    const reset = await run(host, ['reset', name]);
    const deleted = await run(host, ['delete', name.slice('instances/'.length)]);

    expect(stopped.stdout).toBe(`${name} is stopped\n`);
    expect(host.calls.find((call) => call.name.endsWith('StopInstance'))?.request).toMatchObject({
      timeoutMs: 5000,
      force: false,
    });
    expect(reset.stdout).toBe(`${name} was reset\n`);
    expect(deleted.stdout).toBe(`deleted ${name}\n`);
    expect(host.instances.size).toBe(0);
  });

  it('gives each change an id of its own', async () => {
    const host = new FakeHostClient();
    host.addInstance({ displayName: 'web', state: 'INSTANCE_STATE_RUNNING' });

    await run(host, ['stop', 'web']);
    await run(host, ['reset', 'web']);

    const ids = host.calls.flatMap(({ request }) => {
      const id = (request as { readonly requestId?: string }).requestId;
      return id === undefined ? [] : [id];
    });
    expect(new Set(ids).size).toBe(2);
  });
});
