// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import {
  describeMetadata,
  parseMetadataOptions,
} from '../../../../src/controller/handlers/metadata-words.ts';
import { defaultMetadata } from '../../../../src/controller/model.ts';
import { sampleInstance } from '../samples.ts';

const others = {
  endpoint: 'disabled',
  tokens: 'optional',
  tokenHopLimit: 64,
  hasTags: true,
} as const;

describe('the words of metadata', () => {
  it.each([defaultMetadata, others])('are read as they are written: %j', (metadata) => {
    const { metadataOptions } = describeMetadata(sampleInstance(1, { metadata }));
    expect(parseMetadataOptions(metadataOptions)).toEqual(metadata);
  });

  it('are the defaults where nothing is said', () => {
    expect(parseMetadataOptions(undefined)).toEqual(defaultMetadata);
    expect(
      parseMetadataOptions({
        httpEndpoint: 'METADATA_SWITCH_UNSPECIFIED',
        httpTokens: 'METADATA_TOKENS_UNSPECIFIED',
        httpPutResponseHopLimit: 0,
        instanceMetadataTags: 'METADATA_SWITCH_UNSPECIFIED',
      }),
    ).toEqual(defaultMetadata);
  });

  it('have the digest of user data and not the data', () => {
    const userData = Buffer.from('password: x');

    const described = describeMetadata(sampleInstance(1, { userData }));

    expect(described.userDataSha256).toBe(createHash('sha256').update(userData).digest('hex'));
    expect(described).not.toHaveProperty('userData');
    expect(describeMetadata(sampleInstance()).userDataSha256).toBe('');
  });
});
