// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import type { BackendOptions } from '../../../src/harness/bench-backend.ts';
import { type ContenderOptions, Contenders } from '../../../src/harness/contenders.ts';
import { type BenchTarget, type Contender, random4k } from '../../../src/harness/workload.ts';
import { fakeHost } from '../fake-host.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeFrontends, fakeBackend } from './fake-bench.ts';

interface Rig {
  readonly events: string[];
  readonly seen: BackendOptions[];
  readonly options: ContenderOptions;
}

function rig(diskDir: string, changes: Partial<ContenderOptions> = {}): Rig {
  const events: string[] = [];
  const seen: BackendOptions[] = [];
  return {
    events,
    seen,
    options: {
      addon: new FakeFrontends().addon,
      host: fakeHost(),
      sizeBytes: 1_048_576,
      frontEndCpu: 1,
      backendCpus: [0],
      diskDir,
      signal: new AbortController().signal,
      kinds: {
        argon: [fakeBackend('argon', events, seen)],
        'qemu-storage-daemon': [fakeBackend('uring', events, seen), fakeBackend('aio', events)],
      },
      ...changes,
    },
  };
}

function contender(
  kind: 'argon' | 'qemu-storage-daemon',
  store: BenchTarget['store'],
  queues = 1,
): Contender {
  return {
    kind,
    target: { store, cipher: 'none' },
    polling: 'always',
    workload: { ...random4k('randread', 1), queues },
  };
}

describe('Contenders', () => {
  it('starts a back end once for all rows that ask for the same one', async () => {
    await using dir = await createTempDir();
    const { events, options } = rig(dir.path);
    {
      await using contenders = new Contenders(options);
      await contenders.enter(contender('argon', 'memory'));
      await contenders.enter(contender('argon', 'memory'));
      await contenders.enter(contender('argon', 'memory', 2));
    }

    expect(events).toEqual([
      'start argon memory none always 1',
      'start argon memory none always 2',
      'stop argon',
      'stop argon',
    ]);
  });

  it('enters each variant of an other, but one where there is no I/O to do', async () => {
    await using dir = await createTempDir();
    const { options } = rig(dir.path);
    await using contenders = new Contenders(options);

    const onFile = await contenders.enter(contender('qemu-storage-daemon', 'tmpfs'));
    const onNull = await contenders.enter(contender('qemu-storage-daemon', 'null'));

    expect(onFile.map(({ name }) => name)).toEqual(['uring', 'aio']);
    expect(onNull.map(({ name }) => name)).toEqual(['uring']);
  });

  it('gives back ends folders of their own, which are gone afterwards', async () => {
    await using dir = await createTempDir();
    const { seen, options } = rig(dir.path);
    {
      await using contenders = new Contenders(options);
      await contenders.enter(contender('argon', 'disk'));
      await contenders.enter(contender('qemu-storage-daemon', 'disk'));
    }

    const folders = seen.flatMap(({ socketDir, fileDirs }) => [
      socketDir,
      fileDirs.tmpfs,
      fileDirs.disk,
    ]);
    expect(new Set(folders).size).toBe(6);
    expect(folders.filter((path) => existsSync(path))).toEqual([]);
  });

  it('measures a file by fio on the CPUs of the back end, and on all', async () => {
    await using dir = await createTempDir();
    const { options } = rig(dir.path);
    await using contenders = new Contenders(options);

    const entrants = await contenders.enter({
      kind: 'fio',
      store: 'tmpfs',
      workload: random4k('randread', 1),
    });

    expect(entrants.map(({ name }) => name)).toEqual(['fio, CPU 0', 'fio, CPU 0 and 1']);
    expect((await entrants[0]?.measure(100))?.iops).toBeGreaterThan(0);
  });

  it('takes the rate of the cipher in units of 4096 bytes, for the direction asked', async () => {
    await using dir = await createTempDir();
    const rate = (operation: string, unitBytes: number, bytesPerSecond: bigint): object => ({
      cipher: 'aes-256-xts',
      operation,
      unitBytes,
      bytesPerSecond,
    });
    const measureCrypto = async (): Promise<never[]> =>
      [
        rate('decrypt', 512, 1n),
        rate('encrypt', 4096, 2n),
        rate('decrypt', 4096, 8_192_000_000n),
      ] as never[];
    const { options } = rig(dir.path, { host: { ...fakeHost(), measureCrypto } });
    await using contenders = new Contenders(options);

    const [entrant] = await contenders.enter({ kind: 'aes-256-xts', operation: 'decrypt' });

    expect(await entrant?.measure(100)).toEqual({
      iops: 2_000_000,
      bytes_per_s: 8_192_000_000,
      p50_ns: 500,
    });
  });

  it('stops what it started when the device cannot be filled', async () => {
    await using dir = await createTempDir();
    const frontends = new FakeFrontends();
    frontends.errorCount = 1n;
    const { events, options } = rig(dir.path, { addon: frontends.addon });
    {
      await using contenders = new Contenders(options);
      await expect(contenders.enter(contender('argon', 'memory'))).rejects.toMatchObject({
        code: 'data-loss',
      });
    }

    expect(events.at(-1)).toBe('stop argon');
  });
});
