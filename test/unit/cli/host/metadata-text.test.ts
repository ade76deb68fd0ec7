// SPDX-License-Identifier: Apache-2.0

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  changeMetadataOptions,
  metadataReaders,
  parseTags,
} from '../../../../src/cli/host/metadata-text.ts';
import { createTempDir } from '../../temp-dir.ts';

describe('metadataReaders()', () => {
  it('have user data and keys of files', async () => {
    await using dir = await createTempDir();
    const [data, key] = ['data', 'key.pub'].map((name) => join(dir.path, name));
    if (data === undefined || key === undefined) throw new Error('no paths');
    await writeFile(data, Buffer.from([35, 33, 255]));
    await writeFile(key, 'ssh-ed25519 AAAA me\n');
    const { user_data: readData, public_keys: readKeys } = metadataReaders();

    expect(await readData?.(data)).toEqual(new Uint8Array([35, 33, 255]));
    expect(await readKeys?.(`a=${key}\nb=${key}`)).toEqual([
      { name: 'a', key: 'ssh-ed25519 AAAA me' },
      { name: 'b', key: 'ssh-ed25519 AAAA me' },
    ]);
    await expect(readKeys?.(`a=${dir.path}/none`)).rejects.toMatchObject({ code: 'not-found' });
    await expect(readKeys?.(key)).rejects.toThrow('has no name and value');
  });

  it('refuse a private key', async () => {
    await using dir = await createTempDir();
    const path = join(dir.path, 'id');
    await writeFile(path, '-----BEGIN OPENSSH PRIVATE KEY-----\n');

    await expect(metadataReaders()['public_keys']?.(`a=${path}`)).rejects.toThrow('private key');
  });
});

describe('parseTags()', () => {
  it('has a tag a line, whose value may have anything', () => {
    expect(parseTags('role=web, a=b\nempty=')).toEqual([
      { key: 'role', value: 'web, a=b' },
      { key: 'empty', value: '' },
    ]);
    expect(parseTags('none')).toEqual([]);
    expect(() => parseTags('=x')).toThrow('has no name and value');
  });
});

describe('changeMetadataOptions()', () => {
  const current = {
    httpEndpoint: 'METADATA_SWITCH_ENABLED',
    httpTokens: 'METADATA_TOKENS_REQUIRED',
    httpPutResponseHopLimit: 1,
    instanceMetadataTags: 'METADATA_SWITCH_DISABLED',
  } as const;

  it('changes what is named and leaves the rest', () => {
    expect(changeMetadataOptions(current, 'tokens=optional,hop-limit=64')).toEqual({
      ...current,
      httpTokens: 'METADATA_TOKENS_OPTIONAL',
      httpPutResponseHopLimit: 64,
    });
    expect(changeMetadataOptions(undefined, 'endpoint=disabled,tags=enabled')).toEqual({
      httpEndpoint: 'METADATA_SWITCH_DISABLED',
      instanceMetadataTags: 'METADATA_SWITCH_ENABLED',
    });
  });

  it.each([
    ['token=optional', 'no option "token"'],
    ['tokens=maybe', 'tokens'],
    ['hop-limit=0', 'hop-limit'],
    ['hop-limit=65', 'hop-limit'],
    ['endpoint', 'has no name and value'],
  ])('refuses %s', (text, message) => {
    expect(() => changeMetadataOptions(current, text)).toThrow(message);
  });
});
