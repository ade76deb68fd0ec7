// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type FioOptions, fioArguments, fioFile, runFio } from '../../../src/harness/fio-direct.ts';
import { random4k, sequential128k } from '../../../src/harness/workload.ts';
import { createTempDir } from '../temp-dir.ts';

const options: FioOptions = {
  workload: random4k('randread', 32),
  path: '/somewhere/fio.data',
  sizeBytes: 1_048_576,
  isDirect: true,
  cpus: [0, 2],
  durationMs: 1500,
  warmupMs: 200,
  signal: new AbortController().signal,
};

describe('fioArguments', () => {
  it('ask for the same work as a front end does', () => {
    expect(fioArguments(options)).toEqual(
      expect.arrayContaining([
        '--filename=/somewhere/fio.data',
        '--size=1048576',
        '--rw=randread',
        '--bs=4096',
        '--iodepth=32',
        '--ioengine=io_uring',
        '--direct=1',
        '--cpus_allowed=0,2',
        '--runtime=1500ms',
      ]),
    );
  });

  it('go through the page cache where they should', () => {
    expect(fioArguments({ ...options, isDirect: false })).toContain('--direct=0');
  });
});

describe('runFio', () => {
  it('measures reads and writes of a real file', async () => {
    await using dir = await createTempDir();
    const path = fioFile(dir.path);
    expect(dirname(path)).toBe(dir.path);
    await writeFile(path, Buffer.alloc(options.sizeBytes, 1));
    const quick = { ...options, path, isDirect: false, cpus: [0], durationMs: 100, warmupMs: 0 };

    const read = await runFio(quick);
    const written = await runFio({ ...quick, workload: sequential128k('write') });

    expect(read.iops).toBeGreaterThan(0);
    expect(read.p50_ns).toBeGreaterThan(0);
    expect(written.bytes_per_s).toBeGreaterThan(0);
    expect((await readFile(path)).every((byte) => byte === 1)).toBe(false);
  });

  it('fails where the file is missing its place', async () => {
    await expect(runFio({ ...options, path: '/dev/null/fio.data' })).rejects.toThrow(/fio/);
  });
});
