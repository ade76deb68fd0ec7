// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { updateHostRequestType } from '../../../../src/api/generated/argon/v1/host.ts';
import {
  type Volume,
  volumeCipherType,
  volumeStateType,
  volumeType,
} from '../../../../src/api/generated/argon/v1/volumes.ts';
import { documentOf, shortEnumValue, shortEnumValues } from '../../../../src/cli/document/write.ts';

const volume: Volume = createMessage<Volume>(volumeType, {
  name: 'volumes/vol00000000000000001',
  sizeBytes: 4096n,
  state: 'VOLUME_STATE_IN_USE',
  createTime: new Date(0),
  limits: { totalBytes: { perSecond: 2n ** 63n, burst: 0n } },
  conditions: [{ type: 'FilesThere', isTrue: true }],
});

describe('documentOf()', () => {
  it('names fields and enum values as people write them', () => {
    expect(documentOf(volumeType, volume)).toEqual({
      name: 'volumes/vol00000000000000001',
      display_name: '',
      size_bytes: 4096,
      cipher: 'unspecified',
      state: 'in-use',
      conditions: [{ type: 'FilesThere', is_true: true, reason: '', message: '' }],
      source: '',
      create_time: '1970-01-01T00:00:00.000Z',
      limits: { total_bytes: { per_second: '9223372036854775808', burst: 0 } },
      etag: '',
    });
  });

  it('leaves out what is zero where that is asked for', () => {
    expect(documentOf(volumeType, volume, { isBrief: true })).toEqual({
      name: 'volumes/vol00000000000000001',
      size_bytes: 4096,
      state: 'in-use',
      conditions: [{ type: 'FilesThere', is_true: true }],
      create_time: '1970-01-01T00:00:00.000Z',
      limits: { total_bytes: { per_second: '9223372036854775808' } },
    });
    const empty = {
      ...volume,
      conditions: [],
      limits: { totalBytes: { perSecond: 0n, burst: 0n } },
    };
    expect(Object.keys(documentOf(volumeType, empty, { isBrief: true }))).not.toContain('limits');
  });

  it('writes a field mask as its paths', () => {
    const request = { updateMask: ['limits'], host: {} };
    expect(documentOf(updateHostRequestType, request, { isBrief: true })).toEqual({
      update_mask: ['limits'],
    });
  });
});

describe('shortEnumValue()', () => {
  it('drops what all members begin with', () => {
    expect(shortEnumValue(volumeStateType, 'VOLUME_STATE_IN_USE')).toBe('in-use');
    expect(shortEnumValue(volumeCipherType, 'VOLUME_CIPHER_AES_256_XTS')).toBe('aes-256-xts');
  });

  it('has no word for the member that stands for nothing', () => {
    expect(shortEnumValues(volumeCipherType)).toEqual(['aes-256-xts', 'none']);
  });
});
