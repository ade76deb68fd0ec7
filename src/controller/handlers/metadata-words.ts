// SPDX-License-Identifier: Apache-2.0

// The words of the management API for what an instance tells its guest, and back.

import { createHash } from 'node:crypto';

import type {
  Instance as ApiInstance,
  MetadataOptions,
} from '../../api/generated/argon/v1/instances.ts';
import { defaultMetadata, type Instance, type MetadataSettings } from '../model.ts';

/** What is not said has its default. */
export function parseMetadataOptions(options: MetadataOptions | undefined): MetadataSettings {
  if (options === undefined) return defaultMetadata;
  const { httpEndpoint, httpTokens, httpPutResponseHopLimit, instanceMetadataTags } = options;
  return {
    endpoint: httpEndpoint === 'METADATA_SWITCH_DISABLED' ? 'disabled' : 'enabled',
    tokens: httpTokens === 'METADATA_TOKENS_OPTIONAL' ? 'optional' : 'required',
    tokenHopLimit: httpPutResponseHopLimit || defaultMetadata.tokenHopLimit,
    hasTags: instanceMetadataTags === 'METADATA_SWITCH_ENABLED',
  };
}

type MetadataFields = Pick<
  ApiInstance,
  'userDataSha256' | 'publicKeys' | 'tags' | 'metadataOptions'
>;

/** Of user data the digest alone. */
export function describeMetadata(instance: Instance): MetadataFields {
  const { userData, publicKeys, tags, metadata } = instance;
  return {
    userDataSha256:
      userData.length === 0 ? '' : createHash('sha256').update(userData).digest('hex'),
    publicKeys,
    tags,
    metadataOptions: {
      httpEndpoint:
        metadata.endpoint === 'enabled' ? 'METADATA_SWITCH_ENABLED' : 'METADATA_SWITCH_DISABLED',
      httpTokens:
        metadata.tokens === 'required' ? 'METADATA_TOKENS_REQUIRED' : 'METADATA_TOKENS_OPTIONAL',
      httpPutResponseHopLimit: metadata.tokenHopLimit,
      instanceMetadataTags: metadata.hasTags
        ? 'METADATA_SWITCH_ENABLED'
        : 'METADATA_SWITCH_DISABLED',
    },
  };
}
