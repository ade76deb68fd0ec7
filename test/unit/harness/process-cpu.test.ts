// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseProcStat, processCpuSeconds } from '../../../src/harness/process-cpu.ts';

// From a real one; utime is 1234, stime 56.
function statLine(command: string): string {
  return `4242 (${command}) S 1 4242 4242 0 -1 4194560 100 0 0 0 1234 56 0 0 20 0 7 0 88 1 2\n`;
}

describe('parseProcStat', () => {
  it('adds user and system time', () => {
    expect(parseProcStat(statLine('node'))).toBe(12.9);
  });

  it.each(['a b', 'x) S 1 2', '((', ') R 9 9 9', ''])('is not fooled by the command %j', (name) => {
    expect(parseProcStat(statLine(name))).toBe(12.9);
  });

  it.each(['', '4242 (node)', '4242 (node) S 1 2 3', 'garbage'])('refuses %j', (text) => {
    expect(() => parseProcStat(text)).toThrow('has no CPU times');
  });
});

describe('processCpuSeconds', () => {
  it('grows while a process works', async () => {
    const before = await processCpuSeconds(process.pid);
    const startMs = process.cpuUsage().user / 1000;
    while (process.cpuUsage().user / 1000 - startMs < 40);

    expect((await processCpuSeconds(process.pid)) - before).toBeGreaterThan(0);
  });

  it('fails for a process that is not there', async () => {
    await expect(processCpuSeconds(2 ** 22 + 1)).rejects.toThrow('ENOENT');
  });
});
