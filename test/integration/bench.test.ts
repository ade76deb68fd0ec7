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
const quick = ['--seconds', '0.1', '--size', '1MiB', '--rw', 'randread'];

interface Report {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

async function readReport(path: string): Promise<Report> {
  const report = JSON.parse(await readFile(path, 'utf8')) as Report;
  expect(Object.keys(report)).toEqual(['environment', 'rows']);
  return report;
}

const count = expect.toSatisfy(
  (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0,
) as number;
const fraction = expect.toSatisfy(
  (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
) as number;
const text = expect.stringMatching(/./) as string;

/** A row of a back end under random reads; its members are these and no others. */
function row(backend: string, store: string, cipher: string, iodepth: number): object {
  return {
    backend,
    store,
    cipher,
    rw: 'randread',
    bs: 4096,
    iodepth,
    queues: 1,
    iops: count,
    bytes_per_s: count,
    p50_ns: count,
    p99_ns: count,
    p999_ns: count,
    backend_cpu: fraction,
  };
}

function environment(peer: object): object {
  return {
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    cpu: text,
    cpu_count: count,
    memory_bytes: count,
    kernel: text,
    node: process.versions.node,
    openssl: process.versions.openssl,
    argon: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
    ...peer,
    front_end_cpu: 1,
    backend_cpu: 0,
  };
}

describe('argon bench block', () => {
  it('writes what was measured, in the promised form and no other', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'report.json');

    const end = await runArgon(
      ['bench', 'block', ...quick, '--stores', 'null,memory', '--json', path],
      { state: dir.path },
    );

    expect(end).toMatchObject({ code: 0, signal: null });
    const report = await readReport(path);
    expect(report.environment).toEqual(environment({}));
    expect(report.rows).toEqual([
      row('argon', 'null', 'none', 1),
      row('argon', 'null', 'none', 32),
      row('argon', 'memory', 'none', 1),
      row('argon', 'memory', 'none', 32),
      row('argon', 'memory', 'aes-256-xts', 1),
      row('argon', 'memory', 'aes-256-xts', 32),
    ]);
    // In the order of the promise too.
    expect(Object.keys(report.rows[0] ?? {})).toEqual(Object.keys(row('', '', '', 1)));
  });

  it('measures the peer beside it, on the same kinds of file', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'report.json');
    const peer = 'qemu-storage-daemon';

    const end = await runArgon(
      ['bench', 'block', ...quick, '--stores', 'disk', '--peer', peer, '--json', path],
      { state: dir.path },
    );

    expect(end).toMatchObject({ code: 0, signal: null });
    const report = await readReport(path);
    const version = expect.stringMatching(/^qemu-storage-daemon version \d/) as string;
    expect(report.environment).toEqual(environment({ peer: version }));
    expect(report.rows).toEqual([
      row('argon', 'disk', 'none', 1),
      row('argon', 'disk', 'none', 32),
      row(peer, 'disk', 'none', 1),
      row(peer, 'disk', 'none', 32),
      row('argon', 'disk', 'aes-256-xts', 1),
      row('argon', 'disk', 'aes-256-xts', 32),
      row(peer, 'disk', 'luks (aes-256-xts)', 1),
      row(peer, 'disk', 'luks (aes-256-xts)', 32),
    ]);
    expect(await readdir(join(dir.path, 'bench'))).toEqual([]);
  });

  it('prints the same as a table, or as JSON', async () => {
    await using dir = await createTempDir();
    const words = ['bench', 'block', ...quick, '--stores', 'null'];

    const table = await runArgon(words, { state: dir.path });
    const json = await runArgon(['-o', 'json', ...words], { state: dir.path });

    expect(table.stdout).toMatch(/^BACKEND +STORE +CIPHER +RW +BLOCK +DEPTH +KIOPS +GB\/s /);
    expect(table.stdout.match(/^argon +null +none +randread +4\.0 KiB +(?:1|32) /gm)).toHaveLength(
      2,
    );
    expect((JSON.parse(json.stdout) as Report).rows).toHaveLength(2);
  });

  it('leaves no process and no file behind when it is interrupted', async () => {
    await using dir = await createTempDir();
    await using sockets = await createTempDir();
    // A row is measured to its end, so rows are short.
    const words = ['bench', 'block', '--seconds', '1', '--size', '1MiB', '--stores', 'disk'];
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
    const report = await readReport(path);
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
