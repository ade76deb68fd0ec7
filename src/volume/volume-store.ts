// SPDX-License-Identifier: Apache-2.0

// The volumes of a host: a folder each, `volumes/<id>/`, with the record, the data and, for an
// encrypted volume, its allocation map. The data file holds ciphertext and nothing else, so that
// Linux's own dm-crypt reads it.

import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Bytes } from '../base/byte-size.ts';
import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';
import { ensureStateSubdir, type StateDir } from '../base/state-dir.ts';
import { createVolumeId, isVolumeId, type VolumeId } from '../base/volume-id.ts';
import type { KeyService } from '../keys/key-service.ts';
import type { HostAddon } from '../native/addons.ts';
import { fromNative, native } from '../native/error-kind.ts';
import {
  encodeVolumeRecord,
  parseVolumeRecord,
  parseVolumeSize,
  type VolumeCipher,
  type VolumeRecord,
  volumeUnitBytes,
} from './volume-record.ts';

// Far longer than the steps of making a volume before a card has its data open.
const draftAgeMsMax = 3_600_000;

export interface VolumePaths {
  readonly data: string;
  readonly map: string;
}

export interface NewVolume {
  readonly sizeBytes: Bytes;
  readonly cipher: VolumeCipher;
  readonly source?: string;
  /** One that was chosen before; without it a new one. */
  readonly id?: VolumeId;
  /** Puts its content in before anybody can see it; if that fails there is no volume. */
  readonly fill?: (record: VolumeRecord, paths: VolumePaths) => Promise<void>;
}

export interface VolumeStore {
  create(options: NewVolume): Promise<VolumeRecord>;
  list(): Promise<readonly VolumeRecord[]>;
  /** @throws ArgonError not-found. */
  get(id: VolumeId): Promise<VolumeRecord>;
  /**
   * Makes a volume that nobody uses larger; what is new reads as zeros.
   * @throws ArgonError failed-precondition if it is in use, invalid-argument for a smaller size.
   */
  resize(id: VolumeId, sizeBytes: Bytes): Promise<VolumeRecord>;
  /**
   * The same for a volume that a card has open: `grow` has the card make its files larger, and
   * `announce` tells its guest, once the record says so.
   * @throws ArgonError invalid-argument for a smaller size.
   */
  resizeOpen(
    id: VolumeId,
    sizeBytes: Bytes,
    card: { readonly grow: () => Promise<void>; readonly announce: () => Promise<void> },
  ): Promise<VolumeRecord>;
  /** @throws ArgonError failed-precondition if the volume is in use. */
  delete(id: VolumeId): Promise<void>;
  /** Removes what a creation or a deletion of this volume left that broke off. */
  sweep(id: VolumeId): Promise<void>;
  paths(id: VolumeId): VolumePaths;
}

export async function openVolumeStore(
  stateDir: StateDir,
  host: HostAddon,
  keys: KeyService,
): Promise<VolumeStore> {
  const root = await ensureStateSubdir(stateDir, 'volumes');
  const paths = (id: string): VolumePaths => ({
    data: join(root, id, 'data'),
    map: join(root, id, 'map'),
  });
  const get = async (id: VolumeId): Promise<VolumeRecord> => {
    const record = await readRecord(root, id);
    if (record === undefined) throw missing(id);
    return record;
  };
  return {
    paths,
    get,
    create: async (options) => createVolume(root, host, keys, options),
    async list() {
      const ids = (await readdir(root)).filter(isVolumeId).toSorted();
      const records = await Promise.all(ids.map(async (id) => readRecord(root, id)));
      // Another process may delete one meanwhile.
      return records.filter((record) => record !== undefined);
    },
    async resize(id, sizeBytes) {
      const record = await get(id);
      const resized: VolumeRecord = { ...record, sizeBytes: parseVolumeSize(sizeBytes) };
      refuseShrinking(record, resized.sizeBytes);
      const { data, map } = paths(id);
      refuseInUse(id, data, host);
      // The record last: files that are longer than it says are no harm, shorter ones are.
      await native(
        host.growVolume({
          dataPath: data,
          mapPath: record.cipher === 'none' ? '' : map,
          sizeBytes: BigInt(resized.sizeBytes),
        }),
      );
      await replaceRecord(join(root, id), resized);
      return resized;
    },
    async resizeOpen(id, sizeBytes, card) {
      const record = await get(id);
      const resized: VolumeRecord = { ...record, sizeBytes: parseVolumeSize(sizeBytes) };
      refuseShrinking(record, resized.sizeBytes);
      await card.grow();
      await replaceRecord(join(root, id), resized);
      await card.announce();
      return resized;
    },
    async delete(id) {
      // A record that cannot be read is no reason to keep what is left of a volume.
      if (!existsSync(join(root, id))) throw missing(id);
      refuseInUse(id, paths(id).data, host);
      // Out of sight first, so that what is left after a crash is no half of a volume.
      const doomed = join(root, `.deleted-${id}`);
      await rename(join(root, id), doomed);
      await rm(doomed, { recursive: true });
    },
    async sweep(id) {
      for (const leftover of [`.new-${id}`, `.deleted-${id}`]) {
        await rm(join(root, leftover), { recursive: true, force: true });
      }
    },
  };
}

