// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { formatFindings } from './rules/finding.ts';
import { checkMirrorExceptions, checkMirrors } from './rules/mirrors.ts';

describe('checkMirrors()', () => {
  it('names a source without its test', () => {
    expect(formatFindings(checkMirrors(['src/a/b.ts', 'native/c/d.cc'], {}))).toEqual([
      'src/a/b.ts: no test at the mirrored path; write test/unit/a/b.test.ts, or list it in ' +
        'mirrors.ts with a reason',
      'native/c/d.cc: no test at the mirrored path; write test/native/c/d_test.cc, or list it in ' +
        'mirrors.ts with a reason',
    ]);
  });

  it('names a test without its source', () => {
    const paths = ['test/unit/a/b.test.ts', 'test/native/c/d_test.cc'];

    expect(checkMirrors(paths, {}).map(({ path }) => path)).toEqual(paths);
  });

  it('accepts pairs, a test of a header, and what is listed', () => {
    const paths = [
      'native/a/b.cc',
      'native/a/c.h',
      'native/addon/d.cc',
      'src/a/b.ts',
      'src/a/types.d.ts',
      'src/api/gen/messages.ts',
      'test/native/a/b_test.cc',
      'test/native/a/c_test.cc',
      'test/unit/a/b.test.ts',
    ];

    expect(checkMirrors(paths, { 'native/addon/': 'needs Node' })).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(checkMirrors(repository.paths));
  });
});

describe('checkMirrorExceptions()', () => {
  it('names an exception that nothing needs', () => {
    const exceptions = { 'src/gone.ts': 'x', 'src/tested.ts': 'x', 'src/good.ts': 'x' };
    const paths = ['src/tested.ts', 'test/unit/tested.test.ts', 'src/good.ts'];

    const found = checkMirrorExceptions(paths, exceptions);

    expect(found.map(({ path }) => path)).toEqual(['src/gone.ts', 'src/tested.ts']);
  });

  it('holds for the list', () => {
    expectNone(checkMirrorExceptions(repository.paths));
  });
});
