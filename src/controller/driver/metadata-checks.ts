// SPDX-License-Identifier: Apache-2.0

// What the schema cannot say of an instance's keys and tags. The limits of tags are those that AWS
// publishes for its own.

import { ArgonError } from '../../base/errors.ts';
import type { Instance } from '../model.ts';

type MetadataFields = Pick<Instance, 'publicKeys' | 'tags' | 'metadata'>;

/** @throws ArgonError invalid-argument. */
export function checkMetadata({ publicKeys, tags, metadata }: MetadataFields): void {
  refuseTwice(
    publicKeys.map(({ name }) => name),
    'public keys',
  );
  for (const { name, key } of publicKeys) {
    if (isPublicKey(key)) continue;
    throw new ArgonError('invalid-argument', `the public key "${name}" is none of OpenSSH`, {
      hint: 'give the line of a file as ~/.ssh/id_ed25519.pub',
    });
  }
  refuseTwice(
    tags.map(({ key }) => key),
    'tags',
  );
  for (const { key } of tags) {
    if (/^aws:/i.test(key)) {
      throw new ArgonError('invalid-argument', `the tag "${key}" begins with "aws:"`);
    }
    if (metadata.hasTags && !isPathName(key)) {
      throw new ArgonError('invalid-argument', `the guest cannot be shown the tag "${key}"`, {
        hint: 'its key becomes a path: without blanks and slashes, and not "." or "_index"',
      });
    }
  }
}

// Those that OpenSSH takes today.
const keyTypes: readonly string[] = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
];

// A key's bytes begin with the length and the name of its type (RFC 4253, 6.6).
function isPublicKey(line: string): boolean {
  const [type = '', text = ''] = line.split(' ');
  const bytes = Buffer.from(text, 'base64');
  const name = Buffer.from(type);
  const isWhole = bytes.length > 4 + name.length && bytes.readUInt32BE(0) === name.length;
  if (!keyTypes.includes(type)) return false;
  return isWhole && bytes.subarray(4, 4 + name.length).equals(name);
}

function isPathName(key: string): boolean {
  return !/[ /]/.test(key) && !['.', '..', '_index'].includes(key);
}

function refuseTwice(names: readonly string[], what: string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new ArgonError('invalid-argument', `two ${what} are called "${twice}"`);
}
