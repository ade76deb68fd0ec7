// SPDX-License-Identifier: Apache-2.0

// The command line itself: help, mistakes, what goes to stdout, exit codes.

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../src/base/subprocess.ts';
import { runArgon } from './support/argon.ts';
import { type Ended, root, startChild } from './support/child.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume } from './support/volumes.ts';

/** Nothing is made there: these commands end before they touch their state. */
const state = '/dev/null/state';

const commands = [
  [],
  ['up'],
  ['down'],
  ['ls'],
  ['top'],
  ['instance'],
  ['instance', 'create'],
  ['instance', 'stop'],
  ['volume'],
  ['volume', 'create'],
  ['volume', 'list'],
  ['volume', 'resize'],
  ['volume', 'delete'],
  ['volume', 'import'],
  ['volume', 'attach'],
  ['volume', 'limit'],
  ['interface'],
  ['interface', 'create'],
  ['network'],
  ['network', 'subnet'],
  ['network', 'subnet', 'create'],
  ['trace'],
  ['capture'],
  ['exec'],
  ['config'],
  ['config', 'apply'],
  ['call'],
  ['run'],
  ['console'],
  ['serve'],
  ['serve', 'block'],
  ['limit'],
  ['limit', 'set'],
  ['limit', 'show'],
  ['fault'],
  ['fault', 'set'],
  ['fault', 'list'],
  ['fault', 'clear'],
  ['fault', 'release'],
  ['fault', 'power-cut'],
  ['fault', 'power-restore'],
  ['metrics'],
  ['bench'],
  ['bench', 'block'],
  ['bench', 'crypto'],
  ['conformance'],
  ['doctor'],
  ['completion'],
  ['tour'],
];

