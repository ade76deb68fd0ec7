// SPDX-License-Identifier: Apache-2.0

// That the image boots is test/guest's business; here, that its recipe fits the code.

import { describe, expect, it } from 'vitest';

import { packageSets } from '../../../src/image/debian.ts';
import {
  readRecipe,
  recipeCommandLine,
  recipeList,
  recipeText,
} from '../../../src/image/recipe.ts';

const recipe = await readRecipe('debian');

describe('packageSets()', () => {
  it('installs the essential packages too, and only unpacks the kernel', () => {
    const [root, kernel] = packageSets(recipe);

    expect(root?.extent).toBe('all');
    expect(root?.names).toEqual(
      expect.arrayContaining(['?essential', 'systemd-sysv', 'qemu-guest-agent', 'fio']),
    );
    expect(kernel).toEqual({
      names: ['linux-image-cloud-amd64', 'busybox-static'],
      extent: 'named',
    });
  });
});

describe('images/debian', () => {
  it('leaves the root file system to the build', () => {
    expect(recipeCommandLine(recipe)).toContain('console=ttyS0');
    expect(recipeCommandLine(recipe)).not.toContain('root=');
  });

  it('masks no unit that it enables', () => {
    const links = recipeText(recipe, 'links');

    for (const unit of recipeList(recipe, 'masked-units')) expect(links).not.toContain(unit);
  });

  it('has scripts that can be executed', () => {
    for (const { data, path, isExecutable } of recipe.files.values()) {
      const isScript = data.subarray(0, 2).toString() === '#!';
      expect(`${path} ${isExecutable}`).toBe(`${path} ${isScript}`);
    }
  });
});
