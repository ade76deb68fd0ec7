// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addBenchCommand } from '../../../src/cli/bench-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';
import { FakeHostClient } from './host/fake-host-client.ts';

describe('argon bench host', () => {
  it.each([
    [['--clients', '0'], '--clients is "0", and should be from 1 to 1000'],
    [['--clients', '1001'], '--clients is "1001"'],
    [['--clients', '2.5'], '--clients is "2.5"'],
    [['--seconds', '0'], '--seconds is "0", and should be from 0.1 to 3600'],
    [['--window', '3601'], '--window is "3601", and should be from 0.1 to 3600'],
  ])('refuses %j', async (flags, message) => {
    await expect(
      runCommand(addBenchCommand, ['bench', 'host', ...flags], new FakeContext(untouched)),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  it('says that a host must run', async () => {
    await expect(
      runCommand(addBenchCommand, ['bench', 'host'], new FakeContext(untouched)),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  it('shows a row for each window', async () => {
    const host = new FakeHostClient();
    host.pids = [process.pid];
    const context = new FakeContext(untouched, { host });

    await runCommand(
      addBenchCommand,
      ['bench', 'host', '--clients', '3', '--seconds', '0.2', '--window', '0.1'],
      context,
    );

    expect(context.stdout).toMatch(/^AFTER +CALLS\/s +P50 +P99 +MAX +CORES +MEMORY\n/);
    expect(context.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(context.printed[0]?.value).toMatchObject({
      environment: { placement: '3 clients in one process, anywhere' },
    });
    expect(host.isClosed).toBe(true);
  });
});
