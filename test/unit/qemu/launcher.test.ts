// SPDX-License-Identifier: Apache-2.0

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../src/base/deadline.ts';
import { wrapForParent } from '../../../src/qemu/launcher.ts';

// A parent that starts a wrapped `sleep`, prints its pid and waits to be killed.
const parent = `
  import { spawn } from 'node:child_process';
  import { wrapForParent } from '${new URL('../../../src/qemu/launcher.ts', import.meta.url).href}';
  const { file, args } = wrapForParent('sleep', ['600'], { parentPid: process.pid });
  const child = spawn(file, args, { stdio: 'ignore', detached: true });
  process.stdout.write(String(child.pid) + '\\n');
  await new Promise(() => { process.stdin.resume(); });
`;

/** The state letter of a process and the name of its program; undefined when it is gone. */
async function stateOf(pid: number): Promise<{ state: string; name: string } | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const found = /\((.*)\) (\w)/.exec(text);
    return { name: found?.[1] ?? '', state: found?.[2] ?? '' };
  } catch {
    return undefined;
  }
}

describe('wrapForParent', () => {
  const limits = { signal: AbortSignal.timeout(300_000), intervalMs: 5 };

  it('puts the launcher first, then the tie to the parent, then the program', () => {
    const launch = wrapForParent('qemu', ['-S', 'a b'], { parentPid: 7, launcher: ['jail', '-x'] });

    expect(launch.file).toBe('jail');
    expect(launch.args.slice(0, 5)).toEqual(['-x', 'setpriv', '--pdeathsig', 'KILL', '--']);
    expect(launch.args.slice(-4)).toEqual(['7', 'qemu', '-S', 'a b']);
  });

  it('hands arguments and exit code through unchanged', () => {
    const { file, args } = wrapForParent(
      'sh',
      ['-c', 'printf %s "$1"; exit 5', 'x', `a'b "c" $d`],
      {
        parentPid: process.pid,
      },
    );

    const result = spawnSync(file, args);

    expect(result.stdout.toString()).toBe(`a'b "c" $d`);
    expect(result.status).toBe(5);
  });

  it('starts nothing when the parent is gone already', () => {
    const { file, args } = wrapForParent('echo', ['started'], { parentPid: 1 });

    const result = spawnSync(file, args);

    expect(result.stdout.toString()).toBe('');
    expect(result.status).toBe(1);
  });

  it('ends the program when the parent is killed', async () => {
    const node = spawn(process.execPath, ['--input-type=module', '-e', parent], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const pid = Number(String((await once(node.stdout, 'data'))[0]));
    await pollUntil(
      async () => ((await stateOf(pid))?.name === 'sleep' ? true : undefined),
      'waiting for the program',
      limits,
    );

    node.kill('SIGKILL');
    await once(node, 'exit');

    // Gone, or dead and not yet fetched by whoever inherited it.
    const end = await pollUntil(
      async () => {
        const now = await stateOf(pid);
        return now === undefined || now.state === 'Z' ? 'ended' : undefined;
      },
      'waiting for its end',
      limits,
    );
    expect(end).toBe('ended');
  });
});
