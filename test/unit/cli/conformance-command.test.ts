// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addConformanceCommand } from '../../../src/cli/conformance-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

// What it finds is shown in test/integration/conformance.test.ts.
describe('argon conformance', () => {
  it.each([
    [[], 'a run needs one back end'],
    [['--socket', '/x', '--peer', 'qemu-storage-daemon'], 'a run needs one back end'],
    [['--device', 'network', '--socket', '/x'], '--device is "network"'],
    [['--peer', 'spdk'], '--peer is "spdk"'],
    [['--socket', '/x', '--timeout', '0'], '--timeout is 0'],
  ])('refuses %j', async (flags, message) => {
    await expect(
      runCommand(addConformanceCommand, ['conformance', ...flags], new FakeContext(untouched)),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });

  it('finds out first that its report has no place', async () => {
    const place = '/dev/null/report.xml';
    const words = ['conformance', '--socket', '/x', '--junit', place];

    await expect(
      runCommand(addConformanceCommand, words, new FakeContext(untouched)),
    ).rejects.toThrow(place);
  });

  it('lists cases with what they need, and runs none', async () => {
    const context = new FakeContext(untouched);

    await runCommand(
      addConformanceCommand,
      ['conformance', '--list', '--filter', 'ring/packed', '--feature', 'F_INDIRECT_DESC'],
      context,
    );

    expect(context.stdout).toMatch(/^CASE +NEEDS +SECTION\n/);
    expect(context.stdout).toMatch(/^ring\/packed\/size 1 indirect +F_INDIRECT_DESC, /m);
    expect(context.stdout).not.toContain('ring/split');
    expect(context.exitCode).toBeUndefined();
  });

  it('says where a back end is that does not answer', async () => {
    await expect(
      runCommand(
        addConformanceCommand,
        ['conformance', '--socket', '/nowhere/b.sock'],
        new FakeContext(untouched),
      ),
    ).rejects.toThrow('/nowhere/b.sock');
  });
});
