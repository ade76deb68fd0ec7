// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { expectNone } from './expect-none.ts';
import { repository } from './repository.ts';
import { sourceFile } from './rules/source-file.ts';
import { checkJunk, checkPlaces } from './rules/tracked.ts';

describe('checkJunk()', () => {
  it('names what a tool made, and binary files out of their place', () => {
    const paths = ['a.o', 'build/x', 'x/b.node', 'a~', 'core', 'docs/p.png', 'src/core.ts'];
    const binaries = ['a.o', 'docs/p.png', 'test/fuzz/corpus/ring/1'];

    expect(checkJunk(paths, binaries).map(({ path }) => path)).toEqual([
      'a.o',
      'build/x',
      'x/b.node',
      'a~',
      'core',
      'docs/p.png',
    ]);
  });

  it('holds for every file', () => {
    expectNone(checkJunk(repository.paths, repository.binaryPaths));
  });
});

describe('checkPlaces()', () => {
  it.each([
    'cd /home/ada/argon',
    'open("/Users/ada")',
    'see /root/argon',
    ['https://registry', 'npmjs.org/pino'].join('.'),
    'http://mirror.example.org/debian',
    ['https://deb', 'debian.org/debian'].join('.'),
    '@argon:registry=x',
    '      "resolved": "x",',
  ])('names the place in %s', (text) => {
    const found = checkPlaces(sourceFile('a.txt', `first line\n${text}\n`));

    expect(found.map(({ line }) => line)).toEqual([2]);
  });

  it.each(['https://spdx.org/licenses', '$HOME/work', './home/x', '/dev/vda', '${state}/root/x'])(
    'accepts %s',
    (text) => {
      expectNone(checkPlaces(sourceFile('a.txt', `${text}\n`)));
    },
  );

  it('holds for every file', () => {
    expectNone(repository.files.flatMap(checkPlaces));
  });
});
