// SPDX-License-Identifier: Apache-2.0

// Processes that may have been started by a controller before this one. A pid is used again; with
// the time of its start, and with words of its command line before anything is ended, it is not.

import { readdir, readFile } from 'node:fs/promises';

import { type Cancellable, deadlineSignal, pollUntil } from '../../base/deadline.ts';
import { isRunning, parseProcStat } from '../../base/proc-stat.ts';
import type { ProcessIdentity } from '../model.ts';

const pollIntervalMs = 50;

/** Undefined if there is no such process, or it is a zombie. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const stat = text === undefined ? undefined : parseProcStat(text);
  if (stat === undefined || !isRunning(stat)) return undefined;
  return { pid, startTicks: stat.startTicks };
}

/** True as long as this very process has not ended. */
export async function isAlive({ pid, startTicks }: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(pid))?.startTicks === startTicks;
}

/** Waits until the process has ended, looking now and then: it need not be a child of ours. */
export async function waitForEnd(process: ProcessIdentity, { signal }: Cancellable): Promise<void> {
  await pollUntil(
    async () => ((await isAlive(process)) ? undefined : true),
    `waiting for process ${process.pid} to end`,
    { signal, intervalMs: pollIntervalMs },
  );
}

/** Ends a process at once if it is the one meant: alive, with this word in its command line. */
export async function killProcess(identity: ProcessIdentity, word: string): Promise<void> {
  if (!(await isAlive(identity)) || !(await wordsOf(identity.pid)).includes(word)) return;
  try {
    process.kill(identity.pid, 'SIGKILL');
  } catch {
    return; // It ended by itself.
  }
  await waitForEnd(identity, { signal: deadlineSignal(killTimeoutMs) });
}

// The kernel frees the guest's memory in it, gigabytes on a busy host.
const killTimeoutMs = 30_000;

/** The processes that have a word in their command line that matches, with that word. */
export async function findProcesses(
  matches: (word: string) => boolean,
): Promise<readonly (ProcessIdentity & { readonly word: string })[]> {
  const found: (ProcessIdentity & { readonly word: string })[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const word = (await wordsOf(pid)).find(matches);
    const identity = word === undefined ? undefined : await identifyProcess(pid);
    if (word !== undefined && identity !== undefined) found.push({ ...identity, word });
  }
  return found;
}

// QEMU's options have their values behind commas and equals signs.
async function wordsOf(pid: number): Promise<readonly string[]> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split(/[\0,=]/);
}
