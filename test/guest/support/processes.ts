// SPDX-License-Identifier: Apache-2.0

// Which processes a run has, found by what /proc says of their parents.

import { readdir, readFile } from 'node:fs/promises';

import { pollUntil } from '../../../src/base/deadline.ts';

export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly command: string;
}

async function readFacts(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined; // Ended, and only waits for its parent to look.
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { pid, parentPid: Number(parentPid), command };
  } catch {
    return undefined;
  }
}

/** A process and everything below it that is alive. */
export async function descendantsOf(pid: number): Promise<readonly ProcessFacts[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger);
  const all = (await Promise.all(pids.map(readFacts))).filter((facts) => facts !== undefined);
  const found: ProcessFacts[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter(({ parentPid }) => parents.has(parentPid));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Waits until none of these processes is alive any more. */
export async function waitUntilGone(processes: readonly ProcessFacts[]): Promise<void> {
  await pollUntil(
    async () => {
      const alive = await Promise.all(
        processes.map(async ({ pid, command }) => (await readFacts(pid))?.command === command),
      );
      return alive.some(Boolean) ? undefined : true;
    },
    `waiting for ${processes.map(({ command }) => command.slice(0, 40)).join(', ')} to end`,
    { signal: AbortSignal.timeout(30_000), intervalMs: 50 },
  );
}
