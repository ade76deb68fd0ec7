// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addRunCommand } from '../../../src/cli/run-command.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

// What it then does is shown in test/integration/run-command.test.ts, with a QEMU that is none.
describe('argon run', () => {
  it.each([
    [['--cpus', '0'], '--cpus is 0'],
    [['--memory', 'much'], '"much" is not a size'],
    [['--accel', 'hvf'], '--accel is "hvf"'],
    [['--timeout', '0'], '--timeout is 0'],
    [['--boot-volume', 'x'], '"x" is not a volume id'],
    [['--initrd', '/x'], '--initrd and --append belong to --kernel'],
    [['--volume', 'size=1MiB', '--volume', 'big'], '--volume big is not understood'],
  ])('refuses %j before it makes anything', async (flags, message) => {
    await expect(
      runCommand(addRunCommand, ['run', ...flags, '--', 'true'], new FakeContext(untouched)),
    ).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(message),
    });
  });
});
