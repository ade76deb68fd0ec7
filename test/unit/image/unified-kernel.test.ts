// SPDX-License-Identifier: Apache-2.0

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../../src/base/subprocess.ts';
import {
  buildUnifiedKernel,
  endOfSections,
  placeSections,
} from '../../../src/image/unified-kernel.ts';
import { createTempDir } from './temp-dir.ts';

const headers = `
Idx Name          Size      VMA               LMA               File off  Algn
  0 .text         0000bff0  0000000000004000  0000000000004000  00000400  2**4
                  CONTENTS, ALLOC, LOAD, READONLY, CODE
  7 .sdmagic      00000034  0000000000019100  0000000000019100  00011200  2**2
                  CONTENTS, ALLOC, LOAD, READONLY, DATA
`;

describe('endOfSections()', () => {
  it('is behind the last byte in memory', () => {
    expect(endOfSections(headers)).toBe(0x19134);
  });

  it('refuses a file without sections', () => {
    expect(() => endOfSections('no sections')).toThrow('objdump showed no section');
  });
});

describe('placeSections()', () => {
  it('puts sections side by side on pages, however large', () => {
    const sections = [
      { name: '.osrel', path: 'a', sizeBytes: 1 },
      { name: '.initrd', path: 'b', sizeBytes: 0x1000 },
      { name: '.linux', path: 'c', sizeBytes: 40 * 1024 * 1024 },
    ];

    expect(placeSections(sections, 0x19134)).toEqual([
      { name: '.osrel', path: 'a', address: 0x1a000 },
      { name: '.initrd', path: 'b', address: 0x1b000 },
      { name: '.linux', path: 'c', address: 0x1c000 },
    ]);
  });
});

describe('buildUnifiedKernel()', () => {
  it('adds each part unchanged', async () => {
    await using dir = await createTempDir();
    const { signal } = new AbortController();
    const parts = { osRelease: 'ID=debian\n', kernel: 'k'.repeat(9000), initrd: 'i'.repeat(5000) };
    for (const [name, text] of Object.entries(parts)) await writeFile(join(dir.path, name), text);
    const output = join(dir.path, 'kernel.efi');

    await buildUnifiedKernel(
      {
        stubPath: '/usr/lib/systemd/boot/efi/linuxx64.efi.stub',
        osReleasePath: join(dir.path, 'osRelease'),
        commandLine: 'console=ttyS0',
        kernelPath: join(dir.path, 'kernel'),
        initrdPath: join(dir.path, 'initrd'),
      },
      output,
      { scratchDir: dir.path, signal },
    );

    const dump = async (section: string): Promise<string> => {
      const part = join(dir.path, 'part');
      const args = ['--output-target=binary', `--only-section=${section}`, output, part];
      await run('objcopy', args, { signal });
      return readFile(part, 'utf8');
    };
    expect(await dump('.osrel')).toBe(parts.osRelease);
    expect(await dump('.cmdline')).toBe('console=ttyS0\0');
    expect(await dump('.linux')).toBe(parts.kernel);
    expect(await dump('.initrd')).toBe(parts.initrd);
  });
});