function missing(id: VolumeId): ArgonError {
  return new ArgonError('not-found', `volume ${id} does not exist`, {
    hint: 'argon volume list shows those there are',
  });
}

/** Undefined if there is no such volume. */
async function readRecord(root: string, id: VolumeId): Promise<VolumeRecord | undefined> {
  const path = join(root, id, 'volume.json');
  try {
    const record = parseVolumeRecord(await readFile(path, 'utf8'), path);
    if (record.id === id) return record;
    throw new ArgonError('data-loss', `${path} is the record of ${record.id}`);
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return undefined;
    const { code, message } = ArgonError.from(thrown);
    throw new ArgonError(code, message, {
      cause: thrown,
      hint: `put the record of this volume back; argon volume delete ${id} removes what is left`,
    });
  }
}

function refuseShrinking(record: VolumeRecord, sizeBytes: Bytes): void {
  if (sizeBytes >= record.sizeBytes) return;
  throw new ArgonError(
    'invalid-argument',
    `volume ${record.id} has ${record.sizeBytes} bytes and cannot shrink to ${sizeBytes}`,
    { hint: 'make a smaller volume and copy what is needed' },
  );
}

function refuseInUse(id: VolumeId, dataPath: string, host: HostAddon): void {
  if (!isInUse(dataPath, host)) return;
  throw new ArgonError('failed-precondition', `volume ${id} is in use`, {
    hint: 'stop the guest or the server that uses it',
  });
}

async function replaceRecord(folder: string, record: VolumeRecord): Promise<void> {
  const draft = join(folder, '.volume.json.new');
  await rm(draft, { force: true });
  await writeDurably(draft, async (file) => file.writeFile(encodeVolumeRecord(record)));
  await rename(draft, join(folder, 'volume.json'));
  await syncFolder(folder);
}

function isInUse(dataPath: string, host: HostAddon): boolean {
  try {
    return existsSync(dataPath) && host.isLocked(dataPath);
  } catch (thrown) {
    throw fromNative(thrown);
  }
}

async function createVolume(
  root: string,
  host: HostAddon,
  keys: KeyService,
  options: NewVolume,
): Promise<VolumeRecord> {
  const { cipher, id = createVolumeId() } = options;
  const sizeBytes = parseVolumeSize(options.sizeBytes);
  const record: VolumeRecord = {
    id,
    sizeBytes,
    cipher,
    source: options.source ?? '',
    createdAt: new Date().toISOString(),
    wrappedKey: cipher === 'none' ? undefined : await keys.createVolumeKey(id),
  };
  // Made under another name and renamed when it is whole.
  const draft = join(root, `.new-${id}`);
  try {
    await sweepAbandoned(root, host);
    await mkdir(draft, { mode: 0o700 });
    await writeDurably(join(draft, 'data'), async (file) => file.truncate(sizeBytes));
    if (cipher !== 'none') {
      await native(
        host.createMapFile({
          path: join(draft, 'map'),
          unitCount: BigInt(sizeBytes / volumeUnitBytes),
          volumeId: id,
        }),
      );
    }
    await writeDurably(join(draft, 'volume.json'), async (file) =>
      file.writeFile(encodeVolumeRecord(record)),
    );
    await options.fill?.(record, { data: join(draft, 'data'), map: join(draft, 'map') });
    await syncFolder(draft);
    await rename(draft, join(root, id));
    await syncFolder(root);
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true });
    if (thrown instanceof ArgonError) throw thrown;
    const errno = errnoName(thrown);
    throw new ArgonError(
      codeOfErrno(errno),
      `volume ${id} could not be created (${errno ?? 'unknown error'})`,
      { cause: thrown, hint: `see that there is room and permission at ${root}` },
    );
  }
  return record;
}

// What a killed process had begun to make or to delete. A draft that is being made is young, or a
// card has its data open.
async function sweepAbandoned(root: string, host: HostAddon): Promise<void> {
  for (const name of await readdir(root)) {
    const folder = join(root, name);
    const isDraft = name.startsWith('.new-');
    if (!isDraft && !name.startsWith('.deleted-')) continue;
    if (isDraft && !(await isAbandoned(folder, host))) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

async function isAbandoned(draft: string, host: HostAddon): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(draft);
    return Date.now() - mtimeMs > draftAgeMsMax && !isInUse(join(draft, 'data'), host);
  } catch (thrown) {
    // Whole by now, or given up.
    if (errnoName(thrown) === 'ENOENT' || isNotFound(thrown)) return false;
    throw thrown;
  }
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof ArgonError && thrown.code === 'not-found';
}

async function writeDurably(
  path: string,
  write: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await write(file);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}