describe('help', () => {
  it.each(commands.map((words) => ({ words, name: ['argon', ...words].join(' ') })))(
    'of "$name" goes to stdout and ends with 0',
    async ({ words, name }) => {
      const end = await runArgon([...words, '--help'], { state });

      expect(end).toMatchObject({ code: 0, stderr: '' });
      expect(end.stdout.startsWith(`Usage: ${name} `)).toBe(true);
      for (const line of end.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    },
  );

  it('lists every command, the exit codes and the state folder', async () => {
    const { stdout } = await runArgon(['--help'], { state });

    const listed = commands.filter(({ length }) => length === 1).map(([word = '']) => word);
    for (const word of listed) expect(stdout).toMatch(new RegExp(`^ {2}${word}( |$)`, 'm'));
    expect(stdout).toContain('Exit codes: 0 ok, 1 failed, 2 usage');
    expect(stdout).toContain('$ARGON_STATE');
    // The list above is whole: whatever is shown is in it.
    const shown = [...stdout.matchAll(/^ {2}([a-z]+)(?: [[<]| {2,})/gm)].map(([, word]) => word);
    expect(shown.filter((word) => word !== 'help')).toEqual(listed);
  });

  it('is what an incomplete command gets, on stderr, with 2', async () => {
    for (const words of [[], ['volume'], ['serve'], ['bench']]) {
      const end = await runArgon(words, { state });
      expect(end).toMatchObject({ code: 2, stdout: '' });
      expect(end.stderr).toContain('Usage: argon');
    }
  });
});

describe('a mistake', () => {
  it.each([
    [['volum'], "unknown command 'volum'", '(Did you mean volume?)'],
    [['volume', 'creat'], "unknown command 'creat'", '(Did you mean create?)'],
    [['serve', 'blok'], "unknown command 'blok'", '(Did you mean block?)'],
    [['volume', 'list', '--jsno'], "unknown option '--jsno'", '--help'],
    [['volume', 'import', '/x', '--siz', '1'], "unknown option '--siz'", '(Did you mean --size?)'],
    [['volume', 'delete'], "missing required argument 'volume'", '--help'],
    [['volume', 'list', 'extra'], 'too many arguments', '--help'],
    [['-o', 'xml', 'volume', 'list'], "argument 'xml' is invalid", 'table, json, yaml, name'],
    [['console', 'a', 'b'], 'too many arguments', '--help'],
  ])('like %j is told apart, with a way out', async (words, error, wayOut) => {
    const end = await runArgon(words, { state });

    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toContain(error);
    expect(end.stderr).toContain(wayOut);
  });
});

describe('output', () => {
  it('to a reader that has gone is no error', async () => {
    await using dir = await createTempDir();
    await createVolume(dir.path);
    // The shell's pipe has no reader before argon writes.
    const script = '{ "$0" volume list; echo "exit $?" >&2; } | true';
    await using shell = startChild('sh', ['-c', script, join(root, 'argon')], {
      env: { ARGON_STATE: dir.path },
    });

    const end = await shell.waitForEnd();

    expect(end.stderr).toBe('exit 0\n');
  });

  it('has the causes of an error only when they are asked for', async () => {
    await using dir = await createTempDir();
    const args = ['volume', 'import', join(dir.path, 'missing')];

    const short = await runArgon(args, { state: dir.path });
    const long = await runArgon(['--verbose', ...args], { state: dir.path });

    expect(short.stderr).toMatch(/^error: .*\nhint: .*\n$/);
    expect(long.stderr).toMatch(/^error: .*\nhint: .*\ncode: not-found\ncause: Error: ENOENT.*\n/);
  });

  it('is the same wherever -o stands', async () => {
    await using dir = await createTempDir();
    await createVolume(dir.path);

    const outputs = await Promise.all(
      [
        ['-o', 'json', 'volume', 'list'],
        ['volume', '-o', 'json', 'list'],
        ['volume', 'list', '--output', 'json'],
        ['volume', 'list', '--output=json'],
      ].map(async (words) => (await runArgon(words, { state: dir.path })).stdout),
    );

    expect(new Set(outputs).size).toBe(1);
    expect(JSON.parse(outputs[0] ?? '')).toHaveLength(1);
  });
});

describe('the state folder', () => {
  it('is .argon in the current folder where the environment names none', async () => {
    await using dir = await createTempDir();
    const argon = async (words: readonly string[]): Promise<Ended> =>
      runArgon(words, { state: '', cwd: dir.path });

    const { stdout } = await argon(['volume', 'create', '--size', '1MiB']);

    await expect(
      runArgon(['volume', 'list', '-o', 'name'], { state: join(dir.path, '.argon') }),
    ).resolves.toMatchObject({ code: 0, stdout: `volumes/${stdout}` });
  });

  it('that cannot be made is named', async () => {
    const end = await runArgon(['volume', 'list'], { state });

    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(/^error: .*ENOTDIR.*\/dev\/null\/state/);
  });
});

describe('argon', () => {
  it('runs from anywhere and through a link', async () => {
    await using dir = await createTempDir();
    await symlink(join(root, 'argon'), join(dir.path, 'argon'));
    await using child = startChild(join(dir.path, 'argon'), ['volume', 'list'], {
      env: { ARGON_STATE: dir.path },
    });

    expect(await child.waitForEnd()).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('argon doctor', () => {
  const checks = [
    'host',
    'node',
    'addons',
    'state folder',
    'io_uring',
    'key memory',
    'storage',
    'qemu',
    'firmware',
    'image tools',
    'accelerator',
  ];

  it('says what this host has, each thing once', async () => {
    await using dir = await createTempDir();

    const end = await runArgon(['doctor', '-o', 'json'], { state: dir.path });

    const findings = JSON.parse(end.stdout) as readonly {
      readonly check: string;
      readonly status: string;
      readonly detail: string;
      readonly hint?: string;
    }[];
    expect(findings.map(({ check }) => check)).toEqual(checks);
    for (const { status, detail } of findings) {
      expect(['ok', 'note', 'missing']).toContain(status);
      expect(detail).not.toBe('');
    }
    const isComplete = findings.every(({ status }) => status !== 'missing');
    expect(end.code).toBe(isComplete ? 0 : 3);
    expect(findings.find(({ check }) => check === 'io_uring')).toMatchObject({ status: 'ok' });
  });

  it('ends with 3 and a hint where QEMU and image tools are missing', async () => {
    await using dir = await createTempDir();
    const bin = join(dir.path, 'bin');
    await mkdir(bin);
    for (const name of ['sh', 'bash', 'env', 'readlink', 'dirname']) {
      await symlink(`/usr/bin/${name}`, join(bin, name));
    }

    const end = await runArgon(['doctor'], { state: dir.path, env: { PATH: bin } });

    expect(end.code).toBe(3);
    expect(end.stdout).toMatch(/^CHECK +STATUS +DETAIL$/m);
    expect(end.stdout).toMatch(/^qemu +missing +qemu-system-x86_64 could not be started$/m);
    expect(end.stdout).toMatch(/^hint: qemu: run \.\/setup/m);
    expect(end.stdout).toMatch(/^image tools +missing +mmdebstrap could not be started$/m);
  });

  it('notes a QEMU that is too old', async () => {
    await using dir = await createTempDir();
    const bin = join(dir.path, 'bin');
    await mkdir(bin);
    const qemu = join(bin, 'qemu-system-x86_64');
    await writeFile(qemu, '#!/bin/sh\necho "QEMU emulator version 5.2.0"\n');
    await chmod(qemu, 0o755);
    const path = `${bin}:${process.env['PATH'] ?? ''}`;

    const end = await runArgon(['doctor'], { state: dir.path, env: { PATH: path } });

    expect(end.code).toBe(3);
    expect(end.stdout).toMatch(/^qemu +missing +qemu-system-x86_64 is version 5\.2\.0/m);
  });

  it('leaves nothing in the state folder', async () => {
    await using dir = await createTempDir();

    await runArgon(['doctor'], { state: dir.path });

    expect(await run('find', [dir.path, '-type', 'f'])).toBe('');
  });
});
