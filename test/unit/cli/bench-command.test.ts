// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addBenchCommand } from '../../../src/cli/bench-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

// What they measure is shown in test/integration/bench.test.ts.
describe('argon bench', () => {
  it.each([
    [['block', '--stores', 'nvme'], '--stores is "nvme"'],
    [['block', '--stores', 'null,'], '--stores is ""'],
    [['block', '--peer', 'spdk'], '--peer is "spdk"'],
    [['block', '--rw', 'trim'], '--rw is "trim"'],
    [['block', '--rw', ''], '--rw is ""'],
    [['block', '--seconds', '0'], '--seconds is "0", and should be from 0.1 to 3600'],
    [['block', '--seconds', '0.0'], '--seconds is "0.0"'],
    [['block', '--seconds', '0.05'], '--seconds is "0.05"'],
    [['block', '--seconds', '.5'], '--seconds is ".5"'],
    [['block', '--seconds', '1.2.3'], '--seconds is "1.2.3"'],
    [['block', '--seconds', '-1'], '--seconds is "-1"'],
    [['block', '--seconds', '1e3'], '--seconds is "1e3"'],
    [['block', '--seconds', '3600.1'], '--seconds is "3600.1"'],
    [['block', '--size', 'big'], '"big" is not a size'],
    [['crypto', '--seconds', '0'], '--seconds is "0"'],
    [['crypto', '--seconds', '601'], '--seconds is "601", and should be from 0.1 to 600'],
  ])('refuses %j', async (flags, message) => {
    await expect(
      runCommand(addBenchCommand, ['bench', ...flags], new FakeContext(untouched)),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  it.each(['block', 'crypto'])('%s finds out first that its result has no place', async (what) => {
    const place = '/dev/null/result.json';

    await expect(
      runCommand(addBenchCommand, ['bench', what, '--json', place], new FakeContext(untouched)),
    ).rejects.toThrow(place);
  });
});
