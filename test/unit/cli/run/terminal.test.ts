// SPDX-License-Identifier: Apache-2.0

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { joinConsole, joinConsoleAt } from '../../../../src/cli/run/terminal.ts';
import { createTempDir } from '../../temp-dir.ts';
import { FakeContext } from '../fake-context.ts';

const signal = AbortSignal.timeout(300_000);

// The console itself needs a stdin: test/integration/run-command.test.ts.
describe('joinConsoleAt', () => {
  it('says that nobody listens there', async () => {
    await using dir = await createTempDir();

    await expect(joinConsoleAt(join(dir.path, 'console.sock'), { signal })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the console cannot be reached',
      hint: 'the guest may just have ended',
      cause: { code: 'ENOENT' },
    });
  });
});

describe('joinConsole', () => {
  it('does nothing without a terminal', async () => {
    await using dir = await createTempDir();

    // Nobody listens at the socket; joining it would fail.
    await expect(
      joinConsole({ consoleSocket: join(dir.path, 'none.sock') }, new FakeContext(dir.path)),
    ).resolves.toBeUndefined();
  });
});
