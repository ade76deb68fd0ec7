// SPDX-License-Identifier: Apache-2.0

// `argon conformance` against our own cards, which keep every promise, and against back ends that
// break one, which are found out.

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { startQsdPeer } from '../../src/harness/qsd-peer.ts';
import { runArgon, serveBlock } from './support/argon.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume } from './support/volumes.ts';

interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly {
    readonly name: string;
    readonly state: string;
    readonly reason: string;
  }[];
}

function failuresOf(report: Report): readonly string[] {
  return report.cases
    .filter(({ state }) => state === 'failed')
    .map(({ name, reason }) => `${name}: ${reason}`);
}

async function conformance(words: readonly string[], state: string) {
  const end = await runArgon(['-o', 'json', 'conformance', ...words], { state });
  return { ...end, report: JSON.parse(end.stdout || 'null') as Report };
}

// `passedMin`: nearly all of the cases for such a device, so that a feature that is no longer
// offered does not pass as one that works.
describe.each([
  {
    what: 'memory',
    passedMin: 230,
    flagsOf: async () => ['--memory', '16MiB'],
  },
  {
    what: 'encrypted memory and one queue',
    passedMin: 220,
    flagsOf: async () => ['--memory', '16MiB', '--throwaway-key', '--queues', '1'],
  },
  {
    what: 'an encrypted volume',
    passedMin: 230,
    flagsOf: async (state: string) => ['--volume', (await createVolume(state)).id],
  },
  {
    what: 'a plain file',
    passedMin: 230,
    flagsOf: async (state: string) => {
      const path = join(state, 'plain.raw');
      await writeFile(path, Buffer.alloc(16 * 1024 * 1024));
      return ['--file', path, '--plain'];
    },
  },
  {
    what: 'read-only memory',
    passedMin: 150,
    flagsOf: async () => ['--memory', '16MiB', '--read-only'],
  },
])('a card with $what', ({ flagsOf, passedMin }) => {
  it('keeps every promise for which it has the features', async () => {
    await using dir = await createTempDir();
    const server = await serveBlock(await flagsOf(dir.path), { state: dir.path });

    const { code, report } = await conformance(
      ['--socket', server.socketPath, '--destructive'],
      dir.path,
    );

    expect(failuresOf(report)).toEqual([]);
    expect(code).toBe(0);
    expect(report.passed).toBeGreaterThanOrEqual(passedMin);
    expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  });
});

describe('argon conformance', () => {
  it('leaves a device alone that may lose nothing', async () => {
    await using dir = await createTempDir();
    const server = await serveBlock(['--memory', '16MiB'], { state: dir.path });

    const end = await conformance(['--socket', server.socketPath], dir.path);

    expect(end).toMatchObject({ code: 3, stdout: '' });
    expect(end.stderr).toContain('--destructive');
    await server.stop();
  });

  it('says what failed, in the table, in the report, and by its exit code', async () => {
    await using dir = await createTempDir();
    await using peer = await startQsdPeer({
      dir: dir.path,
      signal: AbortSignal.timeout(20_000),
      // Flushes fail, everything else works.
      fault: 'inject-error.0.event=none,inject-error.0.iotype=flush,inject-error.0.errno=5',
    });
    const junit = join(dir.path, 'report.xml');

    const { code, report } = await conformance(
      ['--socket', peer.socketPath, '--destructive', '--filter', 'config/', '--junit', junit],
      dir.path,
    );

    expect(code).toBe(1);
    expect(failuresOf(report)).toContain('config/flush: flush failed with status 1');
    expect(report.passed).toBeGreaterThan(0);
    const xml = await readFile(junit, 'utf8');
    expect(xml).toContain('<failure message="flush failed with status 1">');
    expect(xml).toContain('<skipped message="F_RING_PACKED');
  });

  it('has the cases of a read-only device for one, and needs no leave to run them', async () => {
    await using dir = await createTempDir();
    await using peer = await startQsdPeer({
      dir: dir.path,
      signal: AbortSignal.timeout(20_000),
      isReadOnly: true,
    });

    const { code, report } = await conformance(
      ['--socket', peer.socketPath, '--filter', 'error/'],
      dir.path,
    );

    expect(failuresOf(report)).toEqual([]);
    expect(code).toBe(0);
    const stateOf = (name: string): string | undefined =>
      report.cases.find((result) => result.name === name)?.state;
    expect(stateOf('error/split/write to a read-only device')).toBe('passed');
    expect(stateOf('error/split/write over the end writes nothing')).toBe('skipped');
  });

  it('does not wait for ever for somebody who only listens', async () => {
    await using dir = await createTempDir();
    const socketPath = join(dir.path, 'mute.sock');
    const mute = createServer(() => {}).listen(socketPath);
    await once(mute, 'listening');

    const end = await conformance(['--socket', socketPath, '--timeout', '1'], dir.path);

    expect(end).toMatchObject({ code: 4, stdout: '' });
    expect(end.stderr).toContain('did not answer in time');
    mute.close();
  });
});
