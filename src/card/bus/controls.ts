// SPDX-License-Identifier: Apache-2.0

// Limits and faults as they go over the card bus, and as native code takes them.

import type {
  FaultRule as FaultRuleMessage,
  FaultState as FaultStateMessage,
  Limit as LimitMessage,
  SetLimits,
} from '../../api/generated/argon/card/v1/card-bus.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import type { FaultRule, FaultState, Limit, LimitScope, LimitSet } from '../../native/addons.ts';
import { delayShapes, faultActions, faultLayers, limitScopes, wordOf } from './words.ts';

/** Limits of a level: of the host, of a guest or of a volume. */
export interface LevelLimits {
  readonly scope: LimitScope;
  /** The guest's or the volume's; empty for the host. */
  readonly name: string;
  readonly limits: LimitSet;
}

export function limitsToWire({ scope, name, limits }: LevelLimits): Init<SetLimits> {
  return { scope: limitScopes[scope], name, ...limits };
}

/** @throws ArgonError invalid-argument, as the others here. */
export function limitsFromWire(message: SetLimits): LevelLimits {
  return {
    scope: wordOf(limitScopes, message.scope),
    name: message.name,
    limits: {
      readOperations: limitOf(message.readOperations),
      writeOperations: limitOf(message.writeOperations),
      totalOperations: limitOf(message.totalOperations),
      readBytes: limitOf(message.readBytes),
      writeBytes: limitOf(message.writeBytes),
      totalBytes: limitOf(message.totalBytes),
    },
  };
}

function limitOf(limit: LimitMessage | undefined): Limit {
  return present(limit, 'a limit');
}

/** What the schema requires; its types cannot say so. */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new ArgonError('invalid-argument', `${what} is missing`);
  return value;
}

export function faultToWire({
  layer,
  action,
  delay,
  ...counts
}: FaultRule): Init<FaultRuleMessage> {
  return {
    ...counts,
    layer: faultLayers[layer],
    action: faultActions[action],
    delayShape: delayShapes[delay.shape],
    delayBaseNs: delay.baseNs,
    delaySpreadNs: delay.spreadNs,
  };
}

export function faultFromWire(message: FaultRuleMessage): FaultRule {
  const { layer, action, delayShape, delayBaseNs, delaySpreadNs, ...counts } = message;
  return {
    ...counts,
    layer: wordOf(faultLayers, layer),
    action: wordOf(faultActions, action),
    delay: {
      shape: wordOf(delayShapes, delayShape),
      baseNs: delayBaseNs,
      spreadNs: delaySpreadNs,
    },
  };
}

export function faultStateToWire({ rule, ...state }: FaultState): Init<FaultStateMessage> {
  return { ...state, rule: faultToWire(rule) };
}

export function faultStateFromWire({ rule, ...state }: FaultStateMessage): FaultState {
  return { ...state, rule: faultFromWire(present(rule, 'the rule of a fault')) };
}
