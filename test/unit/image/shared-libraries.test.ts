// SPDX-License-Identifier: Apache-2.0

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { libraryClosure, parseNeeds } from '../../../src/image/shared-libraries.ts';
import { makeLibrary, makeProgram } from './elf-files.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

describe('libraryClosure()', () => {
  it('has all libraries, however far, and the dynamic linker', async () => {
    await using dir = await createTempDir();
    const lib = join(dir.path, 'usr/lib');
    await mkdir(lib, { recursive: true });
    await makeLibrary(join(lib, 'libc.so.1'), ['c']);
    await makeLibrary(join(lib, 'libb.so.1'), ['b'], { needs: [join(lib, 'libc.so.1')] });
    await makeProgram(join(dir.path, 'program'), ['b'], [join(lib, 'libb.so.1')]);

    const closure = await libraryClosure(dir.path, [join(dir.path, 'program')], new Set(), signal);

    expect(closure.libraries).toEqual(
      new Map([
        ['libb.so.1', join(lib, 'libb.so.1')],
        ['libc.so.1', join(lib, 'libc.so.1')],
      ]),
    );
    expect([...closure.interpreters]).toEqual(['/lib64/ld-linux-x86-64.so.2']);
  });

  it('stops at libraries that are replaced', async () => {
    await using dir = await createTempDir();
    const lib = join(dir.path, 'libb.so.1');
    await makeLibrary(lib, ['b']);
    await makeProgram(join(dir.path, 'program'), ['b'], [lib]);

    const program = join(dir.path, 'program');
    const closure = await libraryClosure(dir.path, [program], new Set(['libb.so.1']), signal);

    expect(closure.libraries.size).toBe(0);
  });

  it('names a library that no package has', async () => {
    await using dir = await createTempDir();
    const lib = join(dir.path, 'libb.so.1');
    await makeLibrary(lib, ['b']);
    const program = join(dir.path, 'program');
    await makeProgram(program, ['b'], [lib]);

    await expect(libraryClosure(dir.path, [program], new Set(), signal)).rejects.toThrow(
      expect.objectContaining({
        code: 'failed-precondition',
        message: 'no package of the image has libb.so.1',
      }),
    );
  });
});

describe('parseNeeds()', () => {
  it('reads one file and several', () => {
    const one = ' 0x01 (NEEDED)             Shared library: [libc.so.6]\n';
    const linker = '      [Requesting program interpreter: /ld.so]\n';
    const two = `\nFile: a\n${linker}${one}\nFile: b\n${one}`;

    expect(parseNeeds(one)).toEqual([{ libraries: ['libc.so.6'], interpreter: undefined }]);
    expect(parseNeeds(two)).toEqual([
      { libraries: ['libc.so.6'], interpreter: '/ld.so' },
      { libraries: ['libc.so.6'], interpreter: undefined },
    ]);
  });
});
