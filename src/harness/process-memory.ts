// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';

import { ArgonError } from '../base/errors.ts';

export interface ProcessMemory {
  /**
   * Anonymous pages: without what guests and tmpfs files have in shared memory, and without files.
   * A process's share of its program's file would grow whenever another process of the same
   * program ends.
   */
  readonly ownBytes: number;
  /** Pages that map all of the process; the kernel's, and not part of the above. */
  readonly pageTableBytes: number;
}

/** What a process holds now. */
export async function processMemory(pid: number): Promise<ProcessMemory> {
  const [rollup, status] = await Promise.all([
    readFile(`/proc/${pid}/smaps_rollup`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  return parseProcessMemory(rollup, status);
}

/** Reads the texts of `/proc/PID/smaps_rollup` and `/proc/PID/status`. */
export function parseProcessMemory(rollup: string, status: string): ProcessMemory {
  return {
    ownBytes: kibibytesOf(rollup, 'Anonymous'),
    pageTableBytes: kibibytesOf(status, 'VmPTE'),
  };
}

function kibibytesOf(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  if (found === undefined) throw new ArgonError('internal', `/proc has no ${name} of a process`);
  return Number(found) * 1024;
}
