// SPDX-License-Identifier: Apache-2.0

import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { locateStateDir } from '../../../../src/base/state-dir.ts';
import {
  createRunFolder,
  findLiveRuns,
  type RunRecord,
  recordRun,
} from '../../../../src/cli/run/run-folder.ts';
import { createTempDir } from '../../temp-dir.ts';

const noSuchPid = 2 ** 22; // One more than the kernel gives out.

function record(id: string, pid: number): RunRecord {
  return {
    id,
    pid,
    image: 'tiny',
    startedAt: 'now',
    consoleSocket: `/run/${id}.sock`,
    controlSockets: [],
  };
}

/** The folder of an older run, with what is said of it. */
async function addRun(root: string, id: string, text?: string): Promise<void> {
  await mkdir(join(root, 'runs', id), { recursive: true });
  if (text !== undefined) await writeFile(join(root, 'runs', id, 'run.json'), text);
}

describe('createRunFolder', () => {
  it('makes a folder for its owner alone, named after the time', async () => {
    await using dir = await createTempDir();

    const folder = await createRunFolder(locateStateDir({ ARGON_STATE: dir.path }, '/'));

    expect(folder.id).toMatch(/^\d{8}T\d{6}-[0-9a-f]{4}$/);
    expect(folder.path).toBe(join(dir.path, 'runs', folder.id));
    expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
    for (const log of [folder.consoleLog, folder.cardLog, folder.qemuLog]) {
      expect(log.startsWith(`${folder.path}/`)).toBe(true);
    }
  });

  it('writes files for its owner alone, and lines of QMP in order', async () => {
    await using dir = await createTempDir();
    const folder = await createRunFolder(locateStateDir({ ARGON_STATE: dir.path }, '/'));

    await folder.write('qemu.cmd', 'qemu\n');
    folder.appendQmp({ direction: 'sent', line: '{"execute":"cont"}' });
    folder.appendQmp({ direction: 'received', line: '{"return":{}}' });

    expect((await stat(join(folder.path, 'qemu.cmd'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder.path, 'qmp.log'), 'utf8')).toBe(
      '-> {"execute":"cont"}\n<- {"return":{}}\n',
    );
  });

  it('keeps the newest and those that still run', async () => {
    await using dir = await createTempDir();
    for (let day = 1; day <= 25; day += 1) {
      const id = `202501${String(day).padStart(2, '0')}T000000-aaaa`;
      await addRun(dir.path, id, JSON.stringify(record(id, day === 2 ? process.pid : noSuchPid)));
    }

    const { id } = await createRunFolder(locateStateDir({ ARGON_STATE: dir.path }, '/'));

    const left = (await readdir(join(dir.path, 'runs'))).toSorted();
    expect(left).toHaveLength(22);
    expect(left[0]).toBe('20250102T000000-aaaa');
    expect(left[1]).toBe('20250106T000000-aaaa');
    expect(left.at(-1)).toBe(id);
  });
});

describe('findLiveRuns', () => {
  it('gives those whose process is there, oldest first', async () => {
    await using dir = await createTempDir();
    const stateDir = locateStateDir({ ARGON_STATE: dir.path }, '/');
    const folder = await createRunFolder(stateDir);
    await recordRun(folder, record(folder.id, process.pid));
    await addRun(dir.path, '20250101T000000-old', JSON.stringify(record('old', process.pid)));
    await addRun(dir.path, '20250102T000000-gone', JSON.stringify(record('gone', noSuchPid)));

    expect((await findLiveRuns(stateDir)).map(({ id }) => id)).toEqual(['old', folder.id]);
  });

  it.each([
    ['no record yet', undefined],
    ['half a record', '{"id": "x", "pi'],
    ['a record of something else', '[]'],
    ['a pid that cannot be', JSON.stringify({ ...record('x', 1), pid: 0 })],
    ['a pid of all processes', JSON.stringify({ ...record('x', 1), pid: -1 })],
    ['no socket', JSON.stringify({ ...record('x', process.pid), consoleSocket: undefined })],
  ])('passes over a folder with %s', async (_what, text) => {
    await using dir = await createTempDir();
    await addRun(dir.path, '20250101T000000-aaaa', text);

    expect(await findLiveRuns(locateStateDir({ ARGON_STATE: dir.path }, '/'))).toEqual([]);
  });
});
