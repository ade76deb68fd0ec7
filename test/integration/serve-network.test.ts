// SPDX-License-Identifier: Apache-2.0

// `argon serve network` as its users have it, with our own front end at both ends of a cable.

import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { loadFrontendAddon } from '../../src/native/binding.ts';
import { runArgon, startArgon } from './support/argon.ts';
import type { Child } from './support/child.ts';
import { createTempDir } from './support/temp-dir.ts';

const cable = `interfaces:
  - name: left
    socket: left.sock
  - name: right
    socket: right.sock
`;

async function serveCable(dir: string, flags: readonly string[]): Promise<Child> {
  const lab = join(dir, 'cable.yaml');
  await writeFile(lab, cable);
  const argon = startArgon(['serve', 'network', '--lab', lab, ...flags], { state: dir });
  await argon.waitFor('stdout', /^ready .*\nready .*\n/m);
  return argon;
}

describe('argon serve network', () => {
  it.each(['off', 'adaptive'])('carries frames from end to end, polling %s', async (poll) => {
    await using dir = await createTempDir();
    await using argon = await serveCable(dir.path, ['--poll', poll]);
    const [left, right] = [join(dir.path, 'left.sock'), join(dir.path, 'right.sock')];
    expect(argon.stdout).toBe(`ready ${left}\nready ${right}\n`);
    expect((await stat(left)).mode & 0o777).toBe(0o600);

    for (const pattern of ['forward', 'ping-pong'] as const) {
      const result = await loadFrontendAddon().runNetLoad({
        sourcePath: left,
        targetPath: right,
        pattern,
        frameBytes: 1514,
        depth: 64,
        durationNs: 50_000_000n,
        warmupNs: 0n,
        cpus: [],
      });
      expect(result.lostCount).toBe(0n);
      expect(result.frameCount).toBeGreaterThan(0n);
      expect(result.byteCount).toBe(result.frameCount * 1514n);
    }

    expect(await argon.end('SIGTERM')).toMatchObject({ code: 0 });
    expect(existsSync(left)).toBe(false);
  });

  it('says where a lab file is wrong, and what is missing', async () => {
    await using dir = await createTempDir();
    const lab = join(dir.path, 'lab.yaml');
    await writeFile(lab, 'interfaces: [{ name: left }]\n');

    const wrong = await runArgon(['serve', 'network', '--lab', lab], { state: dir.path });
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain(`${lab}:1:14: an interface has no socket`);

    const missing = await runArgon(['serve', 'network', '--lab', join(dir.path, 'no')], {
      state: dir.path,
    });
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain('cannot be read (ENOENT)');
  });
});
