// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { startBlockCard } from '../../../src/card/block-card.ts';
import { serveControl } from '../../../src/card/control-server.ts';
import { addControlCommands } from '../../../src/cli/control-commands.ts';
import { FakeBlockAddon, noCounters } from '../card/fake-block-addon.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

class Scene implements AsyncDisposable {
  readonly addon = new FakeBlockAddon();
  readonly #control: string;
  readonly #stack: AsyncDisposableStack;

  constructor(stack: AsyncDisposableStack, control: string) {
    this.#stack = stack;
    this.#control = control;
  }

  static async open(): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const control = join(stack.use(await createTempDir()).path, 'c.sock');
    const scene = new Scene(stack.move(), control);
    const logger = createLogger('test', 'silent');
    const card = startBlockCard(scene.addon, { workers: 1, pollMode: 'off', cpus: [] }, logger);
    const target = { card, deviceId: 1, volumeId: 'vol0123456789abcdef0' };
    scene.#stack.use(await serveControl(control, target, logger));
    return scene;
  }

  async run(...args: string[]): Promise<FakeContext> {
    const context = new FakeContext(untouched);
    await runCommand(addControlCommands, [...args, '--control', this.#control], context);
    return context;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

describe('argon limit', () => {
  it('sets the limits of the volume, of a guest and of the host, and shows them', async () => {
    await using scene = await Scene.open();

    await scene.run('limit', 'set', 'iops=100');
    await scene.run('limit', 'set', 'iops=200', '--guest', 'web');
    await scene.run('limit', 'set', 'bps=1MiB:0', '--host');
    const { stdout, printed } = await scene.run('limit', 'show');

    expect(stdout.split('\n')[0]).toMatch(/^LEVEL +NAME +LIMITS +DELAYED +WAITED s +IOPS s/);
    expect(stdout).toMatch(/volume +vol0123456789abcdef0 +iops=100:10 +0 +0\.000/);
    expect(stdout).toMatch(/guest +web +iops=200:20/);
    expect(stdout).toMatch(/host +bps=1048576:0/);
    expect(printed[0]?.value).toMatchObject({ levels: [{}, {}, {}] });
  });

  it.each([
    [['limit', 'set', 'fast'], '"fast" is not a limit'],
    [['limit', 'set', 'iops=1', '--guest', 'a', '--host'], 'exclude each other'],
    [['limit', 'set', 'iops=1', '--guest', 'a/b'], 'not a name of a guest'],
  ])('refuses %j before it asks', async (args, message) => {
    const context = new FakeContext(untouched);
    await expect(
      runCommand(addControlCommands, [...args, '--control', '/nowhere'], context),
    ).rejects.toThrow(message);
  });
});

describe('argon fault', () => {
  it('adds, lists, takes away and releases rules', async () => {
    await using scene = await Scene.open();

    expect((await scene.run('fault', 'set', 'hang:op=read')).stdout).toBe('1\n');
    expect((await scene.run('fault', 'list')).stdout).toMatch(/1 +hang:op=read +0 +0\n/);
    await scene.run('fault', 'release');
    await scene.run('fault', 'clear', '1');
    await scene.run('fault', 'clear');

    expect(scene.addon.calls.filter((call) => call !== 'faults 1')).toEqual([
      'addFault 1',
      'releaseFaults 1',
      'removeFault 1 1',
      'clearFaults 1',
    ]);
  });

  it('cuts the power and says what became of the writes', async () => {
    await using scene = await Scene.open();

    const { stdout } = await scene.run('fault', 'power-cut', '--seed', '9');
    await scene.run('fault', 'power-restore');

    expect(stdout).toBe('4 unflushed writes: 2 kept, 1 torn, 1 lost\n');
    expect(scene.addon.calls).toEqual(['cutPower 1 9', 'restorePower 1']);
  });

  it.each([
    [['fault', 'set', 'crash'], '"crash" is not a fault'],
    [['fault', 'clear', 'all'], 'the rule is not a whole number'],
    [['fault', 'power-cut', '--seed', 'x'], '--seed is not a whole number'],
  ])('refuses %j before it asks', async (args, message) => {
    const context = new FakeContext(untouched);
    await expect(
      runCommand(addControlCommands, [...args, '--control', '/nowhere'], context),
    ).rejects.toThrow(message);
  });
});

describe('argon metrics', () => {
  it('shows whatever counters there are, for each queue, and the levels', async () => {
    await using scene = await Scene.open();
    scene.addon.devices.set(1, {} as never);
    await scene.run('limit', 'set', 'iops=100');

    const { stdout, printed } = await scene.run('metrics');

    for (const name of Object.keys(noCounters)) expect(stdout).toMatch(new RegExp(`0 +${name} `));
    expect(stdout).toContain('18446744073709551615');
    expect(stdout).toContain('iops=100:10');
    expect(printed[0]?.value).toMatchObject({
      volume: 'vol0123456789abcdef0',
      queues: [{ latencyNs: { flush: { buckets: [] } } }],
    });
  });

  it('prints a page for Prometheus', async () => {
    await using scene = await Scene.open();
    scene.addon.devices.set(1, {} as never);

    const { stdout } = await scene.run('metrics', '--format', 'prometheus');

    expect(stdout).toMatch(/^# HELP argon_volume_read_ops_total .*\n# TYPE /);
    expect(stdout).toContain('volume="vol0123456789abcdef0"');
    expect(stdout.endsWith('\n')).toBe(true);
  });

  it('knows no other format', async () => {
    await using scene = await Scene.open();
    await expect(scene.run('metrics', '--format', 'xml')).rejects.toThrow('prometheus');
  });
});
