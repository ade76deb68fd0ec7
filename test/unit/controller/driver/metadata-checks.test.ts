// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { checkMetadata } from '../../../../src/controller/driver/metadata-checks.ts';
import { defaultMetadata } from '../../../../src/controller/model.ts';
import { sampleKey } from '../samples.ts';

const plain = { publicKeys: [], tags: [], metadata: defaultMetadata };
const shown = { ...defaultMetadata, hasTags: true };

function check(changes: Partial<Parameters<typeof checkMetadata>[0]>): void {
  checkMetadata({ ...plain, ...changes });
}

describe('checkMetadata()', () => {
  it('takes keys of OpenSSH, and tags that a guest is not shown', () => {
    const checks = (): void => {
      check(many);
      check({ tags: [{ key: 'team:name', value: 'x' }], metadata: shown });
    };
    const many = {
      publicKeys: [
        { name: 'a', key: sampleKey('ssh-ed25519') },
        { name: 'b', key: `${sampleKey('ecdsa-sha2-nistp256')} somebody at home` },
      ],
      tags: [
        { key: 'team name', value: '' },
        { key: 'a/b', value: 'c' },
      ],
    };

    expect(checks).not.toThrow();
  });

  it.each([
    ['the bytes of another type', 'ssh-rsa', 'ssh-ed25519'],
    ['no more than its type', 'ssh-rsa', ''],
    ['a type of yesterday', 'ssh-dss', 'ssh-dss'],
  ])('refuses a key with %s', (_what, type, inner) => {
    const [, bytes = ''] = sampleKey(inner).split(' ');
    const short = Buffer.from('\0\0\0\x07ssh-rsa').toString('base64');
    const key = `${type} ${inner === '' ? short : bytes}`;

    expect(() => {
      check({ publicKeys: [{ name: 'a', key }] });
    }).toThrow('the public key "a" is none of OpenSSH');
  });

  it.each([
    [[{ key: 'a', value: '1' }].concat({ key: 'a', value: '2' }), 'two tags are called "a"'],
    [[{ key: 'AWS:x', value: '' }], 'begins with "aws:"'],
  ])('refuses the tags %j', (tags, message) => {
    expect(() => {
      check({ tags });
    }).toThrow(message);
  });

  it.each(['a b', 'a/b', '.', '..', '_index'])('refuses to show the tag %j', (key) => {
    check({ tags: [{ key, value: '' }] });
    expect(() => {
      check({ tags: [{ key, value: '' }], metadata: shown });
    }).toThrow('cannot be shown');
  });

  it('refuses two keys of one name', () => {
    const key = { name: 'a', key: sampleKey('ssh-ed25519') };
    expect(() => {
      check({ publicKeys: [key, key] });
    }).toThrow('two public keys are called "a"');
  });
});
