// SPDX-License-Identifier: Apache-2.0

// Goal: the scripts make the shells themselves complete. A program that says what it was asked
// stands in for argon; test/integration/host-command.test.ts has the real one. zsh and fish are
// tried where they are installed, which ./setup check sees to.

import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

import {
  completionScript,
  filesAnswer,
  type Shell,
} from '../../../../src/cli/completion/scripts.ts';
import { createTempDir } from '../../temp-dir.ts';

async function writeScript(dir: string, shell: Shell, answer: string): Promise<void> {
  await writeFile(join(dir, 'script'), completionScript(shell));
  await writeFile(join(dir, 'argon'), `#!/bin/sh\nprintf '%s|' "$@" >"${dir}/asked"\n${answer}\n`);
  await chmod(join(dir, 'argon'), 0o700);
}

/** What bash offers for a line of these words, when `answer` is what argon says. */
async function completeInBash(
  dir: string,
  words: readonly string[],
  answer: string,
): Promise<readonly string[]> {
  await writeScript(dir, 'bash', answer);
  const line = `source ./script
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _argon
    complete -p argon >&2; [[ \${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  // As the first shell of a session, with a socket as its stdin, it would read what sshd's does.
  const { stdout, stderr } = await promisify(execFile)(
    'bash',
    ['--norc', '-euo', 'pipefail', '-c', line, 'bash', join(dir, 'argon'), ...words],
    { cwd: dir },
  );
  expect(stderr).toBe('complete -F _argon argon\n');
  return stdout.split('\n').filter((word) => word !== '');
}

// zsh has its completion only at a terminal: what offers words there prints them here.
const zshLine = `compdef() {}; _files() { print files }
  compadd() { shift; (( $# == 0 )) || print -rl -- "$@" }
  source ./script; words=("$@"); CURRENT=$#; _argon`;

/** What a shell offers for a line of these words. */
async function completeIn(
  shell: 'zsh' | 'fish',
  dir: string,
  { words, answer }: { readonly words: readonly string[]; readonly answer: string },
): Promise<readonly string[]> {
  await writeScript(dir, shell, answer);
  const args =
    shell === 'zsh'
      ? ['-f', '-c', zshLine, 'zsh', join(dir, 'argon'), ...words]
      : ['--no-config', '-c', `source script; complete -C 'argon ${words.join(' ')}'`];
  const env = { ...process.env, HOME: dir, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
  const { stdout, stderr } = await promisify(execFile)(shell, args, { cwd: dir, env });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

function isInstalled(shell: string): boolean {
  return spawnSync(shell, ['-c', 'exit 0']).status === 0;
}

describe.each(['zsh', 'fish'] as const)('completion in %s', (shell) => {
  it('takes the script, and offers what argon says', async (context) => {
    context.skip(!isInstalled(shell), `${shell} is not installed`);
    await using dir = await createTempDir();

    const answer = `[ "$#" = 4 ] && printf 'attach\\nat-once\\n'`;
    const offered = await completeIn(shell, dir.path, { words: ['volume', 'at'], answer });

    expect(spawnSync(shell, ['-n', join(dir.path, 'script')]).stderr.toString()).toBe('');
    expect(offered.toSorted()).toEqual(['at-once', 'attach']);
    expect(await readFile(join(dir.path, 'asked'), 'utf8')).toBe('__complete|--|volume|at|');
  });

  it('offers files where argon says so', async (context) => {
    context.skip(!isInstalled(shell), `${shell} is not installed`);
    await using dir = await createTempDir();
    await writeFile(join(dir.path, 'lab.yaml'), '');

    const answer = `echo '${filesAnswer}'`;
    const offered = await completeIn(shell, dir.path, { words: ['up', 'lab'], answer });

    expect(offered).toEqual([shell === 'zsh' ? 'files' : 'lab.yaml']);
  });

  it('offers nothing where argon fails', async (context) => {
    context.skip(!isInstalled(shell), `${shell} is not installed`);
    await using dir = await createTempDir();

    const answer = 'echo oops >&2; exit 1';
    expect(await completeIn(shell, dir.path, { words: ['x'], answer })).toEqual([]);
  });
});

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
});
