// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { labFileText, openLab } from '../../../../src/cli/lab/lab-file.ts';
import { createTempDir } from '../../temp-dir.ts';

describe('openLab()', () => {
  it('reads a file and names it in errors', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'lab.yaml');
    await writeFile(path, 'volumes: [{display_name: data}]\n');
    const wrong = join(dir.path, 'wrong.yaml');
    await writeFile(wrong, 'volume: []\n');

    expect((await openLab(path)).volumes.map(({ label }) => label)).toEqual(['data']);
    await expect(openLab(wrong)).rejects.toThrow(`${wrong}:1:1: a lab has no field "volume"`);
  });

  it('says what to give where there is no file', async () => {
    await expect(openLab('/nonexistent/lab.yaml')).rejects.toMatchObject({
      code: 'not-found',
      message: '/nonexistent/lab.yaml cannot be read (ENOENT)',
      hint: expect.stringContaining('config dump') as unknown,
    });
  });
});

describe('labFileText()', () => {
  it('begins with the place of a schema that is there', async () => {
    const text = await labFileText({ volumes: [{ display_name: 'a' }] });

    const [, path = ''] = /^# yaml-language-server: \$schema=(.+)\n/.exec(text) ?? [];
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ title: 'Argon lab' });
    expect(text).toMatch(/\nvolumes:\n {2}- display_name: a\n$/);
    expect(await labFileText({})).toBe(`# yaml-language-server: $schema=${path}\n`);
  });
});
