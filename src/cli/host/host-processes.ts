// SPDX-License-Identifier: Apache-2.0

// The processes of one host, found without its controller: programs of Argon that have a path of
// the host's own folders or its tag on their command line, and cards with their log in its folder.
// Two hosts on one machine have different folders, so neither sees the other's.

import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type Cancellable, pollUntil } from '../../base/deadline.ts';
import { errnoName } from '../../base/errors.ts';
import type { HostPaths } from '../../base/host-paths.ts';
import { isRunning, parseProcStat } from '../../base/proc-stat.ts';

export interface HostProcess {
  readonly pid: number;
  /** Clock ticks since boot: with the pid it names one process for all time. */
  readonly startTicks: string;
  readonly command: readonly string[];
}

const pollIntervalMs = 50; // Arbitrary: a killed process is gone in milliseconds.

/** Those that are alive now, without the caller itself. */
export async function listHostProcesses(
  paths: Marks,
  procDir = '/proc',
): Promise<readonly HostProcess[]> {
  const pids = (await readdir(procDir)).map(Number).filter(Number.isSafeInteger);
  const all = await identifyProcesses(pids, procDir);
  const areOfHost = await Promise.all(
    all.map(
      async (one) =>
        one.pid !== process.pid &&
        (hasMark(one.command, paths) || (await isCardOf(one, paths, procDir))),
    ),
  );
  return all.filter((_, index) => areOfHost[index]);
}

/** Those of these pids that are alive now. */
export async function identifyProcesses(
  pids: readonly number[],
  procDir = '/proc',
): Promise<readonly HostProcess[]> {
  const found = await Promise.all(pids.map(async (pid) => readProcess(pid, procDir)));
  return found.filter((facts) => facts !== undefined);
}

/** Those that are still the process they were when they were listed. */
export async function stillAlive(
  processes: readonly HostProcess[],
  procDir = '/proc',
): Promise<readonly HostProcess[]> {
  const now = await Promise.all(processes.map(async ({ pid }) => readProcess(pid, procDir)));
  return processes.filter((wanted, index) => now[index]?.startTicks === wanted.startTicks);
}

/**
 * Kills what is still the process it was when it was listed, and waits until all of them are gone.
 * @throws ArgonError deadline-exceeded as `signal` ends.
 */
export async function killHostProcesses(
  processes: readonly HostProcess[],
  { signal }: Cancellable,
  procDir = '/proc',
): Promise<void> {
  for (const { pid } of await stillAlive(processes, procDir)) kill(pid);
  await pollUntil(
    async () => ((await stillAlive(processes, procDir)).length === 0 ? true : undefined),
    'waiting for processes of the host to end',
    { signal, intervalMs: pollIntervalMs },
  );
}

type Marks = Pick<HostPaths, 'hostDir' | 'runtimeDir' | 'tag'>;

function hasMark(command: readonly string[], { hostDir, runtimeDir, tag }: Marks): boolean {
  // Somebody's editor may have one of the files open too.
  if (!isOurProgram(command)) return false;
  return command.some(
    (word) =>
      word.includes(`argon-${tag}.`) || // The name of an instance's machine.
      [hostDir, runtimeDir].some((folder) => word === folder || word.includes(`${folder}/`)),
  );
}

function isOurProgram([file = '', ...words]: readonly string[]): boolean {
  const program = basename(file);
  if (/^(?:argon-[a-z-]+|qemu-system-\w+)$/.test(program)) return true;
  return words.some((word) => word.endsWith('/controller/main.ts')) || isCard(words);
}

function isCard(words: readonly string[]): boolean {
  return words.some((word) => word.endsWith('/card/main.ts'));
}

// Cards of `argon run` have their logs elsewhere.
async function isCardOf(
  { pid, command }: HostProcess,
  { hostDir }: Marks,
  procDir: string,
): Promise<boolean> {
  if (!isCard(command)) return false;
  const folder = join(procDir, String(pid), 'fd');
  try {
    for (const fd of await readdir(folder)) {
      if ((await readlink(join(folder, fd))).startsWith(`${hostDir}/`)) return true;
    }
  } catch {
    // It ended meanwhile, or its user may not look: then it ends with its backplane.
  }
  return false;
}

async function readProcess(pid: number, procDir: string): Promise<HostProcess | undefined> {
  try {
    const stat = parseProcStat(await readFile(join(procDir, String(pid), 'stat'), 'utf8'));
    const cmdline = await readFile(join(procDir, String(pid), 'cmdline'), 'utf8');
    if (stat === undefined || !isRunning(stat)) return undefined;
    return { pid, startTicks: stat.startTicks, command: cmdline.split('\0').slice(0, -1) };
  } catch {
    return undefined; // It ended meanwhile, or is not ours to look at.
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (errnoName(thrown) !== 'ESRCH') throw thrown; // It ended by itself.
  }
}
