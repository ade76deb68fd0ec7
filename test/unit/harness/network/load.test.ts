// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { NetBackend } from '../../../../src/harness/network/backend.ts';
import {
  loadOptionsFor,
  measureNetBackend,
  netSampleOf,
} from '../../../../src/harness/network/load.ts';
import type { NetWork } from '../../../../src/harness/network/rows.ts';
import { nativeError } from '../../fake-host.ts';
import { FakeNetLoad, fakeNetBackend, fakeNetResult } from './fake-network.ts';

const forward: NetWork = {
  pattern: 'forward',
  frameBytes: 1500,
  flowCount: 1000,
  checksum: 'full',
};

async function started(events: string[] = []): Promise<NetBackend> {
  return await fakeNetBackend('argon', events).start({
    setup: { pipeline: 'groups', polling: 'always', interfaceCount: 2 },
    cpu: 0,
    signal: new AbortController().signal,
  });
}

describe('loadOptionsFor', () => {
  it('has flows answered before they are measured', async () => {
    expect(loadOptionsFor(forward, await started(), 2000)).toMatchObject({
      sourcePath: '/argon/0',
      targetPath: '/argon/1',
      depth: 512,
      durationNs: 2_000_000_000n,
      warmupNs: 200_000_000n,
      traffic: { flowCount: 1000, isAnswered: true },
    });
  });

  it('sends new flows once, from the first on', async () => {
    const options = loadOptionsFor({ ...forward, newFlowCount: 500 }, await started(), 2000);

    expect(options).toMatchObject({ sentCountMax: 500n, warmupNs: 0n });
    expect(options.traffic).toMatchObject({ isAnswered: false });
  });

  it('needs two interfaces', () => {
    expect(() => loadOptionsFor(forward, { socketPaths: ['/one'] }, 1)).toThrow(RangeError);
  });
});

describe('netSampleOf', () => {
  it('counts what came out, and what did not', () => {
    const result = { ...fakeNetResult, sentCount: 2_000_000n, lostCount: 500_000n };

    expect(netSampleOf(forward, result, 0.99999)).toEqual({
      mpps: 2,
      gbps: 24,
      loss: 0.25,
      backend_cpu: 1,
    });
  });

  it('has latencies of ping-pong, and a rate of new flows, and no loss of nothing', () => {
    expect(netSampleOf({ ...forward, pattern: 'ping-pong' }, fakeNetResult, 1)).toMatchObject({
      p50_ns: 3000,
      p99_ns: 9000,
    });
    expect(netSampleOf({ ...forward, newFlowCount: 1 }, fakeNetResult, 1)).toMatchObject({
      new_flows_per_s: 2_000_000,
    });
    expect(netSampleOf(forward, { ...fakeNetResult, sentCount: 0n }, 1).loss).toBe(0);
  });
});

describe('measureNetBackend', () => {
  it('lets the back end run for as long as it is measured', async () => {
    const load = new FakeNetLoad();
    const backend = await started(load.events);
    const scope = { addon: load.addon, frontEndCpu: 1, signal: new AbortController().signal };

    await measureNetBackend(scope, backend, forward, 100);

    expect(load.events).toEqual(['start argon groups always 2', 'resume', 'load', 'pause']);
    expect(load.loads[0]).toMatchObject({ cpus: [1] });
  });

  it('pauses it after a failure too', async () => {
    const load = new FakeNetLoad();
    load.failure = nativeError('timed-out', 'no frames');
    const backend = await started(load.events);
    const scope = { addon: load.addon, frontEndCpu: 1, signal: new AbortController().signal };

    await expect(measureNetBackend(scope, backend, forward, 100)).rejects.toThrow('no frames');

    expect(load.events.at(-1)).toBe('pause');
  });

  it('cancels the load when the signal ends', async () => {
    const load = new FakeNetLoad();
    load.isEndless = true;
    const backend = await started(load.events);
    const controller = new AbortController();
    const scope = { addon: load.addon, frontEndCpu: 1, signal: controller.signal };

    const measuring = measureNetBackend(scope, backend, forward, 100);
    const rejected = expect(measuring).rejects.toMatchObject({ code: 'cancelled' });
    await load.loading;
    controller.abort();

    await rejected;
    expect(load.events.at(-1)).toBe('pause');
  });

  it('cancels one that begins when the signal has ended already', async () => {
    const load = new FakeNetLoad();
    load.isEndless = true;
    const backend = await started(load.events);
    const controller = new AbortController();
    const scope = { addon: load.addon, frontEndCpu: 1, signal: controller.signal };

    const measuring = measureNetBackend(scope, backend, forward, 100);
    controller.abort();

    await expect(measuring).rejects.toMatchObject({ code: 'cancelled' });
  });
});
