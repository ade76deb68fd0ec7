// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { RunningBackend } from '../../../src/harness/bench-backend.ts';
import {
  fillDevice,
  type LoadScope,
  measureBackend,
  ticksBetween,
} from '../../../src/harness/front-end-load.ts';
import { random4k } from '../../../src/harness/workload.ts';
import type { WorkerMetrics } from '../../../src/native/addons.ts';
import { nativeError } from '../fake-host.ts';
import { FakeFrontends } from './fake-bench.ts';

const backend: RunningBackend = {
  name: 'one',
  socketPath: '/somewhere/one.sock',
  pid: process.pid,
  [Symbol.asyncDispose]: async () => {},
};

function scopeOf(
  frontends: FakeFrontends,
  signal: AbortSignal = new AbortController().signal,
): LoadScope {
  return { addon: frontends.addon, sizeBytes: 1_048_576, frontEndCpu: 1, signal };
}

describe('measureBackend', () => {
  it('gives what was measured, in the units that its names say', async () => {
    const frontends = new FakeFrontends();

    const sample = await measureBackend(scopeOf(frontends), backend, random4k('randread', 4), 5);

    expect(sample).toEqual({
      iops: 10_000,
      bytes_per_s: 40_960_000,
      p50_ns: 1000,
      p99_ns: 2000,
      p999_ns: 3000,
      backend_cpu: expect.any(Number),
      latency_buckets: [
        [1000, 4990],
        [4000, 10],
      ],
    });
    expect(frontends.loads).toMatchObject([
      { rw: 'randread', blockBytes: 4096, depth: 4, durationNs: 5_000_000n, cpus: [1] },
    ]);
  });

  it('closes its front end when a load fails', async () => {
    const frontends = new FakeFrontends();
    frontends.failure = nativeError('timed-out', 'the back end stopped answering under load');

    await expect(measureBackend(scopeOf(frontends), backend, random4k('randread', 1), 5))
      .rejects //
      .toMatchObject({ code: 'deadline-exceeded' });

    expect(frontends.events).toEqual(['connect one.sock', 'load', 'close']);
  });

  it('gives no figures of a back end that fails requests', async () => {
    const frontends = new FakeFrontends();
    frontends.errorCount = 3n;

    await expect(
      measureBackend(scopeOf(frontends), backend, random4k('randread', 1), 5),
    ).rejects.toMatchObject({
      code: 'data-loss',
      message: expect.stringMatching(/one.*3 .*failed/),
    });
  });

  it('cancels the load under way when the signal ends', async () => {
    const frontends = new FakeFrontends();
    frontends.isEndless = true;
    const cancel = new AbortController();

    const measured = measureBackend(
      scopeOf(frontends, cancel.signal),
      backend,
      random4k('randread', 1),
      3_600_000,
    );
    await expect.poll(() => frontends.events).toContain('load');
    cancel.abort();

    await expect(measured).rejects.toMatchObject({
      code: 'cancelled',
      message: 'cancelled while loading one',
    });
    expect(frontends.events.at(-1)).toBe('close');
  });
});

describe('ticksBetween', () => {
  const worker = (measuredRequests: bigint, ticks: bigint): WorkerMetrics => ({
    busyRounds: 0n,
    pollHits: 0n,
    pollMisses: 0n,
    sleeps: 0n,
    measuredRequests,
    stageTicks: { ring: ticks, store: 2n * ticks, crypto: 0n, complete: 3n * ticks },
    ticksPerSecond: 1n,
  });

  it('is what grew, over all workers, for each request', () => {
    const before = { queues: [], workers: [worker(1n, 100n), worker(0n, 0n)] };
    const after = { queues: [], workers: [worker(6n, 500n), worker(5n, 100n)] };

    expect(ticksBetween(before, after)).toEqual({ ring: 50, store: 100, crypto: 0, complete: 150 });
    expect(ticksBetween(after, after)).toBeUndefined();
  });
});

describe('fillDevice', () => {
  it('writes until the device is written once', async () => {
    const frontends = new FakeFrontends();

    await fillDevice({ ...scopeOf(frontends), sizeBytes: 50_000_000 }, backend);

    // Each of the fake's loads writes 20,480,000 bytes.
    expect(frontends.loads).toHaveLength(3);
    expect(frontends.loads[0]).toMatchObject({
      rw: 'write',
      blockBytes: 131_072,
      spanBytes: 50_000_000n,
    });
  });
});
