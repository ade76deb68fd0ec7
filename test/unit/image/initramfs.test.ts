// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { CpioEntry } from '../../../src/image/cpio.ts';
import {
  type BuildRoot,
  baseEntries,
  busyboxEntries,
  joinEntries,
  linkEntries,
  programEntries,
  recipeEntries,
  textEntry,
} from '../../../src/image/initramfs.ts';
import { makeLibrary, makeProgram } from './elf-files.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';

async function buildRootIn(dir: TempDir): Promise<BuildRoot> {
  const root = join(dir.path, 'root');
  const scratchDir = join(dir.path, 'scratch');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'lib64'));
  await mkdir(scratchDir);
  await writeFile(join(root, 'lib64/ld-linux-x86-64.so.2'), 'the linker');
  return { root, scratchDir, signal: new AbortController().signal };
}

function summary(entries: readonly CpioEntry[]): readonly string[] {
  return entries
    .map((entry) => (entry.kind === 'symlink' ? `${entry.path} -> ${entry.target}` : entry.path))
    .toSorted();
}

describe('programEntries()', () => {
  it('brings programs under their names, libraries and the dynamic linker', async () => {
    await using dir = await createTempDir();
    const buildRoot = await buildRootIn(dir);
    const library = join(buildRoot.root, 'lib/libb.so.1');
    await mkdir(join(buildRoot.root, 'lib'));
    await makeLibrary(library, ['b']);
    await makeProgram(join(buildRoot.root, 'bin/mke2fs'), ['b'], [library]);
    await symlink('mke2fs', join(buildRoot.root, 'bin/mkfs.ext4'));

    const entries = await programEntries([{ path: '/bin/mkfs.ext4', stubs: [] }], buildRoot);

    expect(summary(entries)).toEqual([
      'usr/bin/mke2fs',
      'usr/bin/mkfs.ext4 -> mke2fs',
      'usr/lib/x86_64-linux-gnu/libb.so.1',
      'usr/lib64/ld-linux-x86-64.so.2',
    ]);
  });

  it('puts a stub where one is asked for', async () => {
    await using dir = await createTempDir();
    const buildRoot = await buildRootIn(dir);
    const library = join(dir.path, 'libceph.so.1'); // Not in the root: no package brings it.
    await makeLibrary(library, ['connect_to_ceph']);
    await makeProgram(join(buildRoot.root, 'bin/fio'), ['connect_to_ceph'], [library]);

    const wanted = [{ path: '/bin/fio', stubs: ['libceph.so.1'] }];
    const entries = await programEntries(wanted, buildRoot);

    const stub = entries.find(({ path }) => path.endsWith('/libceph.so.1'));
    expect(stub).toMatchObject({ kind: 'file', mode: 0o644 });
    expect(
      stub?.kind === 'file' && Buffer.from(stub.data).includes('only a stub of libceph.so.1'),
    ).toBe(true);
  });

  it('names a program that no package has', async () => {
    await using dir = await createTempDir();
    const buildRoot = await buildRootIn(dir);

    await expect(programEntries([{ path: '/bin/fio', stubs: [] }], buildRoot)).rejects.toThrow(
      'no package of the image has the file /bin/fio',
    );
  });
});

describe('busyboxEntries()', () => {
  it('links each command that the program has', async () => {
    await using dir = await createTempDir();
    const buildRoot = await buildRootIn(dir);
    const program = join(buildRoot.root, 'bin/busybox');
    await writeFile(program, '#!/bin/sh\nprintf "ls\\nsh\\n"\n');
    await chmod(program, 0o755);

    expect(summary(await busyboxEntries(buildRoot))).toEqual([
      'usr/bin/busybox',
      'usr/bin/ls -> busybox',
      'usr/bin/sh -> busybox',
    ]);
  });
});

describe('joinEntries()', () => {
  it('lets later parts replace earlier ones', () => {
    const first = [textEntry('a', 'one'), textEntry('b', 'one')];
    const second = [textEntry('a', 'two')];

    expect(joinEntries(first, second)).toEqual([textEntry('a', 'two'), textEntry('b', 'one')]);
  });
});

describe('entries', () => {
  it('have the console that the kernel opens first', () => {
    expect(baseEntries(['dev'])).toContainEqual({
      kind: 'character-device',
      path: 'dev/console',
      mode: 0o600,
      major: 5,
      minor: 1,
    });
  });

  it('of a recipe keep the executable bit and nothing else of a mode', () => {
    const data = Buffer.from('x');
    const files = [
      { path: 'init', isExecutable: true, data },
      { path: 'etc/passwd', isExecutable: false, data },
    ];

    expect(recipeEntries(files)).toEqual([
      { kind: 'file', path: 'init', mode: 0o755, data },
      { kind: 'file', path: 'etc/passwd', mode: 0o644, data },
    ]);
  });

  it('of links point where the recipe says', () => {
    expect(summary(linkEntries([['bin', 'usr/bin']]))).toEqual(['bin -> usr/bin']);
  });
});
