// SPDX-License-Identifier: Apache-2.0

// What a run leaves: a folder `runs/<id>/` with the console's log, the QEMU command line, QMP's
// transcript, the card's log and a manifest. The newest are kept.

import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { errnoName } from '../../base/errors.ts';
import { parseArray, parseInteger, parseJson, parseObject, parseString } from '../../base/parse.ts';
import { ensureStateSubdir, type StateDir } from '../../base/state-dir.ts';
import type { TranscriptLine } from '../../qemu/qmp-client.ts';

export interface RunFolder {
  readonly id: string;
  readonly path: string;
  readonly consoleLog: string;
  readonly cardLog: string;
  readonly qemuLog: string;
  /** Writes a file of the folder. */
  write(name: string, text: string): Promise<void>;
  /** Appends to qmp.log; synchronous, as its caller is an event listener. */
  appendQmp(line: TranscriptLine): void;
}

/** A run that may still be going on, as `run.json` has it. */
export interface RunRecord {
  readonly id: string;
  readonly pid: number;
  readonly image: string;
  readonly startedAt: string;
  /** Where `argon console` connects. */
  readonly consoleSocket: string;
  /** Where `argon limit`, `argon fault` and `argon metrics` ask, for each volume. */
  readonly controlSockets: readonly string[];
}

const keptRuns = 20; // Arbitrary; a run of the Debian image leaves about 100 KiB.
const recordName = 'run.json';

export async function createRunFolder(stateDir: StateDir): Promise<RunFolder> {
  const runs = await ensureStateSubdir(stateDir, 'runs');
  await prune(runs);
  // Names sort by time; the end keeps two of one second apart.
  const stamp = new Date().toISOString().replaceAll(/[-:]|\..*/g, '');
  const id = `${stamp}-${randomBytes(2).toString('hex')}`;
  const path = await ensureStateSubdir(stateDir, 'runs', id);
  const qmpLog = join(path, 'qmp.log');
  return {
    id,
    path,
    consoleLog: join(path, 'console.log'),
    cardLog: join(path, 'card.log'),
    qemuLog: join(path, 'qemu.log'),
    write: async (name, text) => writeFile(join(path, name), text, { mode: 0o600 }),
    appendQmp({ direction, line }) {
      appendFileSync(qmpLog, `${direction === 'sent' ? '->' : '<-'} ${line}\n`);
    },
  };
}

export async function recordRun(folder: RunFolder, record: RunRecord): Promise<void> {
  await folder.write(recordName, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** The runs whose process is still there, oldest first. */
export async function findLiveRuns(stateDir: StateDir): Promise<readonly RunRecord[]> {
  const runs = await ensureStateSubdir(stateDir, 'runs');
  const records: RunRecord[] = [];
  for (const name of (await readdir(runs)).toSorted()) {
    const record = await readRecord(join(runs, name, recordName));
    if (record !== undefined && isAlive(record.pid)) records.push(record);
  }
  return records;
}

async function readRecord(path: string): Promise<RunRecord | undefined> {
  try {
    const object = parseObject(parseJson(await readFile(path, 'utf8'), path), path);
    return {
      id: parseString(object['id'], 'id'),
      pid: parseInteger(object['pid'], 'pid', { min: 1, max: 2 ** 22 }),
      image: parseString(object['image'], 'image'),
      startedAt: parseString(object['startedAt'], 'startedAt'),
      consoleSocket: parseString(object['consoleSocket'], 'consoleSocket'),
      controlSockets: parseArray(object['controlSockets'], 'controlSockets').map((socket) =>
        parseString(socket, 'controlSockets'),
      ),
    };
  } catch {
    // A run that has not come that far, or was killed while it wrote.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errnoName(thrown) === 'EPERM';
  }
}

async function prune(runs: string): Promise<void> {
  const names = (await readdir(runs)).toSorted();
  const old = names.slice(0, Math.max(names.length - keptRuns, 0));
  for (const name of old) {
    const record = await readRecord(join(runs, name, recordName));
    if (record === undefined || !isAlive(record.pid)) {
      await rm(join(runs, name), { recursive: true, force: true });
    }
  }
}
