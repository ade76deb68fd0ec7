// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import {
  checkDebianPackages,
  checkDesignRecords,
  checkExactVersions,
  type Manifest,
} from './rules/packages.ts';
import { type SourceFile, sourceFile } from './rules/source-file.ts';

function fileAt(path: string): SourceFile {
  const file = repository.files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
}

const manifest = JSON.parse(fileAt('package.json').text) as Manifest;

describe('checkExactVersions()', () => {
  it('names a range', () => {
    const ranges: Manifest = { dependencies: { a: '^1.2.3', b: '1.2.3', c: '1.2', d: 'latest' } };

    expect(checkExactVersions(ranges).map(({ what }) => what)).toEqual([
      'a at "^1.2.3"',
      'c at "1.2"',
      'd at "latest"',
    ]);
  });

  it('holds for package.json', () => {
    expectNone(checkExactVersions(manifest));
  });
});

describe('checkDesignRecords()', () => {
  it('names a runtime package that no record mentions', () => {
    const record = sourceFile('docs/design/0001-log.md', 'We use pino, not @x/winston.\n');
    const dependencies = { pino: '1.0.0', winston: '1.0.0' };

    const found = checkDesignRecords({ dependencies }, [record]);

    expect(found.map(({ what }) => what)).toEqual([
      'runtime package winston without a design record',
    ]);
  });

  it('holds for package.json', () => {
    expectNone(checkDesignRecords(manifest, repository.files));
  });
});

describe('checkDebianPackages()', () => {
  it('wants a name, a known group and a reason, once each', () => {
    const lines = [
      '# comment',
      '',
      'g++ run compiles',
      'Bad run x',
      'aa dev x',
      'bb run',
      'g++ test x',
    ];

    expect(
      checkDebianPackages('packages.debian', lines).map(({ line, what }) => [line, what]),
    ).toEqual([
      [4, '"Bad" as a name'],
      [5, 'group "dev"'],
      [6, 'no reason'],
      [7, 'g++ again'],
    ]);
  });

  it('holds for packages.debian', () => {
    expectNone(checkDebianPackages('packages.debian', fileAt('packages.debian').lines));
  });
});
