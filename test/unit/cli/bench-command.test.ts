// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addBenchCommand } from '../../../src/cli/bench-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

// What they measure is shown in test/integration/bench.test.ts.
describe('argon bench', () => {
  it.each([
    [['block', '--rows', 'tape-*'], 'no row of the benchmark is named "tape-*"'],
    [['block', '--rows', ''], 'no row of the benchmark is named ""'],
    [['block', '--runs', '0'], '--runs is "0", and should be from 1 to 999'],
    [['block', '--runs', '1000'], '--runs is "1000"'],
    [['block', '--runs', '1.5'], '--runs is "1.5"'],
    [['block', '--queues', '0'], '--queues is "0", and should be like 1..4 or 2'],
    [['block', '--queues', '5'], '--queues is "5"'],
    [['block', '--queues', '3..1'], '--queues is "3..1"'],
    [['block', '--queues', '1-4'], '--queues is "1-4"'],
    [['block', '--seconds', '0'], '--seconds is "0", and should be from 0.1 to 3600'],
    [['block', '--seconds', '0.0'], '--seconds is "0.0"'],
    [['block', '--seconds', '0.05'], '--seconds is "0.05"'],
    [['block', '--seconds', '.5'], '--seconds is ".5"'],
    [['block', '--seconds', '1.2.3'], '--seconds is "1.2.3"'],
    [['block', '--seconds', '-1'], '--seconds is "-1"'],
    [['block', '--seconds', '1e3'], '--seconds is "1e3"'],
    [['block', '--seconds', '3600.1'], '--seconds is "3600.1"'],
    [['block', '--idle-seconds', 'x'], '--idle-seconds is "x"'],
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

  it.each([
    ['block', '--json'],
    ['block', '--report'],
    ['crypto', '--json'],
  ])('%s %s finds out first that its result has no place', async (what, flag) => {
    const place = '/dev/null/result';

    await expect(
      runCommand(addBenchCommand, ['bench', what, flag, place], new FakeContext(untouched)),
    ).rejects.toThrow(place);
  });

  it('lists rows with what they should reach, and measures nothing', async () => {
    const context = new FakeContext(untouched);

    await runCommand(
      addBenchCommand,
      ['bench', 'block', '--list', '--rows', 'null-read-*,queues-*,idle-*', '--queues', '2'],
      context,
    );

    expect(context.stdout).toMatch(/^ROW +GOAL +WORK\n/);
    expect(context.stdout).toMatch(/^null-read-32 +≥ 1\.7 × +4 KiB/m);
    expect(context.stdout).toMatch(/^idle-1000-memory +< 64\.0 KiB +memory/m);
    expect(context.stdout.match(/^queues-\d/gm)).toEqual(['queues-2']);
  });
});
