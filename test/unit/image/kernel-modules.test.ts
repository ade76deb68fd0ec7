// SPDX-License-Identifier: Apache-2.0

// depmod reads real object files, so the tests assemble some; modinfo needs only the section.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { kernelVersion, moduleEntries } from '../../../src/image/kernel-modules.ts';
import { assemble } from './elf-files.ts';
import { createTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

async function makeModule(path: string, information: readonly string[]): Promise<void> {
  const strings = information.map((line) => `.asciz "${line}"`);
  await assemble(path, ['.section .modinfo, "a"', ...strings].join('\n'));
}

describe('moduleEntries()', () => {
  it('takes modules with what they need, and tables that cover just these', async () => {
    await using dir = await createTempDir();
    const root = join(dir.path, 'root');
    const scratchDir = join(dir.path, 'scratch');
    const modules = join(root, 'lib/modules/6.1.0-9');
    await mkdir(join(modules, 'kernel'), { recursive: true });
    await mkdir(scratchDir);
    for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
      await writeFile(join(modules, name), '');
    }
    await makeModule(join(modules, 'kernel/xts.ko'), ['alias=crypto-xts', 'softdep=pre: ecb']);
    await makeModule(join(modules, 'kernel/ecb.ko'), []);
    await makeModule(join(modules, 'kernel/unused.ko'), ['alias=crypto-unused']);

    const entries = await moduleEntries(['xts'], { root, scratchDir, signal });

    const prefix = 'usr/lib/modules/6.1.0-9/';
    expect(entries.map(({ path }) => path.replace(prefix, ''))).toEqual([
      'modules.alias',
      'modules.builtin',
      'modules.dep',
      'modules.softdep',
      'kernel/ecb.ko',
      'kernel/xts.ko',
    ]);
    const aliases = entries.find(({ path }) => path.endsWith('modules.alias'));
    const text = aliases?.kind === 'file' ? Buffer.from(aliases.data).toString() : '';
    expect(text).toContain('alias crypto-xts xts');
    expect(text).not.toContain('unused');
  });
});

describe('kernelVersion()', () => {
  it('is the one kernel that the packages hold', async () => {
    await using dir = await createTempDir();
    await mkdir(join(dir.path, 'lib/modules/6.1.0-9'), { recursive: true });

    expect(await kernelVersion(dir.path)).toBe('6.1.0-9');
  });
});
