// SPDX-License-Identifier: Apache-2.0

// Goal: `argon limit`, `argon fault` and `argon metrics` without --control ask the running host.

import { describe, expect, it } from 'vitest';

import { addControlCommands } from '../../../../src/cli/control-commands.ts';
import type { OutputFormat } from '../../../../src/cli/output.ts';
import { parseExposition } from '../../card/exposition-parser.ts';
import { FakeContext, runCommand, untouched } from '../fake-context.ts';
import { FakeHostClient } from './fake-host-client.ts';

async function run(
  host: FakeHostClient,
  args: readonly string[],
  format: OutputFormat = 'table',
): Promise<FakeContext> {
  const context = new FakeContext(untouched, { host, format });
  await runCommand(addControlCommands, args, context);
  return context;
}

describe('argon limit on a host', () => {
  it('limits a volume, an instance and the host, and shows them', async () => {
    const host = new FakeHostClient();
    host.addVolume({ displayName: 'data' });
    host.addVolume({ displayName: 'free' });
    host.addInstance({ displayName: 'web' });

    await run(host, ['limit', 'set', 'iops=1', '--volume', 'data']);
    await run(host, ['limit', 'set', 'iops=20', '--instance', 'web']);
    const { stdout } = await run(host, ['limit', 'set', 'bps=1KiB:0', '--host']);
    const shown = await run(host, ['limit', 'show']);

    expect(stdout).toBe('the host has limits bps=1024:0\n');
    expect(shown.stdout).toMatch(
      /^LEVEL .*\nhost +bps=1024:0\ninstance +web +iops=20:2\nvolume +data +iops=1:0\n$/,
    );
  });

  it.each([
    [['limit', 'set', 'iops=1'], 'what is to be limited?'],
    [['limit', 'set', 'iops=1', '--host', '--volume', 'data'], 'what is to be limited?'],
    [['fault', 'set', 'error'], 'which volume is meant?'],
    [['fault', 'clear', '1'], 'which volume is meant?'],
    [['fault', 'release'], 'which volume is meant?'],
    [['fault', 'set', 'bang', '--volume', 'data'], '"bang" is not a fault'],
  ])('refuses %j before anything is asked', async (args, message) => {
    const host = new FakeHostClient();

    await expect(run(host, args)).rejects.toThrow(message);
    expect(host.changes).toEqual([]);
  });
});

describe('argon fault on a host', () => {
  it('sets, lists, releases and clears', async () => {
    const host = new FakeHostClient();
    const { name } = host.addVolume({ displayName: 'data' });
    const { name: other } = host.addVolume({ displayName: 'other' });
    host.addVolume({ displayName: 'not-served' });
    host.metrics.push({ name }, { name: other });

    const first = await run(host, ['fault', 'set', 'error:op=read,nth=3', '--volume', 'data']);
    const second = await run(host, ['fault', 'set', 'hang', '--volume', name]);
    await run(host, ['fault', 'set', 'hang', '--volume', 'other']);
    const ofOne = await run(host, ['fault', 'list', '--volume', 'data']);
    const ofAll = await run(host, ['fault', 'list'], 'name');
    const released = await run(host, ['fault', 'release', '--volume', 'data']);
    await run(host, ['fault', 'clear', first.stdout.trim()]);
    const number = second.stdout.trim().split('/').at(-1) ?? '';
    await run(host, ['fault', 'clear', number, '--volume', 'data']);
    const cleared = await run(host, ['fault', 'clear', '--volume', other]);

    expect(first.stdout).toMatch(new RegExp(`^${name}/faults/\\d+\n$`));
    expect(ofOne.stdout).toMatch(/^FAULT +RULE +MATCHES +HITS\n\S+ +error:op=read,nth=3 +0 +0\n/);
    expect(ofAll.stdout.trim().split('\n')).toHaveLength(3);
    expect(released.stdout).toBe(`what hung on ${name} goes on\n`);
    expect(cleared.stdout).toMatch(new RegExp(`^deleted ${other}/faults/`));
    expect(host.faults.size).toBe(0);
  });
});

describe('argon metrics on a host', () => {
  const name = 'volumes/vol00000000000000001';

  it('shows the counters of all volumes that are served, or of one', async () => {
    const host = new FakeHostClient();
    host.metrics.push({ name, queues: [{ reads: 7n }, { writes: 8n }] });

    const all = await run(host, ['metrics']);
    const one = await run(host, ['metrics', name]);
    const names = await run(host, ['metrics'], 'name');

    expect(all.stdout).toMatch(/^VOLUME +QUEUE +COUNTER +VALUE\nvol0{16}1 +0 +reads +7\n/);
    expect(all.stdout).toMatch(/vol0{16}1 +1 +writes +8\n/);
    expect(one.printed[0]?.value).toMatchObject({ name, queues: [{ reads: 7 }, { writes: 8 }] });
    expect(names.stdout).toBe(`${name}\n`);
  });

  it('prints a page for a scraper, of all that the host has or of one volume', async () => {
    const host = new FakeHostClient();
    host.addInstance({ displayName: 'web' });
    host.metrics.push({ name, queues: [{ reads: 7n }] });

    const all = await run(host, ['metrics', '--format', 'prometheus']);
    const one = await run(host, ['metrics', name, '--format', 'prometheus']);

    expect(parseExposition(all.stdout).get('argon_instance_state')?.samples.size).toBe(5);
    expect(parseExposition(one.stdout).get('argon_volume_read_ops_total')?.samples.size).toBe(1);
    expect(one.stdout).not.toContain('argon_instance_state');
  });

  it('says so where a volume is not served', async () => {
    await expect(run(new FakeHostClient(), ['metrics', name])).rejects.toThrow('is not served');
  });
});
