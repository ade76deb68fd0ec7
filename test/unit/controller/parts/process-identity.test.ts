// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import {
  findProcesses,
  identifyProcess,
  isAlive,
  killProcess,
  waitForEnd,
} from '../../../../src/controller/parts/process-identity.ts';

const scope = { signal: AbortSignal.timeout(300_000) };

/** A process that waits, with a word of its own in its command line. */
async function start(word: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'read line', `x=${word},y`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  return child;
}

describe('a process', () => {
  it('is known by its pid and the time of its start', async () => {
    const child = await start('argon-test');
    const identity = await identifyProcess(child.pid ?? 0);
    if (identity === undefined) throw new Error('it runs');

    expect(await isAlive(identity)).toBe(true);
    expect(await isAlive({ ...identity, startTicks: '1' })).toBe(false);
    child.kill('SIGKILL');
    await waitForEnd(identity, scope);

    expect(await isAlive(identity)).toBe(false);
    expect(await identifyProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it('is ended only if it is the one that is meant', async () => {
    const word = `argon-test.${process.pid}`;
    const child = await start(word);
    const identity = await identifyProcess(child.pid ?? 0);
    if (identity === undefined) throw new Error('it runs');

    await killProcess(identity, 'another word');
    await killProcess({ ...identity, startTicks: '1' }, word);
    expect(await isAlive(identity)).toBe(true);
    await killProcess(identity, word);

    expect(await isAlive(identity)).toBe(false);
    await killProcess(identity, word);
  });

  it('is found by a word of its command line', async () => {
    const word = `argon-find.${process.pid}`;
    const child = await start(word);

    const found = await findProcesses((other) => other === word);
    child.kill('SIGKILL');

    expect(found).toMatchObject([{ pid: child.pid, word }]);
  });
});
