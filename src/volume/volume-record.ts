// SPDX-License-Identifier: Apache-2.0

// What is known of a volume, as `volume.json` in its folder keeps it. The wrapped key is in it: it
// opens only under the master key and for this volume's id.

import { type Bytes, parseBytes } from '../base/byte-size.ts';
import { ArgonError } from '../base/errors.ts';
import {
  type JsonObject,
  parseChoice,
  parseInteger,
  parseJson,
  parseObject,
  parseString,
} from '../base/parse.ts';
import { parseVolumeId, type VolumeId } from '../base/volume-id.ts';

export type VolumeCipher = 'aes-256-xts' | 'none';

export interface VolumeRecord {
  readonly id: VolumeId;
  readonly sizeBytes: Bytes;
  readonly cipher: VolumeCipher;
  /** Where the content came from, for people; empty for a volume that was made empty. */
  readonly source: string;
  readonly createdAt: string;
  /** Undefined if the volume is not encrypted. */
  readonly wrappedKey: Uint8Array | undefined;
}

/** The unit that is encrypted as a whole; sizes are multiples of it. */
export const volumeUnitBytes = 4096;

const formatVersion = 1;
const wrappedKeyBytes = 96; // native/crypto/data_key.h: kWrappedKeyBytes

export function encodeVolumeRecord(record: VolumeRecord): string {
  const { wrappedKey, ...rest } = record;
  const plain = {
    formatVersion,
    ...rest,
    ...(wrappedKey === undefined ? {} : { wrappedKey: Buffer.from(wrappedKey).toString('base64') }),
  };
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

/** @throws ArgonError data-loss, naming `what`: a record is written by Argon alone. */
export function parseVolumeRecord(text: string, what: string): VolumeRecord {
  try {
    return parseRecord(parseObject(parseJson(text, 'its text'), 'its JSON'));
  } catch (cause) {
    const { message } = ArgonError.from(cause);
    throw new ArgonError('data-loss', `${what} is damaged: ${message}`, { cause });
  }
}

function parseRecord(object: JsonObject): VolumeRecord {
  parseInteger(object['formatVersion'], 'formatVersion', {
    min: formatVersion,
    max: formatVersion,
  });
  const cipher = parseChoice(object['cipher'], 'cipher', ['aes-256-xts', 'none']);
  return {
    id: parseVolumeId(object['id']),
    sizeBytes: parseVolumeSize(object['sizeBytes']),
    cipher,
    source: parseString(object['source'], 'source'),
    createdAt: parseString(object['createdAt'], 'createdAt'),
    wrappedKey: cipher === 'none' ? undefined : parseWrappedKey(object['wrappedKey']),
  };
}

/**
 * A size that a volume can have.
 * @throws ArgonError invalid-argument, naming the size.
 */
export function parseVolumeSize(value: unknown): Bytes {
  const sizeBytes = parseBytes(value);
  if (sizeBytes === 0 || sizeBytes % volumeUnitBytes !== 0) {
    throw new ArgonError(
      'invalid-argument',
      `a volume cannot have ${sizeBytes} bytes: its size is a multiple of ${volumeUnitBytes}`,
      { hint: 'give a size as in 512MiB or 10GiB' },
    );
  }
  return sizeBytes;
}

function parseWrappedKey(value: unknown): Uint8Array {
  const bytes = Buffer.from(parseString(value, 'wrappedKey'), 'base64');
  if (bytes.length !== wrappedKeyBytes) {
    throw new ArgonError('data-loss', `wrappedKey has ${bytes.length} bytes`);
  }
  return new Uint8Array(bytes);
}
