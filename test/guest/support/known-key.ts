// SPDX-License-Identifier: Apache-2.0

// A volume whose key the test knows. Argon has no way to import or export a key, so the test does
// by itself what a key service does: it wraps 64 bytes under the master key, in the format that
// native/crypto/data_key.h describes, and puts them into the volume's record.

import { createCipheriv, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const header = Buffer.from([1, 1, 0, 0]);
const masterKeyOffset = 'ARGONMK1'.length;

/** Gives a volume a key of the test's choice. The volume must be empty. */
export async function setVolumeKey(stateDir: string, volumeId: string, key: Buffer): Promise<void> {
  const masterKeyFile = await readFile(join(stateDir, 'keys', 'master.key'));
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', masterKeyFile.subarray(masterKeyOffset), nonce);
  cipher.setAAD(Buffer.concat([Buffer.from('argon volume key'), header, Buffer.from(volumeId)]));
  const body = Buffer.concat([cipher.update(key), cipher.final()]);
  const wrapped = Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
  const path = join(stateDir, 'volumes', volumeId, 'volume.json');
  const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...record, wrappedKey: wrapped.toString('base64') }));
}

/** 64 random bytes whose halves differ. */
export function makeVolumeKey(): Buffer {
  return randomBytes(64);
}
