// SPDX-License-Identifier: Apache-2.0

import { createHash } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { type Instance, instanceType } from '../../../../src/api/generated/argon/v1/instances.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { metadataChanges, refuseOtherMetadata } from '../../../../src/cli/lab/apply-metadata.ts';

const data = Buffer.from('#!/bin/sh');

function onHost(fields: Init<Instance>): Instance {
  return createMessage<Instance>(instanceType, fields);
}

const current = onHost({
  userDataSha256: createHash('sha256').update(data).digest('hex'),
  publicKeys: [{ name: 'a', key: 'ssh-ed25519 AAAAAAAAAAAAAAAAAAAA' }],
  tags: [{ key: 'role', value: 'web' }],
  metadataOptions: {
    httpEndpoint: 'METADATA_SWITCH_ENABLED',
    httpTokens: 'METADATA_TOKENS_REQUIRED',
    httpPutResponseHopLimit: 1,
    instanceMetadataTags: 'METADATA_SWITCH_DISABLED',
  },
});

describe('an instance of a lab file', () => {
  it('is the same as on the host', () => {
    const { publicKeys, tags } = current;
    const fields = { userData: data, publicKeys, tags, metadataOptions: {} };

    refuseOtherMetadata(fields, current);
    expect(metadataChanges(fields, current)).toEqual({});
    refuseOtherMetadata({}, current);
    expect(metadataChanges({}, current)).toEqual({});
    refuseOtherMetadata({ userData: Buffer.alloc(0) }, onHost({}));
  });

  it('gets other tags and options', () => {
    const tags = [{ key: 'role', value: 'db' }];
    const metadataOptions = { httpTokens: 'METADATA_TOKENS_OPTIONAL' } as const;

    expect(metadataChanges({ tags }, current)).toEqual({ tags });
    expect(metadataChanges({ tags: [] }, current)).toEqual({ tags: [] });
    expect(metadataChanges({ metadataOptions }, current)).toEqual({ metadataOptions });
    expect(metadataChanges({ metadataOptions }, onHost({ metadataOptions }))).toEqual({});
  });

  it('keeps its user data, which no message has, and its keys', () => {
    expect(() => {
      refuseOtherMetadata({ userData: Buffer.from('password') }, current);
    }).toThrow(/^user_data_sha256 is [0-9a-f]{64} on the host$/);
    expect(() => {
      refuseOtherMetadata({ publicKeys: [] }, current);
    }).toThrow('public_keys is');
  });
});
