// SPDX-License-Identifier: Apache-2.0

// That the image boots is test/guest's business; here, that its recipe fits the code.

import { describe, expect, it } from 'vitest';

import {
  readRecipe,
  recipeCommandLine,
  recipeList,
  recipeText,
  recipeWords,
} from '../../../src/image/recipe.ts';
import { moduleNames, wantedPrograms } from '../../../src/image/tiny.ts';

const recipe = await readRecipe('tiny');

describe('wantedPrograms()', () => {
  it('gives fio the stubs that save 80 MB', () => {
    const fio = wantedPrograms(recipe).find(({ path }) => path === '/usr/bin/fio');

    expect(fio?.stubs).toContain('librados.so.2');
  });

  it('uses every stub of the recipe', () => {
    const used = wantedPrograms(recipe).reduce((count, { stubs }) => count + stubs.length, 0);

    expect(used).toBe(recipeWords(recipe, 'stubs').length);
  });
});

describe('moduleNames()', () => {
  it('tells boot from demand', () => {
    const { all, atBoot } = moduleNames(recipe);

    expect(atBoot).toEqual(expect.arrayContaining(['virtio_pci', 'virtio_blk', 'virtio_console']));
    expect(atBoot).not.toContain('dm_crypt');
    expect(all).toEqual(expect.arrayContaining([...atBoot, 'dm_crypt', 'xts', 'aesni_intel']));
  });

  it('has no other word', () => {
    for (const [, when] of recipeWords(recipe, 'modules')) expect(when).toMatch(/^(boot|demand)$/);
  });
});

describe('images/tiny', () => {
  it('names packages only by letters that a package name has', () => {
    for (const name of recipeList(recipe, 'packages')) {
      expect(name).toMatch(/^[a-z0-9][a-z0-9.+-]+$/);
    }
  });

  it('shows the kernel log and ends on panic', () => {
    expect(recipeCommandLine(recipe)).toMatch(/^console=ttyS0 panic=-1 /);
  });

  it('says on the console when the guest is ready', () => {
    expect(recipeText(recipe, 'root/usr/lib/argon/start')).toContain("echo 'argon: guest ready'");
  });

  it('has scripts that can be executed', () => {
    for (const { data, path, isExecutable } of recipe.files.values()) {
      const isScript = data.subarray(0, 2).toString() === '#!';
      expect(`${path} ${isExecutable}`).toBe(`${path} ${isScript}`);
    }
  });
});
