// SPDX-License-Identifier: Apache-2.0

// What is in the files of a volume, looked at from outside: with node:crypto and the formats of
// support/volumes.ts, never with the code that wrote them.

import { randomBytes } from 'node:crypto';
import { copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { countInFile } from '../../src/cli/file-search.ts';
import { serveBlock } from './support/argon.ts';
import { connectFrontend, type Frontend, pattern } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';
import {
  createVolume,
  decryptUnit,
  encryptUnit,
  giveKnownKey,
  isMarkedWritten,
  markWritten,
  readAt,
  readMasterKey,
  rewriteRecord,
  setMapOwner,
  type TestVolume,
  unitBytes,
  wrapKey,
  writeAt,
} from './support/volumes.ts';

/** Serves a volume for as long as `use` takes, then stops in order. */
async function withVolume<Value>(
  state: string,
  volume: TestVolume,
  use: (frontend: Frontend) => Promise<Value>,
): Promise<Value> {
  await using server = await serveBlock(['--volume', volume.id], { state });
  let value: Value;
  {
    await using frontend = await connectFrontend(server.socketPath);
    value = await use(frontend);
  }
  expect(await server.stop()).toMatchObject({ code: 0, signal: null });
  return value;
}

const marker = Buffer.from('ARGON-MARKER-0123456789-ABCDEF!!');

describe('an encrypted volume', () => {
  it('never has what was written in its files in the clear', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const sector = Buffer.concat(Array.from({ length: 16 }, () => marker));

    await withVolume(dir.path, volume, async (frontend) => {
      for (const offset of [0, 512, 4096, 1_048_576]) await frontend.write(offset, sector);
      await frontend.flush();
      // Over what was written before, and within a unit.
      await frontend.write(512, sector);
      expect(await frontend.read(512, 512)).toEqual(sector);
    });

    for (const path of [volume.data, volume.map, volume.json]) {
      expect(await countInFile(path, marker)).toBe(0);
    }
    // The same look finds it where it is not hidden.
    const plain = await createVolume(dir.path, { cipher: 'none' });
    await withVolume(dir.path, plain, async (frontend) => frontend.write(512, sector));
    expect(await countInFile(plain.data, marker)).toBe(16);
  });

  it('has no two blocks of 16 bytes alike on disk, whatever was written', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const written = 16 * unitBytes;

    await withVolume(dir.path, volume, async (frontend) => {
      await frontend.write(0, Buffer.alloc(written, 0x41));
    });

    const bytes = await readAt(volume.data, 0, written);
    const blocks = new Set<string>();
    for (let at = 0; at < written; at += 16) blocks.add(bytes.toString('hex', at, at + 16));
    expect(blocks.size).toBe(written / 16);
  });

  it('has its data after it was closed, and zeros where nothing was written', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const [low, high] = [pattern(20_480, 1), pattern(512, 2)];

    await withVolume(dir.path, volume, async (frontend) => {
      await frontend.write(8192 + 512, low);
      await frontend.write(volume.record.sizeBytes - 512, high);
    });
    await withVolume(dir.path, volume, async (frontend) => {
      expect(await frontend.read(8192 + 512, low.length)).toEqual(low);
      expect(await frontend.read(volume.record.sizeBytes - 512, 512)).toEqual(high);
      expect(await frontend.read(0, 8192 + 512)).toEqual(Buffer.alloc(8192 + 512));
      expect(await frontend.read(8192 + 512 + low.length, 65_536)).toEqual(Buffer.alloc(65_536));
    });
  });

  it('is sparse when it is new and grows with what is written', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path, { size: '256MiB' });
    const takenBytes = async (): Promise<number> => (await stat(volume.data)).blocks * 512;
    expect(await takenBytes()).toBe(0);

    await withVolume(dir.path, volume, async (frontend) => {
      await frontend.write(128 * 1024 * 1024, pattern(65_536, 1));
    });

    expect(await takenBytes()).toBeGreaterThanOrEqual(65_536);
    expect(await takenBytes()).toBeLessThan(1024 * 1024);
  });

  it('reads as zeros where its map says so, whatever lies in the file', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    await writeAt(volume.data, 0, randomBytes(65_536));

    await withVolume(dir.path, volume, async (frontend) => {
      expect(await frontend.read(0, 65_536)).toEqual(Buffer.alloc(65_536));
      // A first write into a unit hides the rest of what lay there too.
      await frontend.write(512, pattern(512, 1));
      expect(await frontend.read(0, 4096)).toEqual(
        Buffer.concat([Buffer.alloc(512), pattern(512, 1), Buffer.alloc(3072)]),
      );
    });
  });

  it("is noise under another volume's key, and takes nothing down", async () => {
    await using dir = await createTempDir();
    const [source, other] = [await createVolume(dir.path), await createVolume(dir.path)];
    const written = pattern(65_536, 1);
    await withVolume(dir.path, source, async (frontend) => frontend.write(0, written));
    await copyFile(source.data, other.data);
    await copyFile(source.map, other.map);
    await setMapOwner(other.map, other.id);

    const read = await withVolume(dir.path, other, async (frontend) => {
      const bytes = await frontend.read(0, written.length);
      await frontend.write(0, written);
      expect(await frontend.read(0, written.length)).toEqual(written);
      return bytes;
    });

    expect(read).not.toEqual(written);
    // Noise has no block in common with what was written, nor with zeros, nor twice the same.
    const seen = new Set<string>();
    for (let at = 0; at < read.length; at += 16) {
      const block = read.subarray(at, at + 16);
      expect(block.equals(written.subarray(at, at + 16))).toBe(false);
      seen.add(block.toString('hex'));
    }
    expect(seen.size).toBe(read.length / 16);
  });
});

