// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addBenchCommand } from '../../../src/cli/bench-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

// What it measures is shown in test/integration/bench-network.test.ts.
describe('argon bench network', () => {
  it.each([
    [['--rows', 'tape-*'], 'no row of the benchmark is named "tape-*"'],
    [['--runs', '0'], '--runs is "0", and should be from 1 to 999'],
    [['--seconds', '0'], '--seconds is "0", and should be from 0.1 to 3600'],
    [['--idle-seconds', 'x'], '--idle-seconds is "x"'],
    [['--peer', 'vpp'], '--peer has "vpp", and should have testpmd or ovs'],
    [['--peer', 'ovs,'], '--peer has ""'],
  ])('refuses %j', async (flags, message) => {
    await expect(
      runCommand(addBenchCommand, ['bench', 'network', ...flags], new FakeContext(untouched)),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message) as string,
    });
  });

  it('finds out first that its result has no place', async () => {
    const place = '/dev/null/result';

    await expect(
      runCommand(
        addBenchCommand,
        ['bench', 'network', '--json', place],
        new FakeContext(untouched),
      ),
    ).rejects.toThrow(place);
  });

  it('lists rows with what they should reach, and measures nothing', async () => {
    const context = new FakeContext(untouched);

    await runCommand(
      addBenchCommand,
      ['bench', 'network', '--list', '--rows', 'groups-64-*,groups-ping-pong,idle-*'],
      context,
    );

    expect(context.stdout).toMatch(/^ROW +GOAL +WORK\n/);
    expect(context.stdout).toMatch(/^groups-64-1000 +≥ 3\.00 Mpps, ≥ 2 × ovs +forward/m);
    expect(context.stdout).toMatch(/^groups-ping-pong +≤ 5\.0 µs +p50/m);
    expect(context.stdout).toMatch(/^idle-1000 +< 1\.00 % +CPU/m);
    expect(context.stdout).not.toContain('cable');
  });
});
