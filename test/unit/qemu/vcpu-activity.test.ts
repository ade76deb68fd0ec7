// SPDX-License-Identifier: Apache-2.0

import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { describeVcpus, measureVcpus } from '../../../src/qemu/vcpu-activity.ts';

interface FakeThread {
  readonly id: number;
  readonly name: string;
  readonly userTicks: number;
  readonly systemTicks: number;
}

/** Sets what a folder in the shape of /proc says of a thread of process 7. */
async function setThread(procDir: string, thread: FakeThread): Promise<void> {
  const { id, name, userTicks, systemTicks } = thread;
  const folder = join(procDir, '7', 'task', String(id));
  await mkdir(folder, { recursive: true });
  const before = `${id} (${name}) S 1 7 7 0 -1 4194304 10 0 0 0`;
  await writeFile(
    join(folder, 'stat'),
    `${before} ${userTicks} ${systemTicks} 0 0 20 0 4 0 99 1\n`,
  );
}

describe('measureVcpus', () => {
  it('tells what each virtual CPU used, and nothing of other threads', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'argon-proc-'));
    const procDir = place.path;
    await setThread(procDir, { id: 7, name: 'qemu-system-x86', userTicks: 5, systemTicks: 5 });
    await setThread(procDir, { id: 9, name: 'CPU 1/TCG', userTicks: 100, systemTicks: 10 });
    await setThread(procDir, { id: 8, name: 'CPU 0/TCG', userTicks: 100, systemTicks: 10 });

    const measured = await measureVcpus(7, {
      procDir,
      wait: async (milliseconds) => {
        expect(milliseconds).toBe(500);
        await setThread(procDir, { id: 7, name: 'qemu-system-x86', userTicks: 50, systemTicks: 5 });
        await setThread(procDir, { id: 9, name: 'CPU 1/TCG', userTicks: 115, systemTicks: 20 });
      },
    });

    expect(measured).toEqual([
      { index: 0, share: 0 },
      { index: 1, share: 0.5 },
    ]);
  });

  it('says nothing of a process that has ended', async () => {
    await using place = await mkdtempDisposable(join(tmpdir(), 'argon-proc-'));

    expect(await measureVcpus(7, { procDir: place.path, wait: async () => {} })).toEqual([]);
  });
});

describe('describeVcpus', () => {
  it('is a line for a person', () => {
    const text = describeVcpus([
      { index: 0, share: 0.984 },
      { index: 1, share: 0 },
    ]);

    expect(text).toBe('vCPU 0 used 98 % of a CPU, vCPU 1 0 %');
    expect(describeVcpus([])).toBeUndefined();
  });
});
