// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { formatFindings } from './rules/finding.ts';
import { anchorsOf, checkLinks, checkNamedPaths, checkTitle } from './rules/markdown.ts';
import { type SourceFile, sourceFile } from './rules/source-file.ts';

const mapOf = (files: readonly SourceFile[]): ReadonlyMap<string, SourceFile> =>
  new Map(files.map((file) => [file.path, file]));

describe('checkTitle()', () => {
  it('wants one title, and sees none in code', () => {
    expect(checkTitle(sourceFile('a.md', '# A\n\n```sh\n# comment\n```\n\n## B\n'))).toEqual([]);
    expect(checkTitle(sourceFile('a.md', '# A\n\n# B\n'))).toHaveLength(1);
    expect(checkTitle(sourceFile('a.md', 'text\n'))).toHaveLength(1);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkTitle));
  });
});

describe('checkLinks()', () => {
  const other = sourceFile('docs/b.md', '# B\n\n## The `code` of it\n');

  it('names a link that leads nowhere', () => {
    const file = sourceFile('docs/a.md', '# A\n\n[x](c.md) [y](b.md#nothing) [z](#none)\n');

    expect(formatFindings(checkLinks(file, mapOf([file, other])))).toEqual([
      'docs/a.md:3: link to c.md; there is no docs/c.md; correct the path',
      'docs/a.md:3: link to b.md#nothing; docs/b.md has no heading "#nothing"; correct it',
      'docs/a.md:3: link to #none; docs/a.md has no heading "#none"; correct it',
    ]);
  });

  it('accepts files, folders, anchors, other sites and quoted links', () => {
    const text =
      '# A\n\n[x](b.md#the-code-of-it) [y](../docs/) [z](#a) [w](https://example.org)\n' +
      '`[v](nowhere.md)`\n\n[ref]: b.md\n';
    const file = sourceFile('docs/a.md', text);

    expectNone(checkLinks(file, mapOf([file, other])));
  });

  it('makes anchors as GitHub does', () => {
    const text = '# A, B & C\n## A\n## A\n## `x_y` [link](z)\n';

    expect([...anchorsOf(text)]).toEqual(['a-b--c', 'a', 'a-1', 'x_y-link']);
  });

  it('holds for every file', () => {
    const files = mapOf(repository.files);
    expectNone(repository.files.flatMap((file) => checkLinks(file, files)));
  });
});

describe('checkNamedPaths()', () => {
  const paths = ['test/unit/base/a.test.ts', 'native/base/b.h'];

  it('names a path in backticks that is not there', () => {
    const file = sourceFile('docs/a.md', '# A\n\n`test/unit/b.test.ts`, `native/bas`\n');

    expect(formatFindings(checkNamedPaths(file, paths))).toEqual([
      'docs/a.md:3: the path test/unit/b.test.ts; there is no such file or folder; correct it',
      'docs/a.md:3: the path native/bas; there is no such file or folder; correct it',
    ]);
  });

  it('accepts files, folders, and spans that are more than a path', () => {
    const text = '# A\n\n`native/base/b.h` `test/unit` `native/` `test/x -t name` `build/y`\n';

    expectNone(checkNamedPaths(sourceFile('docs/a.md', text), paths));
    expectNone(checkNamedPaths(sourceFile('docs/design/1.md', '# A\n\n`test/gone.ts`\n'), paths));
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap((file) => checkNamedPaths(file, repository.paths)));
  });
});