describe('AES-256-XTS by node:crypto, under a key that the test wrapped', () => {
  it('decrypts what the card wrote, unit by unit', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const key = await giveKnownKey(dir.path, volume);
    const lastUnit = volume.record.sizeBytes / unitBytes - 1;
    const plain = new Map<number, Buffer>();
    for (const unit of [0, 1, 2, 255, 256, 2047, lastUnit]) {
      plain.set(unit, pattern(unitBytes, unit));
    }

    await withVolume(dir.path, volume, async (frontend) => {
      for (const [unit, bytes] of plain) await frontend.write(unit * unitBytes, bytes);
      // A sector of a unit that holds data, one of a unit that does not, and one over a border.
      await frontend.write(512, pattern(512, 1000));
      plain.get(0)?.set(pattern(512, 1000), 512);
      await frontend.write(10 * unitBytes + 1024, pattern(512, 1001));
      const fresh = Buffer.alloc(unitBytes);
      fresh.set(pattern(512, 1001), 1024);
      plain.set(10, fresh);
      await frontend.write(2 * unitBytes - 512, pattern(1024, 1002));
      plain.get(1)?.set(pattern(1024, 1002).subarray(0, 512), unitBytes - 512);
      plain.get(2)?.set(pattern(1024, 1002).subarray(512), 0);
    });

    for (const [unit, bytes] of plain) {
      const stored = await readAt(volume.data, unit * unitBytes, unitBytes);
      expect(decryptUnit(key, unit, stored)).toEqual(bytes);
      expect(await isMarkedWritten(volume, unit)).toBe(true);
    }
    for (const unit of [3, 9, 11, 254, lastUnit - 1]) {
      expect(await isMarkedWritten(volume, unit)).toBe(false);
    }
  });

  it('writes what the card then decrypts', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path);
    const key = await giveKnownKey(dir.path, volume);
    const units = [0, 1, 7, 8, 63, 64, 4095];
    for (const unit of units) {
      const encrypted = encryptUnit(key, unit, pattern(unitBytes, unit));
      await writeAt(volume.data, unit * unitBytes, encrypted);
    }
    await markWritten(volume, units);

    await withVolume(dir.path, volume, async (frontend) => {
      for (const unit of units) {
        expect(await frontend.read(unit * unitBytes, unitBytes)).toEqual(pattern(unitBytes, unit));
        expect(await frontend.read(unit * unitBytes + 1536, 512)).toEqual(
          pattern(unitBytes, unit).subarray(1536, 2048),
        );
      }
      expect(await frontend.read(2 * unitBytes, unitBytes)).toEqual(Buffer.alloc(unitBytes));
    });
  });

  it('needs the key that was wrapped for this volume', async () => {
    await using dir = await createTempDir();
    const [volume, other] = [await createVolume(dir.path), await createVolume(dir.path)];
    const masterKey = await readMasterKey(dir.path);
    const wrappedKey = new Uint8Array(wrapKey(masterKey, randomBytes(64), other.id));
    await rewriteRecord(volume, { wrappedKey });

    await expect(serveBlock(['--volume', volume.id], { state: dir.path })).rejects.toThrow(
      'does not open',
    );
  });
});

describe('a volume that is not encrypted', () => {
  it('is the bytes that were written, and zeros', async () => {
    await using dir = await createTempDir();
    const volume = await createVolume(dir.path, { cipher: 'none', size: '1MiB' });

    await withVolume(dir.path, volume, async (frontend) => {
      await frontend.write(512, pattern(1024, 1));
    });

    const expected = Buffer.alloc(1_048_576);
    expected.set(pattern(1024, 1), 512);
    expect((await readFile(volume.data)).equals(expected)).toBe(true);
    expect(join(volume.folder, 'data')).toBe(volume.data);
  });
});
