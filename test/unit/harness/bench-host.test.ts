// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { ManagementClient } from '../../../src/api/client.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { loadHost } from '../../../src/harness/bench-host.ts';
import { FakeHostClient } from '../cli/host/fake-host-client.ts';

function load(clients: readonly ManagementClient[], durationMs: number, windowMs: number) {
  const shares: number[] = [];
  const windows = loadHost({
    clients,
    controllerPid: process.pid,
    durationMs,
    windowMs,
    progress: {
      step: () => undefined,
      advance: (done, total) => {
        shares.push(done / total);
      },
    },
    signal: new AbortController().signal,
  });
  return { windows, shares };
}

describe('loadHost', () => {
  it('has every client ask, for the host and for volumes, in every window', async () => {
    const hosts = [new FakeHostClient(), new FakeHostClient(), new FakeHostClient()];

    const { windows, shares } = load(hosts, 25, 10);

    const rows = await windows;
    expect(rows).toHaveLength(3);
    const times = rows.map((row) => row.elapsed_s);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    for (const row of rows) {
      expect(row.calls_per_s).toBeGreaterThan(0);
      expect(row.p50_ns).toBeLessThanOrEqual(row.p99_ns);
      expect(row.p99_ns).toBeLessThanOrEqual(row.max_ns);
      expect(row.controller_bytes).toBeGreaterThan(0);
      expect(row.controller_cores).toBeGreaterThanOrEqual(0);
    }
    // Both questions of each client in each window, at least.
    const calls = hosts.map((host) => host.calls.length);
    expect(Math.min(...calls)).toBeGreaterThanOrEqual(6);
    expect(new Set(hosts.flatMap((host) => host.calls.map(({ name }) => name)))).toEqual(
      new Set(['Host.GetHost', 'Volumes.ListVolumes']),
    );
    expect(shares).toHaveLength(calls.reduce((sum, count) => sum + count, 0) / 2);
  });

  it('fails as a call does', async () => {
    const refusing: ManagementClient = {
      call: async () => {
        throw new ArgonError('resource-exhausted', 'too many calls');
      },
      [Symbol.asyncDispose]: async () => undefined,
    };

    await expect(load([new FakeHostClient(), refusing], 10, 10).windows).rejects.toThrow(
      'too many calls',
    );
  });
});
