// SPDX-License-Identifier: Apache-2.0

// What a driver sees when the host's storage fails under a served device: an error for the request
// that met it, and life for all others.

import { truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { run } from '../../src/base/subprocess.ts';
import { serveBlock } from './support/argon.ts';
import { connectFrontend, type Frontend, pattern } from './support/frontend.ts';
import { serveOnSmallTmpfs } from './support/mounts.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume } from './support/volumes.ts';

const mib = 1024 * 1024;
const ioError = { kind: 'host-io', message: expect.stringContaining('status 1') };

/** Writes on and on from an offset; gives the offset of the first write that failed. */
async function findFirstFailure(frontend: Frontend, from: number): Promise<number> {
  for (let at = from; at < 16 * mib; at += 65_536) {
    try {
      await frontend.write(at, pattern(65_536, at));
    } catch (thrown) {
      expect(thrown).toMatchObject(ioError);
      return at;
    }
  }
  throw new Error('every write found room');
}

describe('a full disk', () => {
  it.each([
    ['plain', ['--plain']],
    ['encrypted', ['--throwaway-key']],
  ])(
    'fails the writes that find no room, on a file that is %s, and no others',
    async (_what, flags) => {
      await using dir = await createTempDir();
      const socketPath = join(dir.path, 'b.sock');
      await using server = await serveOnSmallTmpfs(dir.path, {
        socketPath,
        tmpfsBytes: 4 * mib,
        fileBytes: 64 * mib,
        flags,
      });
      await using frontend = await connectFrontend(socketPath);

      await frontend.write(0, pattern(65_536, 1));
      const failedAt = await findFirstFailure(frontend, mib);

      // Nearly all of the four megabytes were had.
      expect(failedAt).toBeGreaterThan(3 * mib);
      expect(failedAt).toBeLessThanOrEqual(5 * mib);
      await expect(frontend.write(32 * mib, pattern(65_536, 3))).rejects.toMatchObject(ioError);
      expect(await frontend.read(0, 65_536)).toEqual(pattern(65_536, 1));
      await frontend.write(0, pattern(65_536, 4));
      expect(await frontend.read(0, 65_536)).toEqual(pattern(65_536, 4));
      expect(await frontend.read(40 * mib, 4096)).toEqual(Buffer.alloc(4096));
      await frontend.flush();
      expect(await server.end('SIGTERM')).toMatchObject({ code: 0, signal: null });
    },
  );
});

describe('a file that is truncated while it is served', () => {
  it.each(['none', 'aes-256-xts'] as const)(
    'fails reads behind its end, under cipher %s, and serves the rest',
    async (cipher) => {
      await using dir = await createTempDir();
      const volume = await createVolume(dir.path, { cipher });
      await using server = await serveBlock(['--volume', volume.id], { state: dir.path });
      await using frontend = await connectFrontend(server.socketPath);
      await frontend.write(0, pattern(65_536, 1));
      await frontend.write(8 * mib, pattern(65_536, 2));
      await frontend.flush();

      await truncate(volume.data, 4 * mib);

      await expect(frontend.read(8 * mib, 4096)).rejects.toMatchObject(ioError);
      expect(await frontend.read(0, 65_536)).toEqual(pattern(65_536, 1));
      await frontend.write(mib, pattern(4096, 3));
      expect(await frontend.read(mib, 4096)).toEqual(pattern(4096, 3));
      expect(await server.stop()).toMatchObject({ code: 0, signal: null });
    },
  );
});

describe('a flush that cannot make the allocation map durable', () => {
  it('fails, and so does every one after it; reads and writes go on', async () => {
    // Method: a limit on the size of files lets the first unit of data through and not the page of
    // the map behind its header. Node ignores the signal that would come with it.
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    await using server = await serveBlock(['--volume', volume.id], { state: dir.path });
    await using frontend = await connectFrontend(server.socketPath);
    await run('prlimit', ['--pid', String(server.pid), '--fsize=4096:']);

    await frontend.write(0, pattern(4096, 1));
    await expect(frontend.write(4096, pattern(4096, 2))).rejects.toMatchObject(ioError);
    await expect(frontend.flush()).rejects.toMatchObject({ kind: 'host-io' });
    await run('prlimit', ['--pid', String(server.pid), '--fsize=unlimited:']);

    await expect(frontend.flush()).rejects.toMatchObject({ kind: 'host-io' });
    await frontend.write(4096, pattern(4096, 2));
    expect(await frontend.read(0, 8192)).toEqual(
      Buffer.concat([pattern(4096, 1), pattern(4096, 2)]),
    );
    const end = await server.stop();
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.stderr).toContain('the last flush failed');
  });
});
