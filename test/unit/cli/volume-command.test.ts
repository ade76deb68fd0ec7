// SPDX-License-Identifier: Apache-2.0

import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { createVolumeId } from '../../../src/base/volume-id.ts';
import { addVolumeCommand, describeVolume, sizeForImage } from '../../../src/cli/volume-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { FakeContext, runCommand, untouched } from './fake-context.ts';

async function volume(context: FakeContext, ...args: string[]): Promise<void> {
  await runCommand(addVolumeCommand, ['volume', ...args], context);
}

describe('sizeForImage', () => {
  it('is that of the image in whole units, and never less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (imageBytes) => {
        const size = sizeForImage(imageBytes, undefined);

        expect(size % 4096).toBe(0);
        expect(size - imageBytes).toBeGreaterThanOrEqual(0);
        expect(size - imageBytes).toBeLessThan(4096);
      }),
    );
  });

  it('is what was asked for, if the image fits', () => {
    expect(sizeForImage(4096, '8KiB')).toBe(8192);
    expect(sizeForImage(4096, '4096')).toBe(4096);
    expect(() => sizeForImage(4097, '4096')).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringContaining('too small'),
      }),
    );
  });
});

describe('describeVolume', () => {
  it('leaves the wrapped key out', () => {
    const described = describeVolume({
      id: createVolumeId(),
      sizeBytes: parseBytes('1MiB'),
      cipher: 'aes-256-xts',
      source: '/x.img',
      createdAt: 'now',
      wrappedKey: new Uint8Array(96),
    });

    expect(Object.keys(described)).toEqual(['id', 'size_bytes', 'cipher', 'source', 'created_at']);
  });
});

describe('argon volume', () => {
  it('creates, lists and deletes', async () => {
    await using dir = await createTempDir();
    const context = new FakeContext(dir.path);

    await volume(context, 'create', '--size', '1MiB');
    await volume(context, 'create', '--size', '2MiB', '--plain');
    const [first = '', second = ''] = context.printed.map(({ text }) => text.trim());
    await volume(context, 'list');
    await volume(context, 'delete', first);
    await volume(context, 'list');

    const [listed, deleted, after] = context.printed.slice(2);
    expect(listed?.value).toHaveLength(2);
    expect(listed?.text).toMatch(/^ID +SIZE +CIPHER +CREATED +SOURCE\n/);
    expect(listed?.text).toMatch(new RegExp(`^${second} +2\\.0 MiB +none `, 'm'));
    expect(deleted).toEqual({ value: { deleted: first }, text: `deleted ${first}\n` });
    expect(after?.value).toMatchObject([{ id: second, size_bytes: 2 ** 21, cipher: 'none' }]);
  });

  it('lists ids alone for programs that want names', async () => {
    await using dir = await createTempDir();
    const context = new FakeContext(dir.path, { format: 'name' });
    await volume(context, 'create', '--size', '1MiB');
    await volume(context, 'list');

    expect(context.printed[1]?.text).toBe(context.printed[0]?.text);
  });

  it.each([
    [['create', '--size', 'big'], 'invalid-argument'],
    [['create', '--size', '1000'], 'invalid-argument'],
    [['create', '--size', '0'], 'invalid-argument'],
    [['delete', 'vol1'], 'invalid-argument'],
    [['delete', 'vol0123456789abcdef0'], 'not-found'],
    [['import', '/nonexistent/image'], 'not-found'],
    [['import', '/usr'], 'invalid-argument'],
  ])('%j fails as %s', async (args, code) => {
    await using dir = await createTempDir();

    await expect(volume(new FakeContext(dir.path), ...args)).rejects.toMatchObject({ code });
  });

  it('makes no volume for an image that does not fit', async () => {
    await using dir = await createTempDir();
    const image = join(dir.path, 'image');
    await writeFile(image, '');
    await truncate(image, 8192);
    const context = new FakeContext(dir.path);

    await expect(volume(context, 'import', image, '--size', '4096')).rejects.toThrow('too small');
    await volume(context, 'list');

    expect(context.printed[0]?.value).toEqual([]);
  });

  it('wants a size', async () => {
    await expect(volume(new FakeContext(untouched), 'create')).rejects.toMatchObject({
      code: 'commander.missingMandatoryOptionValue',
    });
  });
});
