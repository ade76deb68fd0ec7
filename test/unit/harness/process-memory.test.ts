// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { parseProcessMemory, processMemory } from '../../../src/harness/process-memory.ts';

const rollup = `555 - 7ff ---p 0 00:00 0  [rollup]
Rss:               90000 kB
Pss:               70000 kB
Pss_Anon:          30000 kB
Pss_File:           1000 kB
Pss_Shmem:         39000 kB
Anonymous:         31000 kB
AnonHugePages:         0 kB
`;
const status = 'Name:\tnode\nVmPTE:\t     400 kB\nThreads:\t7\n';

describe('parseProcessMemory', () => {
  it('counts anonymous memory, no files and no shared memory', () => {
    expect(parseProcessMemory(rollup, status)).toEqual({
      ownBytes: 31_000 * 1024,
      pageTableBytes: 400 * 1024,
    });
  });

  it.each([
    ['', status],
    [rollup.replace('Anonymous', 'Nameless'), status],
    [rollup, 'Name:\tkthreadd\n'],
  ])('refuses texts without what it needs', (someRollup, someStatus) => {
    expect(() => parseProcessMemory(someRollup, someStatus)).toThrow('/proc has no');
  });
});

describe('processMemory', () => {
  it('sees what a process takes', async () => {
    const before = await processMemory(process.pid);
    const taken = Buffer.alloc(32 * 1_048_576, 1);

    const after = await processMemory(process.pid);

    expect(after.ownBytes - before.ownBytes).toBeGreaterThan(taken.length / 2);
    expect(after.pageTableBytes).toBeGreaterThan(0);
  });
});
