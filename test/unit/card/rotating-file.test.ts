// SPDX-License-Identifier: Apache-2.0

import { readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { RotatingFile } from '../../../src/card/rotating-file.ts';
import { createTempDir } from '../temp-dir.ts';

describe('RotatingFile', () => {
  it('begins files with a header, and keeps as many as it may', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'a.log');
    await using file = new RotatingFile({ path, header: 'head', bytesMax: 12, keptMax: 2 });

    for (const word of ['one', 'two', 'three', 'four', 'five']) await file.append(`${word}\n`);

    expect((await readdir(dir.path)).toSorted()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    expect(await readFile(path, 'utf8')).toBe('head\nfive\n');
    expect(await readFile(`${path}.1`, 'utf8')).toBe('head\nfour\n');
    expect(await readFile(`${path}.2`, 'utf8')).toBe('head\nthree\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('goes on with a file that is there', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'a.log');
    const options = { path, header: 'head', bytesMax: 100, keptMax: 1 };
    const first = new RotatingFile(options);
    await first.append('one\n');
    await first[Symbol.asyncDispose]();

    await using second = new RotatingFile(options);
    await second.append('two\n');

    expect(await readFile(path, 'utf8')).toBe('head\none\ntwo\n');
  });

  it('says that a disk is full, and goes on when it is not any more', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'a.log');
    await symlink('/dev/full', path);
    await using file = new RotatingFile({ path, header: 'head', bytesMax: 100, keptMax: 1 });

    for (const _ of [1, 2]) {
      await expect(file.append('one\n')).rejects.toMatchObject({
        code: 'resource-exhausted',
        message: 'a flow log cannot be written (ENOSPC)',
      });
    }
    await rm(path);
    await file.append('two\n');

    expect(await readFile(path, 'utf8')).toBe('head\ntwo\n');
  });

  it('says what else is wrong with its place', async () => {
    await using dir = await createTempDir();
    const folder = join(dir.path, 'file');
    await writeFile(folder, '');
    const path = join(folder, 'a.log');
    await using file = new RotatingFile({ path, header: 'head', bytesMax: 100, keptMax: 1 });

    await expect(file.append('one\n')).rejects.toThrow('cannot be written (ENOTDIR)');
  });
});
