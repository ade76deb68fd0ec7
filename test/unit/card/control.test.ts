// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createLogger } from '../../../src/base/log.ts';
import { type JsonObject, parseObject } from '../../../src/base/parse.ts';
import { startBlockCard } from '../../../src/card/block-card.ts';
import {
  type ControlMethod,
  type ControlTarget,
  changeLimits,
  handleControl,
} from '../../../src/card/control.ts';
import { parseLimitChanges } from '../../../src/card/limit-spec.ts';
import { nativeError } from '../fake-host.ts';
import { FakeBlockAddon } from './fake-block-addon.ts';

const volumeId = 'vol0123456789abcdef0';

class Scene {
  readonly addon = new FakeBlockAddon();
  readonly target: ControlTarget;

  constructor() {
    const options = { workers: 1, pollMode: 'off', cpus: [] } as const;
    const card = startBlockCard(this.addon, options, createLogger('test', 'silent'));
    this.target = { card, deviceId: 7, volumeId };
  }

  async call(method: ControlMethod, params: JsonObject = {}): Promise<unknown> {
    return await handleControl(this.target, method, params);
  }
}

describe('limits', () => {
  it('of the volume, a guest and the host are set and shown', async () => {
    const scene = new Scene();

    await scene.call('limit.set', { scope: 'volume', spec: 'iops=100' });
    await scene.call('limit.set', { scope: 'guest', name: 'web', spec: 'bps=1MiB' });
    await scene.call('limit.set', { scope: 'host', spec: 'read-iops=5' });

    expect(scene.addon.calls).toEqual([
      `setLimits volume ${volumeId}`,
      'setLimits guest web',
      'setLimits host ',
    ]);
    expect(await scene.call('limit.show')).toMatchObject({
      levels: [
        { scope: 'volume', name: volumeId, spec: 'iops=100:10', delayedRequests: 0n },
        { scope: 'guest', name: 'web', spec: 'bps=1048576:104857' },
        { scope: 'host', name: '', spec: 'read-iops=5:0' },
      ],
    });
  });

  it('that are not named stay', async () => {
    const scene = new Scene();
    changeLimits(scene.target, {
      scope: 'host',
      name: '',
      changes: parseLimitChanges('iops=100,bps=1MiB'),
    });

    await scene.call('limit.set', { scope: 'host', spec: 'iops=none,write-iops=20' });

    expect(await scene.call('limit.show')).toMatchObject({
      levels: [{ spec: 'write-iops=20:2,bps=1048576:104857' }],
    });
  });

  it.each([
    [{ scope: 'card', spec: 'iops=1' }],
    [{ scope: 'guest', spec: 'iops=1' }],
    [{ scope: 'host', name: 'x', spec: 'iops=1' }],
    [{ scope: 'volume', name: 'x', spec: 'iops=1' }],
    [{ scope: 'volume', name: 1, spec: 'iops=1' }],
    [{ scope: 'host' }],
    [{ scope: 'host', spec: 5 }],
    [{ scope: 'host', spec: 'iops=1', more: 1 }],
    [{ spec: 'iops=1' }],
  ])('are refused as %j', async (params) => {
    const scene = new Scene();
    await expect(scene.call('limit.set', params)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect(scene.addon.calls).toEqual([]);
  });
});

describe('faults', () => {
  it('are set, listed, taken away and released', async () => {
    const scene = new Scene();

    expect(await scene.call('fault.set', { spec: 'hang:op=read,nth=2' })).toEqual({ id: 1 });
    expect(await scene.call('fault.list')).toEqual({
      rules: [{ id: 1, spec: 'hang:op=read,nth=2', matches: 0n, hits: 0n }],
    });
    await scene.call('fault.clear', { id: 1 });
    await scene.call('fault.clear');
    await scene.call('fault.release');

    expect(scene.addon.calls).toEqual([
      'addFault 7',
      'faults 7',
      'removeFault 7 1',
      'clearFaults 7',
      'releaseFaults 7',
    ]);
  });

  it('of a device that was given none say how to get them', async () => {
    const scene = new Scene();
    scene.addon.controlFailure = nativeError(
      'unsupported',
      'the device was started without faults',
    );

    for (const method of ['fault.list', 'power.restore'] as const) {
      await expect(scene.call(method)).rejects.toMatchObject({
        code: 'unimplemented',
        hint: expect.stringContaining('--faults'),
      });
    }
  });

  it('that are not there have no such hint', async () => {
    const scene = new Scene();
    scene.addon.controlFailure = nativeError('not-found', 'there is no such fault rule');

    await expect(scene.call('fault.clear', { id: 3 })).rejects.toMatchObject({
      code: 'not-found',
      hint: undefined,
    });
  });
});

describe('power', () => {
  it('is cut with a seed and restored', async () => {
    const scene = new Scene();

    expect(await scene.call('power.cut', { seed: 5 })).toEqual({
      pending: 4n,
      kept: 2n,
      torn: 1n,
      lost: 1n,
    });
    await scene.call('power.restore');

    expect(scene.addon.calls).toEqual(['cutPower 7 5', 'restorePower 7']);
  });
});

describe('growth', () => {
  it('is of the store, then of the device', async () => {
    const scene = new Scene();

    await scene.call('store.grow', { volume: volumeId, sizeBytes: 2 ** 21 });
    await scene.call('device.grow', { volume: volumeId, sizeBytes: 2 ** 21 });

    expect(scene.addon.calls).toEqual(['growStore 7 2097152', 'growDevice 7 2097152']);
  });

  it.each([
    { volume: 'volfffffffffffffffff', sizeBytes: 4096 },
    { volume: volumeId },
    { volume: volumeId, sizeBytes: 4096, force: true },
  ])('with %j is refused', async (params) => {
    const scene = new Scene();

    await expect(scene.call('device.grow', params)).rejects.toThrow();
    expect(scene.addon.calls).toEqual([]);
  });
});

describe('metrics', () => {
  function served(): Scene {
    const scene = new Scene();
    const device = { id: volumeId } as never;
    for (let id = 1; id <= 7; id += 1) scene.addon.devices.set(id, device);
    return scene;
  }

  it('are counters and histograms of each queue, of the workers and of each level', async () => {
    expect(await served().call('metrics')).toMatchObject({
      volume: volumeId,
      queues: [{ writes: 2n ** 64n - 1n, latencyNs: { read: { count: 0 } } }],
      workers: [{ sleeps: 1n }],
      limits: [],
    });
  });

  it('are a page for Prometheus if that is asked for', async () => {
    const { text } = parseObject(await served().call('metrics', { format: 'prometheus' }), 'page');

    expect(text).toContain(
      `argon_volume_write_ops_total{volume="${volumeId}",queue="0"} 18446744073709551615\n`,
    );
    expect(text).toContain('# TYPE argon_volume_latency_nanoseconds histogram\n');
  });
});

describe('a request', () => {
  it.each<[ControlMethod, JsonObject]>([
    ['limit.show', { x: 1 }],
    ['fault.set', { spec: 'error', layer: 'disk' }],
    ['fault.set', {}],
    ['fault.list', { id: 1 }],
    ['fault.clear', { id: 0 }],
    ['fault.clear', { id: 'x' }],
    ['fault.release', { id: 1 }],
    ['power.cut', {}],
    ['power.cut', { seed: -1 }],
    ['power.restore', { seed: 1 }],
    ['metrics', { queue: 0 }],
    ['metrics', { format: 'xml' }],
  ])('%s is refused with %j', async (method, params) => {
    const scene = new Scene();
    await expect(scene.call(method, params)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(scene.addon.calls).toEqual([]);
  });
});
