// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';

import { ArgonError } from '../base/errors.ts';

// Linux reports in hundredths of a second to programs, whatever its own clock is (USER_HZ).
const ticksPerSecond = 100;

/** CPU seconds that a process has used so far, in user and kernel mode, all threads. */
export async function processCpuSeconds(pid: number): Promise<number> {
  return parseProcStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
}

/** Reads utime and stime of `/proc/PID/stat`. */
export function parseProcStat(text: string): number {
  // The second field is the command in parentheses and may contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const userTicks = Number(fields[11]);
  const systemTicks = Number(fields[12]);
  if (!Number.isFinite(userTicks) || !Number.isFinite(systemTicks)) {
    throw new ArgonError('internal', '/proc/PID/stat has no CPU times');
  }
  return (userTicks + systemTicks) / ticksPerSecond;
}
