// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { qsdBackend } from '../../../src/harness/qsd-backend.ts';
import type { BenchTarget } from '../../../src/harness/workload.ts';
import { createTempDir } from '../temp-dir.ts';

// That it serves what it has is shown in test/integration/bench.test.ts.
describe('qsdBackend', () => {
  it('says in its name how it does I/O', () => {
    expect(qsdBackend('threads').name).toBe('qemu-storage-daemon, aio=threads');
  });

  it.each<BenchTarget>([
    { store: 'memory', cipher: 'none' },
    { store: 'null', cipher: 'encrypted' },
  ])('has no store like %j', async (target) => {
    await using dir = await createTempDir();

    await expect(
      qsdBackend('io_uring').start({
        target,
        polling: 'adaptive',
        queues: 1,
        sizeBytes: 1_048_576,
        socketDir: dir.path,
        cpus: [0],
        fileDirs: { tmpfs: dir.path, disk: dir.path },
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({ code: 'unimplemented' });
  });
});
