// SPDX-License-Identifier: Apache-2.0

// Limits and faults as they go over the card bus. Both sides check what they receive.

import {
  type JsonObject,
  parseArray,
  parseChoice,
  parseInteger,
  parseObject,
  parseString,
} from '../../base/parse.ts';
import type {
  FaultDelay,
  FaultRule,
  FaultState,
  Limit,
  LimitScope,
  LimitSet,
} from '../../native/addons.ts';
import { parseBigint } from './numbers.ts';

/** Limits of a level: of the host, of a guest or of a volume. */
export interface LevelLimits {
  readonly scope: LimitScope;
  /** The guest's or the volume's; empty for the host. */
  readonly name: string;
  readonly limits: LimitSet;
}

const anyOperation = 31; // All bits of FaultRule.operations.

/** @throws ArgonError invalid-argument, as the others here. */
export function parseLevelLimits(object: JsonObject): LevelLimits {
  const limits = parseObject(object['limits'], 'limits');
  const limit = (name: string): Limit => {
    const pair = parseObject(limits[name], name);
    return {
      perSecond: parseBigint(pair['perSecond'], `${name}: perSecond`),
      burst: parseBigint(pair['burst'], `${name}: burst`),
    };
  };
  return {
    scope: parseChoice(object['scope'], 'scope', ['host', 'guest', 'volume']),
    name: parseString(object['name'], 'name'),
    limits: {
      readOperations: limit('readOperations'),
      writeOperations: limit('writeOperations'),
      totalOperations: limit('totalOperations'),
      readBytes: limit('readBytes'),
      writeBytes: limit('writeBytes'),
      totalBytes: limit('totalBytes'),
    },
  };
}

export function parseFaultRule(object: JsonObject): FaultRule {
  const count = (name: string): bigint => parseBigint(object[name], name);
  return {
    layer: parseChoice(object['layer'], 'layer', ['device', 'disk']),
    operations: parseInteger(object['operations'], 'operations', { min: 1, max: anyOperation }),
    firstByte: count('firstByte'),
    endByte: count('endByte'),
    nth: count('nth'),
    every: count('every'),
    times: count('times'),
    chancePpm: parseInteger(object['chancePpm'], 'chancePpm', { min: 0, max: 1_000_000 }),
    action: parseChoice(object['action'], 'action', [
      'error',
      'no-space',
      'delay',
      'hang',
      'short',
      'torn',
      'flip',
      'lose-flush',
    ]),
    delay: parseDelay(parseObject(object['delay'], 'delay')),
  };
}

export function parseFaultStates(value: unknown): readonly FaultState[] {
  return parseArray(value, 'faults').map((entry) => {
    const state = parseObject(entry, 'a fault');
    return {
      id: parseInteger(state['id'], 'the id of a fault', { min: 1, max: 2 ** 32 - 1 }),
      rule: parseFaultRule(parseObject(state['rule'], 'the rule of a fault')),
      matches: parseBigint(state['matches'], 'matches'),
      hits: parseBigint(state['hits'], 'hits'),
    };
  });
}

function parseDelay(object: JsonObject): FaultDelay {
  return {
    shape: parseChoice(object['shape'], 'shape', ['fixed', 'uniform', 'exponential', 'normal']),
    baseNs: parseBigint(object['baseNs'], 'baseNs'),
    spreadNs: parseBigint(object['spreadNs'], 'spreadNs'),
  };
}
