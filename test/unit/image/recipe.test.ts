// SPDX-License-Identifier: Apache-2.0

import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  type Recipe,
  readRecipe,
  recipeCommandLine,
  recipeList,
  recipeText,
  recipeTree,
  recipeWords,
} from '../../../src/image/recipe.ts';
import { createTempDir } from './temp-dir.ts';

function recipeWith(path: string, text: string): Recipe {
  const file = { path, isExecutable: false, data: Buffer.from(text) };
  return { name: 'tiny', files: new Map([[path, file]]) };
}

describe('readRecipe()', () => {
  it('reads all files with the one bit of their mode that git keeps', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'tiny/root'), { recursive: true });
    await writeFile(join(dir.path, 'tiny/packages'), 'fio\n', { mode: 0o600 });
    await writeFile(join(dir.path, 'tiny/root/init'), '#!/bin/sh\n');
    await chmod(join(dir.path, 'tiny/root/init'), 0o700);

    const recipe = await readRecipe('tiny', dir.path);

    expect([...recipe.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      { path: 'packages', isExecutable: false, data: Buffer.from('fio\n') },
      { path: 'root/init', isExecutable: true, data: Buffer.from('#!/bin/sh\n') },
    ]);
  });

  it('leaves out what editors leave behind', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'tiny'));
    await writeFile(join(dir.path, 'tiny/.init.swp'), '');
    await writeFile(join(dir.path, 'tiny/init~'), '');

    expect((await readRecipe('tiny', dir.path)).files.size).toBe(0);
  });
});

describe('recipeText()', () => {
  it('names the recipe and the file that is missing', () => {
    expect(() => recipeText(recipeWith('a', ''), 'b')).toThrow(
      expect.objectContaining({
        code: 'not-found',
        message: 'the recipe images/tiny has no file "b"',
      }),
    );
  });
});

describe('recipeTree()', () => {
  it('has the files below a folder, relative to it', () => {
    const recipe = recipeWith('root/etc/inittab', 'x');

    expect(recipeTree(recipe, 'root').map(({ path }) => path)).toEqual(['etc/inittab']);
    expect(recipeTree(recipe, 'roo')).toEqual([]);
  });
});

describe('recipeWords()', () => {
  it('skips comments and empty lines', () => {
    const recipe = recipeWith('list', '# head\n\n  a  b # why\n\tc#d\n');

    expect(recipeWords(recipe, 'list')).toEqual([['a', 'b'], ['c#d']]);
  });
});

describe('recipeList()', () => {
  it('has the first word of each line', () => {
    expect(recipeList(recipeWith('packages', 'fio   block benches\nkmod\n'), 'packages')).toEqual([
      'fio',
      'kmod',
    ]);
  });
});

describe('recipeCommandLine()', () => {
  it('joins the options', () => {
    const recipe = recipeWith('command-line', 'console=ttyS0 # here\npanic=-1\n');

    expect(recipeCommandLine(recipe)).toBe('console=ttyS0 panic=-1');
  });
});
