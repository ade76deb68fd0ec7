// SPDX-License-Identifier: Apache-2.0

// What `argon bench` reports. How fast anything is, is nobody's business here: a test shares its
// CPUs with others, and a row without a single request is as good as any.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { runArgon, startArgon } from './support/argon.ts';
import { eventually } from './support/child.ts';
import { childrenOf, hasEnded, isListening } from './support/proc.ts';
import { createTempDir } from './support/temp-dir.ts';

// The shortest there are, on a device that is written in no time.
const quick = ['--runs', '1', '--seconds', '0.1', '--size', '1MiB'];

const count = expect.toSatisfy(
  (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
) as number;
const fraction = expect.toSatisfy(
  (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
) as number;
const text = expect.stringMatching(/./) as string;

interface Report {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

async function readReport(path: string): Promise<Report> {
  const report = JSON.parse(await readFile(path, 'utf8')) as Report;
  expect(Object.keys(report)).toEqual(['environment', 'results']);
  return report;
}

/** The runs of a back end that was loaded once. */
function runsOf(name: string): object {
  const sample = expect.objectContaining({
    iops: count,
    bytes_per_s: count,
    p50_ns: count,
    p99_ns: count,
    p999_ns: count,
    backend_cpu: fraction,
    latency_buckets: expect.any(Array) as unknown[],
  }) as object;
  return { name, samples: [sample], median: sample };
}

function environment(peers: object): object {
  return {
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    cpu: text,
    cpu_count: count,
    memory_bytes: count,
    kernel: text,
    node: process.versions.node,
    openssl: process.versions.openssl,
    argon: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    commit: text,
    peers,
    accelerator: text,
    placement: text,
    runs: text,
  };
}

describe('argon bench block', () => {
  it('writes what was measured, as JSON and as a page', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'report.json');
    const folder = join(dir.path, 'new', 'report');

    const end = await runArgon(
      ['bench', 'block', ...quick, '--rows', 'queues-2', '--json', path, '--report', folder],
      { state: dir.path },
    );

    expect(end).toMatchObject({ code: 0, signal: null });
    const report = await readReport(path);
    expect(report.environment).toEqual(environment({}));
    expect(report.results).toEqual([
      {
        row: 'queues-2',
        work: text,
        unit: 'iops',
        ours: count,
        runs: [runsOf('argon, encrypted')],
      },
    ]);
    expect(await readReport(join(folder, 'results.json'))).toEqual(report);
    expect(await readFile(join(folder, 'index.html'), 'utf8')).toMatch(/queues-2.*<svg/s);
  });

  it('measures the others beside it, and judges', async () => {
    await using dir = await createTempDir();

    const end = await runArgon(
      ['-o', 'json', 'bench', 'block', ...quick, '--rows', 'tmpfs-encrypted-write-32,disk-read-32'],
      { state: dir.path },
    );

    expect(end).toMatchObject({ code: 0, signal: null });
    const report = JSON.parse(end.stdout) as Report;
    expect(report.environment['peers']).toEqual({
      'qemu-storage-daemon': expect.stringMatching(/^qemu-storage-daemon version \d/) as string,
      fio: expect.stringMatching(/^fio-\d/) as string,
    });
    const judged = {
      other_name: text,
      other: count,
      ratio: fraction,
      reached: expect.any(Boolean) as boolean,
    };
    expect(report.results).toMatchObject([
      {
        ...judged,
        row: 'tmpfs-encrypted-write-32',
        goal: { kind: 'ratio', value: 4 },
        runs: [
          runsOf('argon, encrypted'),
          runsOf('qemu-storage-daemon, aio=io_uring'),
          runsOf('qemu-storage-daemon, aio=threads'),
        ],
      },
      {
        ...judged,
        row: 'disk-read-32',
        runs: [runsOf('argon, plain'), { name: 'fio, CPU 0' }, { name: 'fio, CPU 0 and 1' }],
      },
    ]);
    expect(await readdir(join(dir.path, 'bench'))).toEqual([]);
  });

  it('prints a table that says what is reached', async () => {
    await using dir = await createTempDir();

    const end = await runArgon(
      ['bench', 'block', ...quick, '--rows', 'memory-encryption-cost', '--no-peers'],
      { state: dir.path },
    );

    expect(end.stdout).toMatch(/^ROW +ARGON +OTHER +WHICH +RATIO +GOAL +REACHED\n/);
    expect(end.stdout).toMatch(/^memory-encryption-cost +[\d.]+ [kM]\/s$/m);
  });

  it('ends in the middle of a run when it is interrupted, and leaves nothing behind', async () => {
    await using dir = await createTempDir();
    await using sockets = await createTempDir();
    const words = ['bench', 'block', '--seconds', '3600', '--size', '1MiB', '--rows', 'disk-*'];
    await using argon = startArgon(words, {
      state: dir.path,
      env: { TMPDIR: sockets.path },
    });
    const card = await eventually(async () => {
      const [pid] = await childrenOf(argon.pid);
      return pid !== undefined && (await isListening(pid)) ? pid : undefined;
    }, 'waiting for a back end');

    const end = await argon.end('SIGINT');

    expect(end).toMatchObject({ code: 130, signal: null, stdout: '' });
    expect(await hasEnded(card)).toBe(true);
    expect(await readdir(sockets.path)).toEqual([]);
    expect(await readdir(join(dir.path, 'bench'))).toEqual([]);
  });
});

describe('argon bench crypto', () => {
  it('writes the rates of the ciphers, and of a copy to compare them with', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'report.json');

    const end = await runArgon(['bench', 'crypto', '--seconds', '0.1', '--json', path], {
      state: dir.path,
    });

    expect(end).toMatchObject({ code: 0, signal: null, stderr: '' });
    const report = JSON.parse(await readFile(path, 'utf8')) as {
      readonly environment: object;
      readonly rows: readonly object[];
    };
    expect(report.environment).toEqual(environment({}));
    const rate = (cipher: string, operation: string, unit_bytes: number): object => ({
      cipher,
      operation,
      unit_bytes,
      bytes_per_s: count,
    });
    expect(report.rows).toEqual([
      rate('aes-256-xts', 'encrypt', 512),
      rate('aes-256-xts', 'decrypt', 512),
      rate('aes-256-xts', 'encrypt', 4096),
      rate('aes-256-xts', 'decrypt', 4096),
      rate('none', 'copy', 1_048_576),
    ]);
    expect(end.stdout).toMatch(/^CIPHER +OPERATION +UNIT +GB\/s\n/);
  });
});
