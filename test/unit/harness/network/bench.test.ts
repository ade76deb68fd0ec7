// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { ArgonError } from '../../../../src/base/errors.ts';
import { silentProgress } from '../../../../src/base/progress.ts';
import { benchNetwork, type NetBenchOptions } from '../../../../src/harness/network/bench.ts';
import type { NetPeer, NetRow } from '../../../../src/harness/network/rows.ts';
import { FakeNetLoad, fakeNetBackend } from './fake-network.ts';

function row(name: string, peers: readonly NetPeer[], newFlowCount?: number): NetRow {
  return {
    name,
    work: 'work',
    measure: 'mpps',
    pipeline: 'cable',
    polling: 'always',
    load: {
      pattern: 'forward',
      frameBytes: 64,
      flowCount: 1,
      checksum: 'full',
      ...(newFlowCount === undefined ? {} : { newFlowCount }),
    },
    peers,
    goals: [],
  };
}

function rig(load: FakeNetLoad, changes: Partial<NetBenchOptions> = {}): NetBenchOptions {
  return {
    addon: load.addon,
    rows: [],
    idleRows: [],
    peers: ['testpmd', 'ovs'],
    frontEndCpu: 1,
    backendCpu: 0,
    runCount: 2,
    durationMs: 100,
    watchMs: 1,
    progress: silentProgress,
    signal: new AbortController().signal,
    kinds: {
      argon: [fakeNetBackend('argon', load.events)],
      testpmd: [fakeNetBackend('io', load.events), fakeNetBackend('mac', load.events)],
      ovs: [fakeNetBackend('ovs', load.events)],
      qemu: [],
    },
    ...changes,
  };
}

const turn = ['resume', 'load', 'pause'];

describe('benchNetwork', () => {
  it('starts each back end once, and lets them take turns', async () => {
    const load = new FakeNetLoad();

    const { results, versions, missing } = await benchNetwork(
      rig(load, { rows: [row('one', ['ovs']), row('two', [])] }),
    );

    expect(load.events).toEqual([
      'start ovs cable always 2',
      'start argon cable always 2',
      ...Array.from({ length: 6 }, () => turn).flat(),
      'stop argon',
      'stop ovs',
    ]);
    expect(
      results.map(({ runs }) => runs.map(({ name, samples }) => [name, samples.length])),
    ).toEqual([
      [
        ['argon', 2],
        ['ovs', 2],
      ],
      [['argon', 2]],
    ]);
    expect(versions).toEqual({ ovs: 'ovs 1.0' });
    expect(missing).toEqual([]);
  });

  it('starts a back end anew for each run of new flows', async () => {
    const load = new FakeNetLoad();

    await benchNetwork(rig(load, { rows: [row('new', [], 100)] }));

    const run = ['start argon cable always 2', ...turn, 'stop argon'];
    expect(load.events).toEqual([...run, ...run]);
  });

  it('measures only peers that were asked for, all variants of each', async () => {
    const load = new FakeNetLoad();

    const { results } = await benchNetwork(
      rig(load, { peers: ['testpmd'], rows: [row('one', ['testpmd', 'ovs'])] }),
    );

    expect(results[0]?.runs.map(({ name, peer }) => [name, peer])).toEqual([
      ['argon', undefined],
      ['io', 'testpmd'],
      ['mac', 'testpmd'],
    ]);
  });

  it('leaves out a peer that does not start, and says so once', async () => {
    const load = new FakeNetLoad();
    const options = rig(load, { rows: [row('one', ['ovs']), row('two', ['ovs'])] });
    const broken = {
      name: 'ovs',
      start: async () => {
        throw new ArgonError('failed-precondition', 'it is not installed', { hint: 'install it' });
      },
    };

    const { results, versions, missing } = await benchNetwork({
      ...options,
      kinds: { argon: [], testpmd: [], qemu: [], ...options.kinds, ovs: [broken] },
    });

    expect(results.map(({ runs }) => runs.length)).toEqual([1, 1]);
    expect(versions).toEqual({});
    expect(missing).toEqual([{ peer: 'ovs', reason: 'it is not installed', hint: 'install it' }]);
  });

  it('watches a card whose interfaces nobody uses', async () => {
    const load = new FakeNetLoad();
    const idle = { name: 'idle', work: 'work', interfaceCount: 3, limitCores: 1000 };

    const { results } = await benchNetwork(rig(load, { idleRows: [idle] }));

    expect(load.events).toEqual([
      'start argon groups adaptive 3',
      'resume',
      'hold 3',
      'release',
      'stop argon',
    ]);
    expect(results).toMatchObject([{ row: 'idle', unit: 'cores', reached: true }]);
  });

  it('ends with the signal, and stops what it has started', async () => {
    const load = new FakeNetLoad();
    load.isEndless = true;
    const controller = new AbortController();

    const running = benchNetwork(rig(load, { rows: [row('one', [])], signal: controller.signal }));
    const rejected = expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await load.loading;
    controller.abort();

    await rejected;
    expect(load.events.slice(-2)).toEqual(['pause', 'stop argon']);
  });
});
