// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  identifyProcesses,
  killHostProcesses,
  listHostProcesses,
  stillAlive,
} from '../../../../src/cli/host/host-processes.ts';
import { createTempDir } from '../../temp-dir.ts';

const paths = {
  hostDir: '/s/a/host',
  runtimeDir: '/tmp/argon-0-0123456789ab',
  tag: '0123456789ab',
};

async function addProcess(
  procDir: string,
  pid: number,
  command: readonly string[],
  { state = 'S', name = 'node', startTicks = '77' } = {},
): Promise<void> {
  const folder = join(procDir, String(pid));
  await mkdir(folder, { recursive: true });
  const rest = `${state} ${'0 '.repeat(18)}${startTicks} 0 0`;
  await writeFile(join(folder, 'stat'), `${pid} (${name}) ${rest}\n`);
  await writeFile(join(folder, 'cmdline'), command.map((word) => `${word}\0`).join(''));
}

describe('listHostProcesses()', () => {
  it("finds those with a path of the host's folders on their command line", async () => {
    await using dir = await createTempDir();
    await addProcess(dir.path, 10, ['node', '/a/src/controller/main.ts', paths.hostDir]);
    await addProcess(dir.path, 11, [
      '/usr/bin/qemu-system-x86_64',
      '-chardev',
      `socket,path=${paths.runtimeDir}/s/1`,
    ]);
    await addProcess(dir.path, 12, ['qemu-system-x86_64', '-name', 'a (b) c'], {
      name: 'a) S 1 (b',
    });
    await addProcess(dir.path, 13, ['argon-backplane', '/s/a/hosts/x', '/s/a/host2']);
    await addProcess(dir.path, 14, ['argon-backplane', `${paths.runtimeDir}0/x`]);
    await addProcess(dir.path, 16, ['vim', `${paths.hostDir}/controller.log`]);
    await addProcess(dir.path, 17, ['node', '/editor/main.ts', `${paths.hostDir}/x.yaml`]);
    await mkdir(join(dir.path, '15')); // Ended while it was looked at.
    await mkdir(join(dir.path, 'self'));

    const found = await listHostProcesses(paths, dir.path);

    expect(found.map(({ pid }) => pid)).toEqual([10, 11]);
    expect(found[0]).toMatchObject({
      startTicks: '77',
      command: ['node', '/a/src/controller/main.ts', '/s/a/host'],
    });
  });

  it("finds the machine by the host's tag, and cards by their log", async () => {
    await using dir = await createTempDir();
    const qemu = 'qemu-system-x86_64';
    const card = ['node', '/a/src/card/main.ts'];
    await addProcess(dir.path, 10, [qemu, '-name', `argon-${paths.tag}.i-1,debug-threads=on`]);
    await addProcess(dir.path, 11, [qemu, '-name', 'argon-ba9876543210.i-1']);
    for (const [pid, log] of [
      [12, `${paths.hostDir}/block-card.log`],
      [13, '/s/a/runs/1/card.log'],
    ] as const) {
      await addProcess(dir.path, pid, card);
      await mkdir(join(dir.path, String(pid), 'fd'));
      await symlink('socket:[1]', join(dir.path, String(pid), 'fd', '0'));
      await symlink(log, join(dir.path, String(pid), 'fd', '1'));
    }
    await addProcess(dir.path, 14, card); // Of another user: its descriptors are not to be seen.

    expect((await listHostProcesses(paths, dir.path)).map(({ pid }) => pid)).toEqual([10, 12]);
  });

  it('leaves out what has ended, and itself', async () => {
    await using dir = await createTempDir();
    await addProcess(dir.path, 10, ['argon-backplane', paths.hostDir], { state: 'Z' });
    await addProcess(dir.path, process.pid, ['argon-backplane', paths.hostDir]);

    expect(await listHostProcesses(paths, dir.path)).toEqual([]);
  });
});

/** A shell that ends well when its stdin does, with a word on its command line. */
async function startVictim(word: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'echo up; read line; true', word], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('killHostProcesses()', () => {
  const signal = AbortSignal.timeout(300_000);

  it('kills a real process that was found, and waits for its end', async () => {
    const child = await startVictim('x');
    const ended = once(child, 'exit');

    const found = await identifyProcesses([child.pid ?? 0, 2 ** 22 + 1]);
    await killHostProcesses(found, { signal });
    await ended;

    expect(found.map(({ pid }) => pid)).toEqual([child.pid]);
    expect(child.signalCode).toBe('SIGKILL');
    expect(await stillAlive(found)).toEqual([]);
  });

  it('spares a process that took over the number of one that was listed', async () => {
    const child = await startVictim('x');

    await killHostProcesses([{ pid: child.pid ?? 0, startTicks: '1', command: ['sh'] }], {
      signal,
    });

    child.stdin?.end();
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});
