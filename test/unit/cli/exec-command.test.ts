// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { addExecCommand } from '../../../src/cli/exec-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

describe('argon exec', () => {
  it.each(['0', '-1', 'soon', '86401'])('refuses --timeout %s', async (timeout) => {
    const context = new FakeContext(untouched);
    const args = ['exec', 'i-0123456789abcdef0', '--timeout', timeout, '--', 'true'];

    await expect(runCommand(addExecCommand, args, context)).rejects.toThrow('--timeout');
  });

  it('wants a command', async () => {
    const context = new FakeContext(untouched);

    await expect(
      runCommand(addExecCommand, ['exec', 'i-0123456789abcdef0'], context),
    ).rejects.toThrow("missing required argument 'command'");
  });

  it('says which instance does not run', async () => {
    await using dir = await createTempDir();
    const context = new FakeContext(dir.path);

    await expect(
      runCommand(addExecCommand, ['exec', 'i-0123456789abcdef0', '--', 'uname', '-a'], context),
    ).rejects.toThrow('instance i-0123456789abcdef0 does not run');
  });
});
