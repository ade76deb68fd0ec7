// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { addServeNetwork } from '../../../src/cli/serve-network-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

async function serve(...flags: string[]): Promise<void> {
  await runCommand(
    (program, run) => {
      addServeNetwork(program.command('serve'), run);
    },
    ['serve', 'network', ...flags],
    new FakeContext(untouched),
  );
}

// What it serves is shown in test/integration/serve-network.test.ts, by the program itself.
describe('argon serve network', () => {
  it.each([
    ['a mode of polling that is none', ['--lab', '/x', '--poll', 'on'], '--poll is "on"'],
    [
      'an interval that is none',
      ['--lab', '/x', '--flow-log', '/y', '--flow-interval', '1'],
      '--flow-interval is "1"',
    ],
    ['an environment that is none', ['--lab', '/x', '--environment', 'x'], '--environment is "x"'],
    ['a CPU list that is none', ['--lab', '/x', '--cpu', 'x'], '"x" is not a CPU list'],
  ])('refuses %s', async (_what, flags, message) => {
    await expect(serve(...flags)).rejects.toMatchObject({ code: 'invalid-argument', message });
  });

  it('names a lab file that cannot be read', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'no.yaml');

    await expect(serve('--lab', path)).rejects.toMatchObject({
      code: 'not-found',
      message: `${path} cannot be read (ENOENT)`,
    });
  });

  it('names the place where a lab file is wrong', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lab.yaml');
    await writeFile(path, 'interfaces: 7\n');

    await expect(serve('--lab', path)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(`${path}:1:13: `) as string,
    });
  });
});
