// SPDX-License-Identifier: Apache-2.0

// The line that Linux has of a process in /proc/PID/stat, and of a thread in task/TID/stat, as
// proc(5) has it.

/** What we go by of it. */
export interface ProcStat {
  /** As the process or thread calls itself: anything, also parentheses and blanks. */
  readonly name: string;
  /** One letter; Z and X have ended. */
  readonly state: string;
  /** Of CPU, in user and kernel mode together: `ticksPerSecond`. */
  readonly cpuTicks: number;
  /** From the kernel's boot to the start: with the pid it names one process for all time. */
  readonly startTicks: string;
}

/** USER_HZ, which the kernel's ABI fixes. */
export const ticksPerSecond = 100;

/** Undefined for what is no such line, as of a process that ends. */
export function parseProcStat(text: string): ProcStat | undefined {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')];
  if (open < 0 || close < open) return undefined;
  // From field 3 on: the state; utime and stime are fields 14 and 15, the start time is field 22.
  const fields = text.slice(close + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  if (state === undefined || startTicks === undefined || !Number.isFinite(cpuTicks)) {
    return undefined;
  }
  return { name: text.slice(open + 1, close), state, cpuTicks, startTicks };
}

/** True while it runs, or could. */
export function isRunning({ state }: ProcStat): boolean {
  return state !== 'Z' && state !== 'X';
}
