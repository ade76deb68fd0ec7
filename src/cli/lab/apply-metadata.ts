// SPDX-License-Identifier: Apache-2.0

// What an instance of a lab file tells its guest beside what the host has: tags and options are
// changed, user data and keys are for the first boot and stay.

import { createHash } from 'node:crypto';

import { createMessage } from '../../api/codec.ts';
import {
  type Instance,
  type MetadataOptions,
  metadataOptionsType,
  publicKeyType,
  tagType,
} from '../../api/generated/argon/v1/instances.ts';
import type { AnyMessageType, Init } from '../../api/schema.ts';
import { documentOf } from '../document/write.ts';
import { refuseOther } from './labels.ts';

/** @throws ArgonError failed-precondition where user data or keys are to be others. */
export function refuseOtherMetadata(fields: Init<Instance>, current: Instance): void {
  const { userData, publicKeys } = fields;
  if (userData !== undefined) {
    // An answer has the digest alone, and so has what people are told here.
    const digest = userData.length === 0 ? '' : createHash('sha256').update(userData).digest('hex');
    refuseOther('user_data_sha256', digest, current.userDataSha256);
  }
  if (publicKeys === undefined) return;
  const [wanted, there] = [publicKeys, current.publicKeys].map((keys) => text(publicKeyType, keys));
  refuseOther('public_keys', wanted, there ?? '');
}

/** Tags and options that the file has and that are others on the host. */
export function metadataChanges(fields: Init<Instance>, current: Instance): Init<Instance> {
  const { tags, metadataOptions } = fields;
  const hasTags = tags !== undefined && text(tagType, tags) !== text(tagType, current.tags);
  const hasOptions =
    metadataOptions !== undefined &&
    optionsText(metadataOptions) !== optionsText(current.metadataOptions ?? {});
  return { ...(hasTags ? { tags } : {}), ...(hasOptions ? { metadataOptions } : {}) };
}

// With the defaults for what is not said, as the host has them.
function optionsText(options: Init<MetadataOptions>): string {
  const { httpEndpoint, httpTokens, httpPutResponseHopLimit, instanceMetadataTags } =
    createMessage<MetadataOptions>(metadataOptionsType, options);
  return [
    httpEndpoint !== 'METADATA_SWITCH_DISABLED',
    httpTokens !== 'METADATA_TOKENS_OPTIONAL',
    httpPutResponseHopLimit || 1,
    instanceMetadataTags === 'METADATA_SWITCH_ENABLED',
  ].join();
}

function text(type: AnyMessageType, list: readonly object[]): string {
  return JSON.stringify(list.map((item) => documentOf(type, item, { isBrief: true })));
}
