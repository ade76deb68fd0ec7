// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { BackendKind, BackendOptions } from '../../../src/harness/bench-backend.ts';
import { type BenchOptions, benchBlock } from '../../../src/harness/bench-block.ts';
import type { BenchTarget, Workload } from '../../../src/harness/workload.ts';
import type {
  FrontendAddon,
  LoadOptions,
  LoadResult,
  NativeBlockFrontend,
} from '../../../src/native/addons.ts';
import { abiVersion } from '../../../src/native/binding.ts';
import { errorKinds } from '../../../src/native/error-kind.ts';
import { nativeError } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';

const sizeBytes = 1_048_576;
const workload: Workload = { rw: 'randread', blockBytes: 4096, depth: 4, queues: 1 };
const memory: BenchTarget = { store: 'memory', cipher: 'none' };

const result: LoadResult = {
  operationCount: 5000n,
  byteCount: 20_480_000n,
  elapsedNs: 500_000_000n,
  errorCount: 0n,
  p50Ns: 1000n,
  p99Ns: 2000n,
  p999Ns: 3000n,
  maxNs: 4000n,
  latencyJson: '{"count":0,"sum":0,"max":0,"buckets":[]}',
};

/** Front ends that measure nothing and say so at once. */
class FakeFrontends {
  readonly loads: LoadOptions[] = [];
  readonly events: string[] = [];
  failure: Error | undefined;
  errorCount = 0n;

  get addon(): FrontendAddon {
    const make = (): NativeBlockFrontend => this.#frontend();
    return {
      abiVersion,
      errorKinds,
      // What a constructor returns, `new` gives.
      BlockFrontend: function construct() {
        return make();
      } as unknown as FrontendAddon['BlockFrontend'],
      listChainCases: () => [],
      sizesForLoad: () => ({ queueSize: 64, arenaBytes: 4096n }),
    };
  }

  #frontend(): NativeBlockFrontend {
    const methods: Partial<NativeBlockFrontend> = {
      connect: async ({ socketPath }) => {
        this.events.push(`connect ${basename(socketPath)}`);
      },
      runLoad: async (options) => {
        this.loads.push(options);
        if (this.failure !== undefined) throw this.failure;
        return { ...result, errorCount: this.errorCount };
      },
      close: async () => {
        this.events.push('close');
      },
    };
    return methods as NativeBlockFrontend;
  }
}

/** A back end that serves nothing; its process is this one. */
function fakeBackend(name: string, events: string[], seen: BackendOptions[] = []): BackendKind {
  return {
    name,
    supports: ({ store }) => store !== 'null',
    start: async (options) => {
      seen.push(options);
      events.push(`start ${name} ${options.target.store} ${options.target.cipher}`);
      return {
        name,
        cipher: options.target.cipher === 'none' ? 'none' : 'rot13',
        socketPath: `${options.socketDir}/${name}.sock`,
        pid: process.pid,
        [Symbol.asyncDispose]: async () => {
          events.push(`stop ${name}`);
        },
      };
    },
  };
}

async function bench(
  frontends: FakeFrontends,
  changes: Partial<BenchOptions> & Pick<BenchOptions, 'backends'>,
): Promise<Awaited<ReturnType<typeof benchBlock>>> {
  await using disk = await createTempDir();
  return await benchBlock({
    addon: frontends.addon,
    targets: [memory],
    workloads: [workload],
    sizeBytes,
    durationMs: 5,
    frontEndCpu: 1,
    backendCpu: 0,
    diskDir: disk.path,
    progress: { step() {}, advance() {} },
    signal: new AbortController().signal,
    ...changes,
  });
}

describe('benchBlock', () => {
  it('gives a row with what was measured, in the units that its names say', async () => {
    const frontends = new FakeFrontends();

    const rows = await bench(frontends, { backends: [fakeBackend('one', [])] });

    expect(rows).toEqual([
      {
        backend: 'one',
        store: 'memory',
        cipher: 'none',
        rw: 'randread',
        bs: 4096,
        iodepth: 4,
        queues: 1,
        iops: 10_000,
        bytes_per_s: 40_960_000,
        p50_ns: 1000,
        p99_ns: 2000,
        p999_ns: 3000,
        backend_cpu: expect.any(Number),
      },
    ]);
  });

  it('writes the whole device before it measures', async () => {
    const frontends = new FakeFrontends();

    await bench(frontends, { backends: [fakeBackend('one', [])] });

    expect(frontends.loads).toMatchObject([
      { rw: 'write', blockBytes: 131_072, spanBytes: BigInt(sizeBytes) },
      { rw: 'randread', blockBytes: 4096, depth: 4, durationNs: 5_000_000n, cpus: [1] },
    ]);
  });

  it('measures all back ends on a target before the next, and only what they have', async () => {
    const frontends = new FakeFrontends();
    const events: string[] = [];
    const backends = [fakeBackend('one', events), fakeBackend('two', events)];
    const targets: readonly BenchTarget[] = [
      { store: 'null', cipher: 'none' },
      memory,
      { store: 'memory', cipher: 'encrypted' },
    ];

    const rows = await bench(frontends, { backends, targets });

    expect(events).toEqual([
      'start one memory none',
      'stop one',
      'start two memory none',
      'stop two',
      'start one memory encrypted',
      'stop one',
      'start two memory encrypted',
      'stop two',
    ]);
    expect(rows.map(({ backend, cipher }) => `${backend} ${cipher}`)).toEqual([
      'one none',
      'two none',
      'one rot13',
      'two rot13',
    ]);
  });

  it('gives back ends folders of their own, which are gone afterwards', async () => {
    const seen: BackendOptions[] = [];

    await bench(new FakeFrontends(), { backends: [fakeBackend('one', [], seen)] });

    const folders = seen.flatMap(({ socketDir, fileDirs }) => [
      socketDir,
      fileDirs.tmpfs,
      fileDirs.disk,
    ]);
    expect(new Set(folders).size).toBe(3);
    expect(folders.filter((path) => existsSync(path))).toEqual([]);
    expect(seen[0]).toMatchObject({ cpu: 0, sizeBytes, target: memory });
  });

  it('closes what it opened and stops the back end when a load fails', async () => {
    const frontends = new FakeFrontends();
    frontends.failure = nativeError('timed-out', 'the back end stopped answering under load');
    const events: string[] = [];

    await expect(bench(frontends, { backends: [fakeBackend('one', events)] }))
      .rejects //
      .toMatchObject({ code: 'deadline-exceeded' });

    expect(frontends.events).toEqual(['connect one.sock', 'close']);
    expect(events.at(-1)).toBe('stop one');
  });

  it('gives no figures of a back end that fails requests', async () => {
    const frontends = new FakeFrontends();
    frontends.errorCount = 3n;

    await expect(bench(frontends, { backends: [fakeBackend('one', [])] })).rejects.toMatchObject({
      code: 'data-loss',
      message: expect.stringMatching(/one.*3 .*failed/),
    });
  });

  it('ends between two rows when it is cancelled', async () => {
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
      bench(frontends, {
        backends: [fakeBackend('one', events)],
        workloads: [workload, workload],
        progress,
        signal: cancel.signal,
      }),
    ).rejects.toMatchObject({ name: 'AbortError' });

    expect(frontends.loads).toHaveLength(2); // The fill and the first row.
    expect(events.at(-1)).toBe('stop one');
  });
});
