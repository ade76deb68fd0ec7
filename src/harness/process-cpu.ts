// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';

import { ArgonError } from '../base/errors.ts';
import { parseProcStat, ticksPerSecond } from '../base/proc-stat.ts';

/** CPU seconds that a process has used so far, in user and kernel mode, all threads. */
export async function processCpuSeconds(pid: number): Promise<number> {
  const stat = parseProcStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
  if (stat === undefined) throw new ArgonError('internal', `/proc/${pid}/stat has no CPU times`);
  return stat.cpuTicks / ticksPerSecond;
}
