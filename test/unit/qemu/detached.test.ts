// SPDX-License-Identifier: Apache-2.0

import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { type DetachedQemu, spawnQemu } from '../../../src/qemu/detached.ts';
import type { QemuProgram } from '../../../src/qemu/version.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakePrograms } from './fake-program.ts';
import { sampleProgram, sampleSpec } from './samples.ts';

const signal = AbortSignal.timeout(300_000);
const names = ['qmp', 'serial', 'agent', 'stderr'] as const;

/** Starts a program whose channels are files of the folder. */
async function start(program: QemuProgram, folder: string): Promise<DetachedQemu> {
  const [qmp = 0, serial = 0, agent = 0, stderrFd = 0] = names.map((name) =>
    openSync(join(folder, name), 'w'),
  );
  try {
    const channels = { qmp, serial, agent };
    return await spawnQemu(sampleSpec(), program, { channels, stderrFd, signal });
  } finally {
    for (const fd of [qmp, serial, agent, stderrFd]) closeSync(fd);
  }
}

describe('spawnQemu', () => {
  it('gives QEMU its channels and a session of its own, and says how it ended', async () => {
    await using dir = await createTempDir();
    await using programs = await FakePrograms.create();
    const said = 'echo q >&3; echo s >&4; echo a >&5; echo "$HOME"; echo "$1 $2" >&2';
    const script = `${said}; ps -o sid= $$ >&2; exit 3`;

    const qemu = await start(await programs.write(script), dir.path);

    expect(await qemu.ended).toEqual({ kind: 'code', code: 3 });
    const [qmp, serial, agent, stderr] = await Promise.all(
      names.map(async (name) => readFile(join(dir.path, name), 'utf8')),
    );
    expect([qmp, serial, agent]).toEqual(['q\n', 's\n', 'a\n']);
    expect(stderr?.split('\n')[1]?.trim()).toBe(String(qemu.pid));
  });

  it('tells a signal from a code', async () => {
    await using dir = await createTempDir();
    await using programs = await FakePrograms.create();

    const qemu = await start(await programs.write('kill -KILL $$'), dir.path);

    expect(await qemu.ended).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  });

  it('fails where there is no such program', async () => {
    await using dir = await createTempDir();

    await expect(start(sampleProgram('/nowhere/qemu'), dir.path)).rejects.toMatchObject({
      code: 'failed-precondition',
      hint: expect.stringContaining('./setup'),
    });
  });
});
