// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { countInFile, firstBytes } from '../../../src/cli/file-search.ts';
import { createTempDir } from '../temp-dir.ts';

const chunkBytes = 4 * 1024 * 1024; // As file-search.ts reads.

describe('countInFile', () => {
  async function count(content: Uint8Array, needle: string): Promise<number> {
    await using dir = await createTempDir();
    const path = join(dir.path, 'file');
    await writeFile(path, content);
    return await countInFile(path, Buffer.from(needle));
  }

  it.each([
    ['', 0],
    ['needl', 0],
    ['needle', 1],
    ['a needle, a needle', 2],
    ['needleneedle', 2],
  ])('finds in %j %d of them', async (content, times) => {
    expect(await count(Buffer.from(content), 'needle')).toBe(times);
  });

  it('counts those that overlap', async () => {
    expect(await count(Buffer.from('aaaa'), 'aa')).toBe(3);
  });

  it('finds one at every place around the border of two chunks, once', async () => {
    for (let place = chunkBytes - 8; place <= chunkBytes + 1; place += 1) {
      const content = Buffer.alloc(chunkBytes + 20);
      content.write('needle', place);
      expect(await count(content, 'needle')).toBe(1);
    }
  });

  it('counts as looking at the whole does', async () => {
    const content = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 200 });
    const needle = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(content, needle, async (text, part) => {
        const times = [...text].filter((_, at) => text.startsWith(part, at)).length;

        expect(await count(Buffer.from(text), part)).toBe(times);
      }),
    );
  });

  it('fails for a file that is not there', async () => {
    await expect(countInFile('/nonexistent/x', Buffer.from('a'))).rejects.toThrow('ENOENT');
  });
});

describe('firstBytes', () => {
  it.each([
    [[], 4, ''],
    [[0x0a], 4, '0a'],
    [[1, 2, 0xff, 4, 5], 4, '01 02 ff 04'],
  ])('of %j gives %d in hex: %j', async (bytes, length, hex) => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'file');
    await writeFile(path, Buffer.from(bytes));

    expect(await firstBytes(path, length)).toBe(hex);
  });
});
