// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';

import { type Brand, brand } from './brand.ts';
import { ArgonError } from './errors.ts';
import { textOf } from './text-of.ts';

/** `i-` and 17 lower-case hex digits. */
export type InstanceId = Brand<string, 'InstanceId'>;

export function isInstanceId(text: unknown): text is InstanceId {
  return typeof text === 'string' && /^i-[0-9a-f]{17}$/.test(text);
}

/** @throws ArgonError invalid-argument, naming the text. */
export function parseInstanceId(text: unknown): InstanceId {
  if (!isInstanceId(text)) {
    throw new ArgonError('invalid-argument', `"${textOf(text)}" is not an instance id`, {
      hint: 'an instance id is "i-" and 17 hex digits; argon instance list shows those there are',
    });
  }
  return text;
}

/** A new id; 68 random bits. */
export function createInstanceId(): InstanceId {
  return brand<InstanceId>(`i-${randomBytes(9).toString('hex').slice(0, 17)}`);
}
