// SPDX-License-Identifier: Apache-2.0

// A stub must satisfy the real dynamic linker, so the tests run small programs against stubs.

import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  assignSymbols,
  buildStubs,
  parseImports,
  versionScriptOf,
} from '../../../src/image/stub-library.ts';
import { makeLibrary, makeProgram } from './elf-files.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
}

/** Runs a program with libraries from `dirs` only. */
function runWith(program: string, ...dirs: readonly string[]): Outcome {
  const env = { LD_LIBRARY_PATH: dirs.join(':'), LD_BIND_NOW: '1' };
  const { status, stderr } = spawnSync(program, { env, encoding: 'utf8' });
  return { code: status, stderr };
}

describe('buildStubs()', () => {
  it.each([undefined, 'LIBX_1.0'])(
    'ends a program that calls one (version %s)',
    async (version) => {
      await using dir = await createTempDir();
      const [realDir, stubDir] = [join(dir.path, 'real'), join(dir.path, 'stub')];
      await mkdir(realDir);
      await mkdir(stubDir);
      const options = version === undefined ? {} : { version };
      await makeLibrary(join(realDir, 'libx.so.1'), ['x_open', 'x_unused'], options);
      const program = join(dir.path, 'program');
      await makeProgram(program, ['x_open'], [join(realDir, 'libx.so.1')]);
      expect(runWith(program, realDir)).toEqual({ code: 0, stderr: '' });

      const stubs = await buildStubs(program, ['libx.so.1'], [], { dir: stubDir, signal });

      expect(stubs).toEqual(new Map([['libx.so.1', join(stubDir, 'libx.so.1')]]));
      expect(runWith(program, stubDir)).toEqual({
        code: 70,
        stderr: 'argon: this image has only a stub of libx.so.1\n',
      });
    },
  );

  it('leaves a program that calls none alone', async () => {
    await using dir = await createTempDir();
    const [realDir, stubDir] = [join(dir.path, 'real'), join(dir.path, 'stub')];
    await mkdir(realDir);
    await mkdir(stubDir);
    await makeLibrary(join(realDir, 'libx.so.1'), ['x_open'], { version: 'LIBX_1.0' });
    const program = join(dir.path, 'program');
    await makeProgram(program, [], ['--no-as-needed', join(realDir, 'libx.so.1')]);

    await buildStubs(program, ['libx.so.1'], [], { dir: stubDir, signal });

    expect(runWith(program, stubDir)).toEqual({ code: 0, stderr: '' });
  });

  it('has the symbols that a kept library takes from the stub', async () => {
    await using dir = await createTempDir();
    const [realDir, stubDir] = [join(dir.path, 'real'), join(dir.path, 'stub')];
    await mkdir(realDir);
    await mkdir(stubDir);
    const crypto = join(realDir, 'libcrypto.so.1');
    const iperf = join(realDir, 'libiperf.so.1');
    await makeLibrary(crypto, ['crypt'], { version: 'CRYPTO_1' });
    await makeLibrary(iperf, ['iperf'], { needs: [crypto] });
    const program = join(dir.path, 'program');
    await makeProgram(program, ['iperf', 'crypt'], [iperf, crypto]);

    await buildStubs(program, ['libcrypto.so.1'], [iperf], { dir: stubDir, signal });

    expect(runWith(program, stubDir, realDir)).toMatchObject({ code: 70 });
  });
});

describe('assignSymbols()', () => {
  const imports = {
    symbols: [
      { name: 'versioned', version: 'V_1' },
      { name: 'plain', version: undefined },
      { name: 'inflate', version: undefined },
      { name: 'malloc', version: 'GLIBC_2' },
    ],
    exported: new Set(['inflate']),
    libraryOfVersion: new Map([
      ['V_1', 'libv.so'],
      ['GLIBC_2', 'libc.so.6'],
    ]),
  };

  it('goes by version, and puts the rest into a library without versions', () => {
    expect(assignSymbols(['libv.so', 'libplain.so'], imports)).toEqual(
      new Map([
        ['libv.so', [{ name: 'versioned', version: 'V_1' }]],
        ['libplain.so', [{ name: 'plain', version: undefined }]],
      ]),
    );
  });

  it('names a symbol that has no place', () => {
    expect(() => assignSymbols(['libv.so'], imports)).toThrow(
      'no library for the symbol "plain" is known',
    );
  });
});

describe('parseImports()', () => {
  it('reads symbols, exports and versions', () => {
    const output = `
     1: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND rados_create
     2: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND nbd_create@LIBNBD_1.0 (10)
     3: 0000000000000000     0 NOTYPE  WEAK   DEFAULT  UND __gmon_start__
     4: 0000000000001234    10 FUNC    GLOBAL DEFAULT   12 main@@V_1
Version needs section '.gnu.version_r' contains 1 entry:
  000000: Version: 1  File: libnbd.so.0  Cnt: 1
  0x0010:   Name: LIBNBD_1.0  Flags: none  Version: 10
`;

    expect(parseImports(output)).toEqual({
      symbols: [
        { name: 'rados_create', version: undefined },
        { name: 'nbd_create', version: 'LIBNBD_1.0' },
      ],
      exported: new Set(['main']),
      libraryOfVersion: new Map([['LIBNBD_1.0', 'libnbd.so.0']]),
    });
  });
});

describe('versionScriptOf()', () => {
  it('has a node for each version', () => {
    const symbols = [
      { name: 'a', version: 'V_1' },
      { name: 'b', version: 'V_2' },
      { name: 'c', version: 'V_1' },
    ];

    expect(versionScriptOf(symbols)).toBe('V_1 { global: a; c; };\nV_2 { global: b; };\n');
  });
});
