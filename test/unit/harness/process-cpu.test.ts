// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { processCpuSeconds } from '../../../src/harness/process-cpu.ts';

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
