// SPDX-License-Identifier: Apache-2.0

// Goal: the script makes bash itself complete. A program that says what it was asked stands in for
// argon; test/integration/host-command.test.ts has the real one.

import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import { completionScript, filesAnswer } from '../../../../src/cli/completion/scripts.ts';
import { createTempDir } from '../../temp-dir.ts';

/** What bash offers for a line of these words, when `answer` is what argon says. */
async function completeInBash(
  dir: string,
  words: readonly string[],
  answer: string,
): Promise<readonly string[]> {
  await writeFile(join(dir, 'script'), completionScript('bash'));
  await writeFile(join(dir, 'argon'), `#!/bin/sh\nprintf '%s|' "$@" >"${dir}/asked"\n${answer}\n`);
  await chmod(join(dir, 'argon'), 0o700);
  const line = `source ./script
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _argon
    complete -p argon >&2; [[ \${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['-euo', 'pipefail', '-c', line, 'bash', join(dir, 'argon'), ...words],
    { cwd: dir },
  );
  expect(stderr).toBe('complete -F _argon argon\n');
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completionScript()', () => {
  it('offers in bash what argon says, word for word', async () => {
    await using dir = await createTempDir();

    const offered = await completeInBash(
      dir.path,
      ['volume', 'a b', ''],
      `[ "$#" = 5 ] && printf 'attach\\nwith space\\n'`,
    );

    expect(offered).toEqual(['attach', 'with space']);
  });

  it('offers files in bash where argon says so', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'lab-folder'));
    await writeFile(join(dir.path, 'lab.yaml'), '');

    const offered = await completeInBash(dir.path, ['up', 'lab'], `echo '${filesAnswer}'`);

    expect(offered.toSorted()).toEqual(['lab-folder', 'lab.yaml']);
  });

  it('offers nothing in bash where argon fails', async () => {
    await using dir = await createTempDir();

    expect(await completeInBash(dir.path, ['x'], 'echo oops >&2; exit 1')).toEqual([]);
  });

  it.each(['zsh', 'fish'] as const)('asks the same of argon in %s', (shell) => {
    const script = completionScript(shell);

    expect(script).toContain('__complete -- ');
    expect(script).toContain(filesAnswer);
    expect(script).not.toContain('undefined');
  });
});
