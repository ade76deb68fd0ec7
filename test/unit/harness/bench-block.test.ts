// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type BenchOptions, benchBlock } from '../../../src/harness/bench-block.ts';
import type { SpeedRow } from '../../../src/harness/speed-rows.ts';
import { random4k } from '../../../src/harness/workload.ts';
import { fakeHost } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeFrontends, fakeBackend } from './fake-bench.ts';

const workload = random4k('randread', 1);
const row: SpeedRow = {
  name: 'null-read',
  work: 'some work',
  measure: 'iops',
  ours: {
    kind: 'argon',
    target: { store: 'null', cipher: 'none' },
    polling: 'always',
    workload,
  },
  other: {
    kind: 'qemu-storage-daemon',
    target: { store: 'null', cipher: 'none' },
    polling: 'adaptive',
    workload,
  },
  goal: 1,
};

async function bench(
  frontends: FakeFrontends,
  events: string[],
  changes: Partial<BenchOptions> = {},
): Promise<Awaited<ReturnType<typeof benchBlock>>> {
  await using disk = await createTempDir();
  return await benchBlock({
    addon: frontends.addon,
    host: fakeHost(),
    rows: [row],
    withOthers: true,
    runCount: 2,
    sizeBytes: 1_048_576,
    durationMs: 5,
    frontEndCpu: 1,
    backendCpus: [0],
    diskDir: disk.path,
    kinds: {
      argon: [fakeBackend('argon', events)],
      'qemu-storage-daemon': [fakeBackend('qsd', events)],
    },
    progress: { step() {}, advance() {} },
    signal: new AbortController().signal,
    ...changes,
  });
}

describe('benchBlock', () => {
  it('lets both sides take turns and judges the row', async () => {
    const frontends = new FakeFrontends();

    const results = await bench(frontends, []);

    expect(results).toMatchObject([
      { row: 'null-read', ours: 10_000, other_name: 'qsd', other: 10_000, reached: true },
    ]);
    expect(results[0]?.runs.map(({ samples }) => samples.length)).toEqual([2, 2]);
    expect(frontends.events.filter((event) => event.startsWith('connect'))).toEqual([
      'connect argon.sock',
      'connect qsd.sock',
      'connect argon.sock',
      'connect qsd.sock',
    ]);
  });

  it('measures ours alone where nobody else is wanted', async () => {
    const events: string[] = [];

    const [result] = await bench(new FakeFrontends(), events, { withOthers: false });

    expect(events).toEqual(['start argon null none always 1', 'stop argon']);
    expect(result).not.toHaveProperty('reached');
  });

  it('ends between two runs when it is cancelled, and stops what it started', async () => {
    const frontends = new FakeFrontends();
    const cancel = new AbortController();
    const events: string[] = [];
    const progress = {
      step() {},
      advance: () => {
        cancel.abort();
      },
    };

    await expect(
      bench(frontends, events, { progress, signal: cancel.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });

    expect(frontends.loads).toHaveLength(2);
    expect(events.slice(-2).toSorted()).toEqual(['stop argon', 'stop qsd']);
  });
});
