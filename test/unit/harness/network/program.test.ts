// SPDX-License-Identifier: Apache-2.0

import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { pollUntil } from '../../../../src/base/deadline.ts';
import { type ProgramOptions, startProgram } from '../../../../src/harness/network/program.ts';

function options(script: string, changes: Partial<ProgramOptions> = {}): ProgramOptions {
  return {
    name: 'the program',
    file: 'sh',
    args: ['-c', script],
    hint: 'install it',
    isReady: (output) => output.includes('ready'),
    signal: new AbortController().signal,
    ...changes,
  };
}

async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';
}

async function waitForState(pid: number, isRight: (state: string) => boolean): Promise<void> {
  await pollUntil(
    async () => (isRight(await stateOf(pid)) ? true : undefined),
    'waiting for a state',
    { signal: AbortSignal.timeout(60_000), intervalMs: 5 },
  );
}

describe('startProgram', () => {
  it('waits until the program is ready, and kills it in the end', async () => {
    let pid: number;
    {
      await using program = await startProgram(
        options('echo ready $A; exec cat', { env: { A: '5' } }),
      );
      ({ pid } = program);
      expect(program.output).toBe('ready 5\n');
    }
    await expect(readFile(`/proc/${pid}/stat`, 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps it on a CPU, and from running while others have their turn', async () => {
    await using program = await startProgram(options('echo ready; exec cat', { cpu: 0 }));
    const status = await readFile(`/proc/${program.pid}/status`, 'utf8');
    expect(status).toMatch(/^Cpus_allowed_list:\t0$/m);

    program.pause();
    await waitForState(program.pid, (state) => state === 'T');
    program.resume();
    await waitForState(program.pid, (state) => state !== 'T');
  });

  it('says what a program said that ended', async () => {
    await expect(startProgram(options('echo no luck >&2; exit 3'))).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the program ended: no luck',
      hint: 'install it',
    });
  });

  it('says how to get one that is missing', async () => {
    await expect(
      startProgram(options('', { file: 'no-such-program-of-argon' })),
    ).rejects.toMatchObject({ code: 'failed-precondition', hint: 'install it' });
  });

  it('does not wait longer than it is asked to', async () => {
    const signal = AbortSignal.abort();

    await expect(startProgram(options('exec cat', { signal }))).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
