// SPDX-License-Identifier: Apache-2.0

// Goal: when the host's storage fails under a running guest, the guest gets an I/O error for what
// failed, everything else goes on, and nothing hangs.

import { readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../src/base/deadline.ts';
import { Argon } from './support/argon.ts';

describe('a backing file that is cut short under a guest', () => {
  it('gives I/O errors behind the cut, and the rest can be read and written', async () => {
    await using argon = await Argon.create();
    const volume = await argon.succeed('volume', 'create', '--size', '32MiB');
    const { outcome, stderr } = argon.start([
      'run',
      '--volume',
      `id=${volume}`,
      '--',
      'dd if=/dev/urandom of=/dev/vda bs=1M count=32 conv=fsync 2>/dev/null; ' +
        'echo cut-now > /dev/kmsg; ' +
        // Waits until the host has cut the file: the last sector fails then.
        'n=0; while dd if=/dev/vda of=/dev/null bs=512 skip=65535 count=1 iflag=direct ' +
        '2>/dev/null; do n=$((n+1)); [ $n -gt 2000 ] && exit 9; done; ' +
        'dd if=/dev/vda of=/dev/null bs=1M count=8 iflag=direct 2>/dev/null && echo head-reads; ' +
        'dd if=/dev/zero of=/dev/vda bs=1M count=1 oflag=direct 2>/dev/null && echo head-writes; ' +
        'dmesg | grep -c "I/O error, dev vda"',
    ]);
    await pollUntil(
      async () => ((await consoleOf(argon)).includes('cut-now') ? true : undefined),
      'waiting for the guest to have written',
      { signal: AbortSignal.timeout(120_000), intervalMs: 100 },
    );
    await truncate(argon.dataFile(volume), 16 * 1024 * 1024);

    const { exitCode, stdout } = await outcome;

    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr() }).toEqual({
      exitCode: 0,
      stderr: '',
    });
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, 2)).toEqual(['head-reads', 'head-writes']);
    expect(Number(lines[2])).toBeGreaterThan(0);
  });
});

async function consoleOf(argon: Argon): Promise<string> {
  const runs = join(argon.stateDir, 'runs');
  const [id = ''] = await readdir(runs).catch(() => []);
  return await readFile(join(runs, id, 'console.log'), 'utf8').catch(() => '');
}
