// SPDX-License-Identifier: Apache-2.0

// A recipe is a folder below images/: lists of packages, modules and programs, and files that are
// copied into the image. All of it counts for the image's digest.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { ArgonError } from '../base/errors.ts';

export interface RecipeFile {
  /** Relative to the recipe's folder. */
  readonly path: string;
  /** The one bit of a file's mode that git keeps, so the only one that counts. */
  readonly isExecutable: boolean;
  readonly data: Buffer;
}

export interface Recipe {
  readonly name: string;
  /** By path. */
  readonly files: ReadonlyMap<string, RecipeFile>;
}

/** Where the recipes are, in a checkout and in the npm package alike. */
export const recipesDir = join(import.meta.dirname, '..', '..', 'images');

/** Reads `images/NAME`, but for editors' back-up files and hidden files. */
export async function readRecipe(name: string, parentDir = recipesDir): Promise<Recipe> {
  const dir = join(parentDir, name);
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = new Map<string, RecipeFile>();
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.') || entry.name.endsWith('~')) continue;
    const absolute = join(entry.parentPath, entry.name);
    const [{ mode }, data] = await Promise.all([stat(absolute), readFile(absolute)]);
    const path = relative(dir, absolute);
    files.set(path, { path, isExecutable: (mode & 0o100) !== 0, data });
  }
  return { name, files };
}

/** The text of one file of a recipe. */
export function recipeText(recipe: Recipe, path: string): string {
  const file = recipe.files.get(path);
  if (file === undefined) {
    throw new ArgonError('not-found', `the recipe images/${recipe.name} has no file "${path}"`, {
      hint: 'restore the file from git',
    });
  }
  return file.data.toString('utf8');
}

/** The files below one folder of a recipe, with paths relative to that folder. */
export function recipeTree(recipe: Recipe, folder: string): readonly RecipeFile[] {
  return [...recipe.files.values()]
    .filter((file) => file.path.startsWith(`${folder}/`))
    .map((file) => ({ ...file, path: file.path.slice(folder.length + 1) }));
}

/** The first word of each line of a list; the rest of the line says why it is there. */
export function recipeList(recipe: Recipe, path: string): readonly string[] {
  return recipeWords(recipe, path).flatMap((words) => words.slice(0, 1));
}

/** The kernel command line: one option a line, with comments. */
export function recipeCommandLine(recipe: Recipe, path = 'command-line'): string {
  return recipeWords(recipe, path).flat().join(' ');
}

/** The words of each line that is not empty; `#` starts a comment. */
export function recipeWords(recipe: Recipe, path: string): readonly (readonly string[])[] {
  return recipeText(recipe, path)
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}
