// SPDX-License-Identifier: Apache-2.0

// Names of enum members on the bus, by the words that the code has for them.

import { ArgonError } from '../../base/errors.ts';

export const pollModes = {
  off: 'POLL_MODE_OFF',
  adaptive: 'POLL_MODE_ADAPTIVE',
  always: 'POLL_MODE_ALWAYS',
} as const;

export const memoryPolicies = {
  sealed: 'MEMORY_POLICY_SEALED',
  any: 'MEMORY_POLICY_ANY',
} as const;

export const cachings = { auto: 'CACHING_AUTO', cached: 'CACHING_CACHED' } as const;

export const limitScopes = {
  host: 'LIMIT_SCOPE_HOST',
  guest: 'LIMIT_SCOPE_GUEST',
  volume: 'LIMIT_SCOPE_VOLUME',
} as const;

export const faultLayers = { device: 'FAULT_LAYER_DEVICE', disk: 'FAULT_LAYER_DISK' } as const;

export const faultActions = {
  error: 'FAULT_ACTION_ERROR',
  'no-space': 'FAULT_ACTION_NO_SPACE',
  delay: 'FAULT_ACTION_DELAY',
  hang: 'FAULT_ACTION_HANG',
  short: 'FAULT_ACTION_SHORT',
  torn: 'FAULT_ACTION_TORN',
  flip: 'FAULT_ACTION_FLIP',
  'lose-flush': 'FAULT_ACTION_LOSE_FLUSH',
} as const;

export const delayShapes = {
  fixed: 'DELAY_SHAPE_FIXED',
  uniform: 'DELAY_SHAPE_UNIFORM',
  exponential: 'DELAY_SHAPE_EXPONENTIAL',
  normal: 'DELAY_SHAPE_NORMAL',
} as const;

/**
 * The word for a member of an enum.
 * @throws ArgonError invalid-argument if there is none, as for a value that is not specified.
 */
export function wordOf<Word extends string>(
  names: Readonly<Record<Word, string>>,
  member: string,
): Word {
  const isWord = (key: string): key is Word => Object.hasOwn(names, key);
  const word = Object.keys(names)
    .filter(isWord)
    .find((key) => names[key] === member);
  if (word === undefined) throw new ArgonError('invalid-argument', `the bus has no ${member}`);
  return word;
}
