// SPDX-License-Identifier: Apache-2.0

// What `argon bench network` reports. As in bench.test.ts, how fast anything is is nobody's
// business here, and peers are measured where they are installed.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { runArgon, startArgon } from './support/argon.ts';
import { eventually } from './support/child.ts';
import { childrenOf, hasEnded, isListening } from './support/proc.ts';
import { createTempDir } from './support/temp-dir.ts';

const quick = ['--runs', '1', '--seconds', '0.1', '--idle-seconds', '0.1'];

interface Sample {
  readonly mpps: number;
  readonly gbps: number;
  readonly loss: number;
  readonly p50_ns?: number;
}

interface Result extends Sample {
  readonly row: string;
  readonly unit: string;
  readonly ours: number;
  readonly runs: readonly { readonly name: string; readonly samples: readonly Sample[] }[];
}

interface Report {
  readonly environment: { readonly peers: Readonly<Record<string, string>> };
  readonly results: readonly Result[];
  readonly missing: readonly { readonly peer: string; readonly hint?: string }[];
}

const programs: Readonly<Record<string, string>> = { testpmd: 'dpdk-testpmd', ovs: 'ovs-vsctl' };

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

describe('argon bench network', () => {
  it('writes what was measured, and every frame is either there or lost', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'report.json');

    const end = await runArgon(
      ['bench', 'network', ...quick, '--rows', 'cable-1500,cable-ping-pong', '--json', path],
      { state: dir.path, env: { TMPDIR: dir.path } },
    );

    expect(end, end.stderr).toMatchObject({ code: 0, signal: null });
    expect(end.stdout).toMatch(/^ROW +ARGON +LOSS +OTHER +WHICH +RATIO +GOAL +REACHED\n/);
    const report = JSON.parse(await readFile(path, 'utf8')) as Report;
    expect(Object.keys(report)).toEqual(['environment', 'results', 'missing']);
    expect(report.missing).toEqual([]);
    const [forward, pingPong] = report.results;
    expect(forward).toMatchObject({ row: 'cable-1500', unit: 'gbps', loss: 0 });
    expect(forward?.ours).toBe(forward?.gbps);
    // Figures are rounded to four digits behind the point.
    expect(Math.abs((forward?.gbps ?? 0) - (forward?.mpps ?? 0) * 12)).toBeLessThan(0.001);
    expect(forward?.runs.map(({ name, samples }) => [name, samples.length])).toEqual([
      ['argon', 1],
    ]);
    expect(pingPong).toMatchObject({ row: 'cable-ping-pong', unit: 'p50_ns' });
    expect(pingPong?.ours).toBe(pingPong?.p50_ns);
    expect(await readdir(dir.path)).toEqual(['report.json']);
  });

  it('measures a card with a policy: flows, new ones, and idle interfaces', async () => {
    await using dir = await createTempDir();
    const rows = 'groups-64-1000,groups-offload-1500,groups-new-flows,idle-1000';

    const end = await runArgon(['-o', 'json', 'bench', 'network', ...quick, '--rows', rows], {
      state: dir.path,
      env: { TMPDIR: dir.path },
    });

    expect(end, end.stderr).toMatchObject({ code: 0, signal: null });
    const { results } = JSON.parse(end.stdout) as Report;
    expect(results.map(({ row, unit, loss }) => [row, unit, loss])).toEqual([
      ['groups-64-1000', 'mpps', 0],
      ['groups-offload-1500', 'gbps', 0],
      ['groups-new-flows', 'new_flows_per_s', 0],
      ['idle-1000', 'cores', undefined],
    ]);
    // These are sent and waited for, however long that takes.
    expect(results[2]?.ours).toBeGreaterThan(0);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('measures peers beside it, or says what is missing and how to get it', async () => {
    await using dir = await createTempDir();

    const end = await runArgon(
      [
        '-o',
        'json',
        'bench',
        'network',
        ...quick,
        '--rows',
        'cable-64,groups-64-1',
        '--peer',
        'testpmd,ovs',
      ],
      { state: dir.path, env: { TMPDIR: dir.path } },
    );

    expect(end, end.stderr).toMatchObject({ code: 0, signal: null });
    const { environment, results, missing } = JSON.parse(end.stdout) as Report;
    const left = missing.map(({ peer }) => peer);
    const measured = Object.keys(environment.peers);
    expect([...left, ...measured].toSorted()).toEqual(['ovs', 'testpmd']);
    const names = results[0]?.runs.map(({ name }) => name);
    const testpmd = measured.includes('testpmd') ? ['testpmd, io', 'testpmd, mac'] : [];
    expect(names?.slice(0, 1 + testpmd.length)).toEqual(['argon', ...testpmd]);
    // One that is there may still not start in time, on a machine with other work.
    const absent = missing.filter(({ peer }) => !isInstalled(programs[peer] ?? ''));
    const hints = new Set(absent.map(({ hint }) => hint));
    hints.delete('run ./setup bench, which installs it');
    expect([...hints]).toEqual([]);
    expect(results[0]?.loss).toBe(0);
    expect(await readdir(dir.path)).toEqual([]);
  });

  it('ends in the middle of a run when it is interrupted, and leaves nothing behind', async () => {
    await using dir = await createTempDir();
    const words = ['bench', 'network', '--seconds', '3600', '--rows', 'cable-64'];
    await using argon = startArgon(words, { state: dir.path, env: { TMPDIR: dir.path } });
    const card = await eventually(async () => {
      const [pid] = await childrenOf(argon.pid);
      return pid !== undefined && (await isListening(pid)) ? pid : undefined;
    }, 'waiting for a back end');

    const end = await argon.end('SIGINT');

    expect(end, end.stderr).toMatchObject({ code: 130, signal: null, stdout: '' });
    expect(await hasEnded(card)).toBe(true);
    expect(await readdir(dir.path)).toEqual([]);
  });
});
