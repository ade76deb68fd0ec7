// SPDX-License-Identifier: Apache-2.0

// Volumes of a test's own state folder, made in this process, and what the formats of their files
// are: written here once more from docs and headers, so that the tests check the code and not
// themselves.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseBytes } from '../../../src/base/byte-size.ts';
import { locateStateDir } from '../../../src/base/state-dir.ts';
import { type HostServices, openHostServices } from '../../../src/cli/context.ts';
import {
  encodeVolumeRecord,
  type VolumeCipher,
  type VolumeRecord,
} from '../../../src/volume/volume-record.ts';

export const unitBytes = 4096;

/** The volumes of a state folder, as `argon` with that ARGON_STATE sees them. */
export async function openVolumes(state: string): Promise<HostServices> {
  return openHostServices(locateStateDir({ ARGON_STATE: state }, '/'));
}

export interface TestVolume {
  readonly record: VolumeRecord;
  readonly id: string;
  /** Its folder, data file, allocation map and record. */
  readonly folder: string;
  readonly data: string;
  readonly map: string;
  readonly json: string;
}

export async function createVolume(
  state: string,
  { size = '16MiB', cipher = 'aes-256-xts' }: { size?: string; cipher?: VolumeCipher } = {},
): Promise<TestVolume> {
  const { volumes } = await openVolumes(state);
  const record = await volumes.create({ sizeBytes: parseBytes(size), cipher });
  const folder = join(state, 'volumes', record.id);
  return {
    record,
    id: record.id,
    folder,
    data: join(folder, 'data'),
    map: join(folder, 'map'),
    json: join(folder, 'volume.json'),
  };
}

/** Replaces members of a volume's record. */
export async function rewriteRecord(
  volume: TestVolume,
  changes: Partial<VolumeRecord>,
): Promise<void> {
  await writeFile(volume.json, encodeVolumeRecord({ ...volume.record, ...changes }));
}

/** The 32 bytes of the master key: its file is "ARGONMK1", then the key. */
export async function readMasterKey(state: string): Promise<Buffer> {
  const file = await readFile(join(state, 'keys/master.key'));
  if (file.length !== 40 || file.toString('latin1', 0, 8) !== 'ARGONMK1') {
    throw new Error('the master key is not in the format of native/crypto/master_key.cc');
  }
  return file.subarray(8);
}

/** Wraps a data key as native/crypto/data_key.cc does: AES-256-GCM, bound to the volume's id. */
export function wrapKey(masterKey: Uint8Array, dataKey: Uint8Array, volumeId: string): Buffer {
  const header = Buffer.from([1, 1, 0, 0]); // Version 1, AES-256-GCM, reserved.
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce);
  cipher.setAAD(Buffer.concat([Buffer.from('argon volume key'), header, Buffer.from(volumeId)]));
  const body = Buffer.concat([cipher.update(dataKey), cipher.final()]);
  return Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
}

/** Opens what wrapKey, or Argon, wrapped. */
export function unwrapKey(masterKey: Uint8Array, wrapped: Uint8Array, volumeId: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, wrapped.subarray(4, 16));
  const purpose = [Buffer.from('argon volume key'), wrapped.subarray(0, 4), Buffer.from(volumeId)];
  decipher.setAAD(Buffer.concat(purpose));
  decipher.setAuthTag(wrapped.subarray(-16));
  return Buffer.concat([decipher.update(wrapped.subarray(16, -16)), decipher.final()]);
}

/** Gives a volume a key that the test knows: 64 bytes for AES-256-XTS. */
export async function giveKnownKey(state: string, volume: TestVolume): Promise<Buffer> {
  const key = randomBytes(64);
  const wrappedKey = wrapKey(await readMasterKey(state), key, volume.id);
  await rewriteRecord(volume, { wrappedKey: new Uint8Array(wrappedKey) });
  return key;
}

function tweakOf(unit: number): Buffer {
  const tweak = Buffer.alloc(16);
  tweak.writeBigUInt64LE(BigInt(unit));
  return tweak;
}

/** Encrypts a unit as dm-crypt's aes-xts-plain64 with 4096-byte sectors and large IVs does. */
export function encryptUnit(key: Uint8Array, unit: number, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-xts', key, tweakOf(unit));
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

export function decryptUnit(key: Uint8Array, unit: number, encrypted: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-xts', key, tweakOf(unit));
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

/** Bits of a map file begin after a header page; a unit's bit is the lowest first of its byte. */
const mapHeaderBytes = 4096;

export async function isMarkedWritten(volume: TestVolume, unit: number): Promise<boolean> {
  const map = await readFile(volume.map);
  return (((map[mapHeaderBytes + (unit >> 3)] ?? 0) >> (unit & 7)) & 1) === 1;
}

export async function markWritten(volume: TestVolume, units: readonly number[]): Promise<void> {
  const map = await readFile(volume.map);
  for (const unit of units) {
    const at = mapHeaderBytes + (unit >> 3);
    map[at] = (map[at] ?? 0) | (1 << (unit & 7));
  }
  await writeFile(volume.map, map);
}

/** Makes a map file another volume's: its id is at byte 24 of the header. */
export async function setMapOwner(mapPath: string, volumeId: string): Promise<void> {
  await using file = await open(mapPath, 'r+');
  await file.write(volumeId, 24, 'latin1');
}

export async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

export async function writeAt(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
}
