// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { ExecRequest, ExecResult } from '../../../src/guest/agent.ts';
import { runInGuest } from '../../../src/guest/exec.ts';

const signal = AbortSignal.timeout(300_000);

/** An agent that gives this result and keeps what it was asked. */
function agentWith(change: Partial<ExecResult>): {
  requests: ExecRequest[];
  run: (request: ExecRequest) => Promise<ExecResult>;
} {
  const requests: ExecRequest[] = [];
  const result: ExecResult = {
    exitCode: 0,
    signal: undefined,
    stdout: Buffer.from('out'),
    stderr: Buffer.from('err'),
    isTruncated: false,
    ...change,
  };
  return {
    requests,
    run: async (request) => {
      requests.push(request);
      return await Promise.resolve(result);
    },
  };
}

describe('runInGuest', () => {
  it('runs a shell with the command as it stands', async () => {
    const agent = agentWith({ exitCode: 7 });

    const result = await runInGuest(agent, `echo "$A" | wc -l`, {
      signal,
      input: 'x',
      env: ['A=b'],
    });

    expect(agent.requests).toEqual([
      { path: '/bin/sh', args: ['-c', `echo "$A" | wc -l`], input: 'x', env: ['A=b'] },
    ]);
    expect(result).toEqual({
      exitCode: 7,
      stdout: Buffer.from('out'),
      stderr: Buffer.from('err'),
      isTruncated: false,
    });
  });

  it('counts a signal as a shell does', async () => {
    const agent = agentWith({ exitCode: undefined, signal: 9 });

    expect((await runInGuest(agent, 'x', { signal })).exitCode).toBe(137);
  });

  it.each([
    [3, 'out', false],
    [2, 'ou', true],
    [0, '', true],
  ])('cuts outputs to %i bytes, and says so', async (outputMaxBytes, stdout, isTruncated) => {
    const result = await runInGuest(agentWith({}), 'x', { signal, outputMaxBytes });

    expect(result.stdout.toString()).toBe(stdout);
    expect(result.isTruncated).toBe(isTruncated);
  });

  it('says so too when the agent cut them', async () => {
    const result = await runInGuest(agentWith({ isTruncated: true }), 'x', { signal });

    expect(result.isTruncated).toBe(true);
  });
});
