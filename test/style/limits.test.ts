// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { formatFindings } from './rules/finding.ts';
import {
  checkFileLength,
  checkFunctionLengths,
  checkLineLengths,
  functionsOfTypeScript,
} from './rules/limits.ts';
import { sourceFile } from './rules/source-file.ts';

const lines = (count: number): string => 'step();\n'.repeat(count);

describe('checkLineLengths()', () => {
  it('counts columns, not bytes', () => {
    expect(checkLineLengths(sourceFile('a.ts', `// ${'é '.repeat(48)}\n`))).toEqual([]);
    expect(
      formatFindings(checkLineLengths(sourceFile('a.ts', `\n${'ab '.repeat(34)}x\n`))),
    ).toEqual(['a.ts:2: 103 columns; wrap at 100']);
  });

  it('accepts a table row and a link that cannot be broken', () => {
    const link = `- https://example.org/${'x'.repeat(100)}`;
    const row = `| ${'ab '.repeat(50)} |`;

    expect(checkLineLengths(sourceFile('a.md', `${link}\n${row}\n`))).toEqual([]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkLineLengths));
  });
});

describe('checkFileLength()', () => {
  it('takes 500 lines, and 100 of a README', () => {
    expect(checkFileLength(sourceFile('a.ts', lines(500)))).toEqual([]);
    expect(checkFileLength(sourceFile('a.ts', lines(501)))).toHaveLength(1);
    expect(checkFileLength(sourceFile('README.md', lines(100)))).toEqual([]);
    expect(checkFileLength(sourceFile('README.md', lines(101)))).toHaveLength(1);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkFileLength));
  });
});

describe('checkFunctionLengths()', () => {
  it('takes a body of 70 lines, its braces included', () => {
    const of = (count: number): string => `function f(): void {\n${lines(count)}}\n`;

    expect(checkFunctionLengths(sourceFile('a.ts', of(68)))).toEqual([]);
    expect(formatFindings(checkFunctionLengths(sourceFile('a.ts', of(69))))).toEqual([
      'a.ts:1: a function of 71 lines; split it at 70',
    ]);
  });

  it('finds methods, arrows and return types with braces, and no control blocks', () => {
    const text = [
      'class A {',
      '  get x(): { a: number } {',
      '    if (b) { c(); }',
      '    for await (const d of e()) { f(); }',
      '    return { a: 1 };',
      '  }',
      '}',
      'const g = async (h: () => void): Promise<{ i: number }> => {',
      '  switch (j) {}',
      '};',
      "describe('k', () => {",
      "  it('l', () => {",
      '  });',
      '});',
    ].join('\n');

    expect(functionsOfTypeScript(text)).toEqual([
      { line: 2, lineCount: 5 },
      { line: 8, lineCount: 3 },
      { line: 12, lineCount: 2 },
    ]);
  });

  it('measures functions of scripts', () => {
    const text = `#!/usr/bin/env bash\nf() {\n${lines(70)}}\ng() {\n  :\n}\n`;

    expect(checkFunctionLengths(sourceFile('tool', text)).map(({ line }) => line)).toEqual([2]);
  });

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkFunctionLengths));
  });
});
