// SPDX-License-Identifier: Apache-2.0

// `argon volume` as its users have it.

import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { countInFile } from '../../src/cli/file-search.ts';
import { runArgon, serveBlock, startArgon } from './support/argon.ts';
import { type Ended, eventually } from './support/child.ts';
import { connectFrontend, pattern } from './support/frontend.ts';
import { childrenOf, isListening } from './support/proc.ts';
import { createTempDir, type TempDir } from './support/temp-dir.ts';
import { createVolume, readAt } from './support/volumes.ts';

const mib = 1024 * 1024;

async function volume(dir: TempDir, ...args: string[]): Promise<Ended> {
  return await runArgon(['volume', ...args], { state: dir.path });
}

/** The names in the folder of volumes, halves and leftovers included. */
async function volumeNames(dir: TempDir): Promise<readonly string[]> {
  const path = join(dir.path, 'volumes');
  return existsSync(path) ? await readdir(path) : [];
}

async function writeImage(dir: TempDir, content: Uint8Array, size: number): Promise<string> {
  const path = join(dir.path, 'image.raw');
  await writeFile(path, content);
  await truncate(path, size);
  return path;
}

describe('argon volume create', () => {
  it('prints the id alone, and makes what list then shows', async () => {
    await using dir = await createTempDir();

    const created = await volume(dir, 'create', '--size', '16MiB');
    const plain = await volume(dir, 'create', '--size', '1.5GiB', '--plain', '-o', 'json');
    const listed = await volume(dir, 'list');

    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(/^vol[0-9a-f]{17}\n$/);
    const id = created.stdout.trim();
    const made = JSON.parse(plain.stdout) as Record<string, unknown>;
    expect(made).toEqual({
      id: expect.stringMatching(/^vol[0-9a-f]{17}$/),
      size_bytes: 1.5 * 2 ** 30,
      cipher: 'none',
      source: '',
      created_at: expect.stringMatching(/^\d{4}-/),
    });
    const [title, ...lines] = listed.stdout.split('\n');
    expect(title).toMatch(/^ID +SIZE +CIPHER +CREATED +SOURCE$/);
    expect(lines).toHaveLength(3); // The last line ends, too.
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^${id}  16\\.0 MiB  aes-256-xts  `)),
    );
    expect((await stat(join(dir.path, 'volumes', id, 'data'))).size).toBe(16 * mib);
  });

  it('works for many at once in a state folder that is new', async () => {
    await using dir = await createTempDir();

    const ends = await Promise.all(
      Array.from({ length: 6 }, async () => volume(dir, 'create', '--size', '1MiB')),
    );

    expect(ends.map(({ code, stderr }) => `${String(code)} ${stderr}`)).toEqual(
      Array.from({ length: 6 }, () => '0 '),
    );
    expect(await readdir(join(dir.path, 'keys'))).toEqual(['master.key']);
    // All six open under the one key that there is.
    for (const id of await volumeNames(dir)) {
      await using server = await serveBlock(['--volume', id], { state: dir.path });
      expect(await server.stop()).toMatchObject({ code: 0 });
    }
  });

  it('says what to do about a master key that others may read', async () => {
    await using dir = await createTempDir();
    await createVolume(dir.path);
    await using file = await open(join(dir.path, 'keys/master.key'), 'r');
    await file.chmod(0o644);

    const end = await volume(dir, 'create', '--size', '1MiB');

    expect(end).toMatchObject({ code: 6, stdout: '' });
    expect(end.stderr).toMatch(/^error: .*master\.key must be a file of mode 0600\nhint: .*chmod/);
    expect(await volumeNames(dir)).toHaveLength(1);
  });

  it.each([
    [['--size', '1x'], /"1x" is not a size/],
    [['--size', '1000'], /cannot have 1000 bytes.*multiple of 4096/],
    [['--size', '0'], /cannot have 0 bytes/],
    [['--size', '-1'], /"-1" is not a size|argument missing/],
    [[], /required option '--size <size>' not specified/],
  ])('%j ends with 2', async (flags, error) => {
    await using dir = await createTempDir();

    const end = await volume(dir, 'create', ...flags);

    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(error);
    expect(await volumeNames(dir)).toEqual([]);
  });
});

describe('argon volume list', () => {
  it('is empty in every format of a new state folder', async () => {
    await using dir = await createTempDir();

    expect(await volume(dir, 'list')).toMatchObject({ code: 0, stderr: '' });
    expect((await volume(dir, 'list', '-o', 'json')).stdout).toBe('[]\n');
    expect((await volume(dir, 'list', '-o', 'name')).stdout).toBe('');
  });

  it('gives names alone, one a line, where those are wanted', async () => {
    await using dir = await createTempDir();
    const ids = [(await createVolume(dir.path)).id, (await createVolume(dir.path)).id];

    const { stdout } = await volume(dir, 'list', '-o', 'name');

    const names = ids.toSorted((a, b) => (a < b ? -1 : 1)).map((id) => `volumes/${id}\n`);
    expect(stdout).toBe(names.join(''));
  });

  it('never shows a key, wrapped or not', async () => {
    await using dir = await createTempDir();
    const { record } = await createVolume(dir.path);
    const wrapped = Buffer.from(record.wrappedKey ?? []).toString('base64');

    const { stdout } = await volume(dir, 'list', '-o', 'json');

    expect(JSON.parse(stdout)).toMatchObject([{ id: record.id }]);
    expect(stdout).not.toContain(wrapped.slice(0, 16));
  });
});

describe('argon volume resize', () => {
  it.each(['aes-256-xts', 'none'] as const)(
    'makes a volume larger, and its content stays, with cipher %s',
    async (cipher) => {
      await using dir = await createTempDir();
      const { id } = await createVolume(dir.path, { size: '1MiB', cipher });
      const content = pattern(4096, 1);
      {
        await using server = await serveBlock(['--volume', id], { state: dir.path });
        await using frontend = await connectFrontend(server.socketPath);
        await frontend.write(0, content);
        await frontend.flush();

        expect(await volume(dir, 'resize', id, '300MiB')).toMatchObject({
          code: 3,
          stderr: expect.stringContaining('is in use'),
        });
      }

      const resized = await volume(dir, 'resize', id, '300MiB');
      const smaller = await volume(dir, 'resize', id, '1MiB');

      expect(resized).toMatchObject({ code: 0, stdout: `${id} has 300.0 MiB\n`, stderr: '' });
      expect(smaller.code).not.toBe(0);
      expect(smaller.stderr).toContain('cannot shrink');
      await using server = await serveBlock(['--volume', id], { state: dir.path });
      await using frontend = await connectFrontend(server.socketPath);
      expect((await frontend.native.info()).sizeBytes).toBe(BigInt(300 * mib));
      expect((await frontend.read(0, 4096)).equals(content)).toBe(true);
      expect(await frontend.read(299 * mib, mib)).toEqual(Buffer.alloc(mib));
    },
  );

  it('finishes what an earlier one left half done', async () => {
    await using dir = await createTempDir();
    const made = await createVolume(dir.path, { size: '1MiB' });
    await truncate(made.data, 300 * mib);
    {
      await using server = await serveBlock(['--volume', made.id], { state: dir.path });
      await using frontend = await connectFrontend(server.socketPath);
      expect((await frontend.native.info()).sizeBytes).toBe(BigInt(mib));
    }

    expect(await volume(dir, 'resize', made.id, '200MiB')).toMatchObject({ code: 0 });

    await using server = await serveBlock(['--volume', made.id], { state: dir.path });
    await using frontend = await connectFrontend(server.socketPath);
    expect((await frontend.native.info()).sizeBytes).toBe(BigInt(200 * mib));
  });
});

describe('argon volume delete', () => {
  it('removes a volume and says so', async () => {
    await using dir = await createTempDir();
    const { id } = await createVolume(dir.path);

    expect(await volume(dir, 'delete', id)).toMatchObject({
      code: 0,
      stdout: `deleted ${id}\n`,
      stderr: '',
    });
    expect(await volumeNames(dir)).toEqual([]);
    expect(await volume(dir, 'delete', id)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: volume ${id} does not exist\nhint: argon volume list shows those there are\n`,
    });
  });

  it('refuses a volume that is served, which goes on', async () => {
    await using dir = await createTempDir();
    const { id } = await createVolume(dir.path);
    await using server = await serveBlock(['--volume', id], { state: dir.path });
    await using frontend = await connectFrontend(server.socketPath);

    const end = await volume(dir, 'delete', id);

    expect(end).toMatchObject({
      code: 3,
      stderr: `error: volume ${id} is in use\nhint: stop the guest or the server that uses it\n`,
    });
    await frontend.write(0, pattern(4096, 1));
    expect(await volumeNames(dir)).toEqual([id]);
  });

  it('takes no path for an id', async () => {
    await using dir = await createTempDir();

    expect(await volume(dir, 'delete', '../keys')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('argon volume import', () => {
  it('fills an encrypted volume, and leaves nothing of the image in the clear', async () => {
    await using dir = await createTempDir();
    const content = Buffer.concat(
      Array.from({ length: 4096 }, () => Buffer.from('PLAIN-IMAGE-0123')),
    );
    const image = await writeImage(dir, content, 8 * mib);

    const end = await volume(dir, 'import', image);

    expect(end).toMatchObject({ code: 0 });
    expect(end.stdout).toMatch(/^vol[0-9a-f]{17}\n$/);
    expect(end.stderr).toMatch(
      /copying 8\.0 MiB into vol\w+ … ok \(64\.0 KiB of it not zeros\)\n$/,
    );
    const id = end.stdout.trim();
    const data = join(dir.path, 'volumes', id, 'data');
    expect(await countInFile(data, Buffer.from('PLAIN-IMAGE'))).toBe(0);
    await using server = await serveBlock(['--volume', id], { state: dir.path });
    await using frontend = await connectFrontend(server.socketPath);
    expect((await frontend.read(0, content.length)).equals(content)).toBe(true);
    expect(await frontend.read(content.length, mib)).toEqual(Buffer.alloc(mib));
  });

  it('keeps an image sparse', async () => {
    await using dir = await createTempDir();
    const image = await writeImage(dir, pattern(65_536, 1), 512 * mib);

    const end = await volume(dir, 'import', image, '-o', 'json');

    const made = JSON.parse(end.stdout) as { readonly id: string };
    expect(made).toMatchObject({ size_bytes: 512 * mib, source: image });
    const { size, blocks } = await stat(join(dir.path, 'volumes', made.id, 'data'));
    expect(size).toBe(512 * mib);
    expect(blocks * 512).toBeLessThan(mib);
  });

  it('makes whole units of an image of an odd size', async () => {
    await using dir = await createTempDir();
    const image = await writeImage(dir, pattern(10_008, 1), 10_001);

    const end = await volume(dir, 'import', image, '--plain');

    expect(end).toMatchObject({ code: 0 });
    const data = join(dir.path, 'volumes', end.stdout.trim(), 'data');
    const expected = Buffer.alloc(12_288);
    expected.set(pattern(10_008, 1).subarray(0, 10_001));
    expect((await readFile(data)).equals(expected)).toBe(true);
  });

  it('makes a larger volume where that is asked for', async () => {
    await using dir = await createTempDir();
    const image = await writeImage(dir, pattern(4096, 1), 4096);

    const end = await volume(dir, 'import', image, '--plain', '--size', '1MiB');

    const data = join(dir.path, 'volumes', end.stdout.trim(), 'data');
    expect((await stat(data)).size).toBe(mib);
    expect(await readAt(data, 0, 4096)).toEqual(pattern(4096, 1));
  });

  it.each([
    ['that is missing', 'missing.raw', [], 1, /missing\.raw cannot be read \(ENOENT\)\nhint: /],
    ['that is a folder', '.', [], 2, /is not a regular file\nhint: /],
    [
      'that does not fit',
      'image.raw',
      ['--size', '4KiB'],
      2,
      /4\.0 KiB is too small for .* 8\.0 KiB/,
    ],
    ['with an odd size asked for', 'image.raw', ['--size', '10000'], 2, /multiple of 4096/],
    ['of nothing', 'empty.raw', [], 2, /cannot have 0 bytes/],
  ])('refuses an image %s', async (_what, name, flags, code, error) => {
    await using dir = await createTempDir();
    await writeImage(dir, pattern(4096, 1), 8192);
    await writeFile(join(dir.path, 'empty.raw'), '');

    const end = await volume(dir, 'import', join(dir.path, name), ...flags);

    expect(end).toMatchObject({ code, stdout: '' });
    expect(end.stderr).toMatch(error);
    expect(await volumeNames(dir)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves no half volume on %s', async (signal) => {
    await using dir = await createTempDir();
    await using sockets = await createTempDir();
    // Without holes, so that copying takes longer than finding out that it has begun.
    const image = await writeImage(dir, Buffer.alloc(256 * mib, 0x5a), 256 * mib);
    await using argon = startArgon(['volume', 'import', image], {
      state: dir.path,
      env: { TMPDIR: sockets.path },
    });
    await eventually(async () => {
      const id = (await volumeNames(dir)).find((name) => name.startsWith('.new-vol'));
      if (id === undefined) return undefined;
      const { blocks } = await stat(join(dir.path, 'volumes', id, 'data'));
      return blocks > 0 ? true : undefined;
    }, 'waiting for the first bytes of the image');

    const end = await argon.end(signal);

    expect(end).toMatchObject({ code: 130, signal: null, stdout: '' });
    expect(end.stderr).toMatch(/copying .* … FAILED\nerror: cancelled while copying /);
    expect(await volumeNames(dir)).toEqual([]);
    expect(await readdir(sockets.path)).toEqual([]);
  });

  it('leaves no half volume when its card is killed', async () => {
    await using dir = await createTempDir();
    const image = await writeImage(dir, Buffer.alloc(256 * mib, 0x5a), 256 * mib);
    await using argon = startArgon(['volume', 'import', image], { state: dir.path });
    const card = await eventually(async () => {
      const [pid] = await childrenOf(argon.pid);
      return pid !== undefined && (await isListening(pid)) ? pid : undefined;
    }, 'waiting for the card');

    process.kill(card, 'SIGKILL');
    const end = await argon.waitForEnd();

    expect(end).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(end.stderr).toMatch(/^error: the card .* ended \(SIGKILL\)\nhint: .*card\.log$/m);
    expect(await volumeNames(dir)).toEqual([]);
  });
});
