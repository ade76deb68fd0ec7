// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { shortEnumWord } from '../../../src/api/enum-words.ts';

describe('shortEnumWord()', () => {
  it.each([
    ['argon.v1.VolumeState', 'VOLUME_STATE_IN_USE', 'in-use'],
    ['argon.v1.VolumeCipher', 'VOLUME_CIPHER_AES_256_XTS', 'aes-256-xts'],
    ['Kind', 'KIND_NONE', 'none'],
    ['argon.v1.VolumeState', 'OTHER_STATE', 'other-state'],
  ])('spells the member of %s named %s as %s', (name, member, word) => {
    expect(shortEnumWord(name, member)).toBe(word);
  });
});
