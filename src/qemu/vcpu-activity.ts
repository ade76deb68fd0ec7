// SPDX-License-Identifier: Apache-2.0

// How busy a machine's virtual CPUs are, by what their threads use. Where a guest is silent, this
// tells one that computes from one that waits for an interrupt which never comes.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseProcStat, ticksPerSecond } from '../base/proc-stat.ts';

/** What one virtual CPU's thread did while it was looked at. */
export interface VcpuActivity {
  readonly index: number;
  /** Of one CPU of the host, 0 to 1. */
  readonly share: number;
}

export interface ActivityOptions {
  readonly procDir?: string;
  /** Lets the time pass between the two looks; for tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

const intervalMs = 500; // Fifty clock ticks: to two percent.

/**
 * Looks at the virtual CPUs of a QEMU process that names its threads (`debug-threads=on`). Empty if
 * it has none or has ended. Takes half a second.
 */
export async function measureVcpus(
  pid: number,
  { procDir = '/proc', wait = sleep }: ActivityOptions = {},
): Promise<readonly VcpuActivity[]> {
  const before = await readTicks(pid, procDir);
  await wait(intervalMs);
  const after = await readTicks(pid, procDir);
  const ticks = (intervalMs / 1000) * ticksPerSecond;
  return [...after].map(([index, used]) => ({
    index,
    share: Math.min(1, (used - (before.get(index) ?? used)) / ticks),
  }));
}

/** `vCPU 0 used 98 % of a CPU, vCPU 1 0 %`; undefined where none was seen. */
export function describeVcpus(vcpus: readonly VcpuActivity[]): string | undefined {
  const [first, ...others] = vcpus.map(
    ({ index, share }) => [`vCPU ${index}`, `${Math.round(share * 100)} %`] as const,
  );
  if (first === undefined) return undefined;
  const rest = others.map(([name, share]) => `, ${name} ${share}`);
  return `${first[0]} used ${first[1]} of a CPU${rest.join('')}`;
}

// The threads are named `CPU 0/TCG`, `CPU 1/KVM`.
async function readTicks(pid: number, procDir: string): Promise<ReadonlyMap<number, number>> {
  const folder = join(procDir, String(pid), 'task');
  const ticks = new Map<number, number>();
  for (const thread of await readdir(folder).catch(() => [])) {
    const text = await readFile(join(folder, thread, 'stat'), 'utf8').catch(() => '');
    const stat = parseProcStat(text);
    const index = /^CPU (\d+)\/\w+$/.exec(stat?.name ?? '')?.[1];
    if (stat !== undefined && index !== undefined) ticks.set(Number(index), stat.cpuTicks);
  }
  return new Map([...ticks].toSorted(([a], [b]) => a - b));
}
