// SPDX-License-Identifier: Apache-2.0

import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { addDownCommand, addUpCommand } from '../../../src/cli/up-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

describe('argon up', () => {
  it('refuses a lab file before it starts anything', async () => {
    await using dir = await createTempDir();
    const file = join(dir.path, 'lab.yaml');
    await writeFile(file, 'volumes:\n  - {display_name: a, sizebytes: 1}\n');
    const state = join(dir.path, 'state');

    await expect(
      runCommand(addUpCommand, ['up', file], new FakeContext(state)),
    ).rejects.toMatchObject({
      message: `${file}:2:23: a volume has no field "sizebytes"`,
      hint: 'did you mean "size_bytes"?',
    });
    expect(existsSync(state)).toBe(false);
  });
});

describe('argon down', () => {
  it('has nothing to do where there is no state folder', async () => {
    const context = new FakeContext(untouched);

    await runCommand(addDownCommand, ['down'], context);

    expect(context.stdout).toBe('no host runs here\n');
    expect(context.printed[0]?.value).toEqual({ was_up: false });
  });
});
