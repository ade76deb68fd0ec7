// SPDX-License-Identifier: Apache-2.0

// Names of enum members on the bus, by the words that the code has for them.

import { ArgonError } from '../../base/errors.ts';

export const pollModes = {
  off: 'POLL_MODE_OFF',
  adaptive: 'POLL_MODE_ADAPTIVE',
  always: 'POLL_MODE_ALWAYS',
} as const;

export const environments = {
  production: 'HOST_ENVIRONMENT_PRODUCTION',
  test: 'HOST_ENVIRONMENT_TEST',
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

export const traceOutcomes = {
  drop: 'TRACE_OUTCOME_DROP',
  deliver: 'TRACE_OUTCOME_DELIVER',
  answer: 'TRACE_OUTCOME_ANSWER',
  punt: 'TRACE_OUTCOME_PUNT',
  hold: 'TRACE_OUTCOME_HOLD',
} as const;

export const traceStages = {
  connection: 'TRACE_STAGE_CONNECTION',
  'security-groups': 'TRACE_STAGE_SECURITY_GROUPS',
  acl: 'TRACE_STAGE_ACL',
  route: 'TRACE_STAGE_ROUTE',
} as const;

export const traceDirections = {
  in: 'TRACE_DIRECTION_IN',
  out: 'TRACE_DIRECTION_OUT',
} as const;

export const traceTargets = {
  local: 'TRACE_TARGET_LOCAL',
  interface: 'TRACE_TARGET_INTERFACE',
  blackhole: 'TRACE_TARGET_BLACKHOLE',
} as const;

export const captureEnds = {
  frames: 'CAPTURE_END_FRAMES',
  bytes: 'CAPTURE_END_BYTES',
  time: 'CAPTURE_END_TIME',
  stopped: 'CAPTURE_END_STOPPED',
  abandoned: 'CAPTURE_END_ABANDONED',
  'interface-gone': 'CAPTURE_END_INTERFACE_GONE',
  failed: 'CAPTURE_END_FAILED',
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
