// SPDX-License-Identifier: Apache-2.0

// Goal: however a run ends, nothing of it is left: no process, no socket, no volume that was made
// for it. And while it goes on its console can be joined.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../src/base/deadline.ts';
import { Argon, type StartedCommand } from './support/argon.ts';
import { descendantsOf, waitUntilGone } from './support/processes.ts';

const bootDeadlineMs = 180_000;

/** Waits until a started run has its guest up. */
async function waitUntilUp(started: StartedCommand): Promise<void> {
  await pollUntil(
    () => (/agent … ok/.test(started.stderr()) ? true : undefined),
    'waiting for the guest',
    { signal: AbortSignal.timeout(bootDeadlineMs), intervalMs: 50 },
  );
}

function pidOf({ child }: StartedCommand): number {
  if (child.pid === undefined) throw new Error('argon was not started');
  return child.pid;
}

describe('a run that is interrupted', () => {
  it('ends its processes and deletes its volumes', async () => {
    await using argon = await Argon.create();
    const started = argon.start(['run', '--volume', 'size=16MiB', '--', 'sleep 600']);
    await waitUntilUp(started);
    expect(await readdir(argon.tempDir)).not.toEqual([]);
    const processes = await descendantsOf(pidOf(started));
    expect(processes.map(({ command }) => command).join('\n')).toContain('qemu-system');

    started.child.kill('SIGINT');
    const { exitCode } = await started.outcome;

    expect(exitCode).toBe(130);
    await waitUntilGone(processes);
    expect(await argon.volumes()).toHaveLength(0);
    expect(await readdir(argon.tempDir)).toEqual([]);
  });
});

describe('a run that is killed', () => {
  it('takes QEMU and the card with it', async () => {
    await using argon = await Argon.create();
    const started = argon.start(['run', '--volume', 'size=16MiB', '--', 'sleep 600']);
    await waitUntilUp(started);
    const processes = await descendantsOf(pidOf(started));
    expect(processes.length).toBeGreaterThanOrEqual(2);

    started.child.kill('SIGKILL');
    await started.outcome;

    await waitUntilGone(processes);
  });
});

describe('argon console', () => {
  it('joins the console of a running guest', async () => {
    await using argon = await Argon.create();
    const started = argon.start(['run', '--', 'sleep 600']);
    await waitUntilUp(started);

    const joined = argon.start(['console'], 'pipe');
    let seen = '';
    joined.child.stdout?.on('data', (text: string) => {
      seen += text;
    });
    joined.child.stdin?.write('\necho "joined-$((40 + 2))"\n');
    await pollUntil(() => (seen.includes('joined-42') ? true : undefined), 'waiting for the echo', {
      signal: AbortSignal.timeout(60_000),
      intervalMs: 50,
    });
    joined.child.stdin?.end();
    const { exitCode } = await joined.outcome;
    started.child.kill('SIGINT');
    await started.outcome;

    expect(exitCode).toBe(0);
  });
});

describe('argon run --print-qemu', () => {
  it('prints a command line that boots when it is pasted', async () => {
    await using argon = await Argon.create();
    const folder = await mkdtemp(join(tmpdir(), 'argon-paste-'));
    const script = join(folder, 'qemu.sh');
    await writeFile(script, await argon.succeed('run', '--accel', 'tcg', '--print-qemu'));

    const qemu = spawn('bash', [script], { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    let seen = '';
    for (const stream of [qemu.stdout, qemu.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
      });
    }
    try {
      await pollUntil(
        () => (seen.includes('argon: guest ready') ? true : undefined),
        `waiting for the pasted QEMU to boot`,
        { signal: AbortSignal.timeout(bootDeadlineMs), intervalMs: 100 },
      );
    } finally {
      if (qemu.pid !== undefined) process.kill(-qemu.pid, 'SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }

    expect(seen).toContain('Linux version');
  });
});
