// SPDX-License-Identifier: Apache-2.0

// Limits and faults as operators write them (docs/faults.md has the words), as the API has them.

import type { BlockLimits } from '../../api/generated/argon/v1/common.ts';
import type {
  DelayShape,
  Fault,
  FaultAction,
  FaultOperation,
} from '../../api/generated/argon/v1/faults.ts';
import type { Init } from '../../api/schema.ts';
import { ArgonError } from '../../base/errors.ts';
import { formatFaultRule, parseFaultRule } from '../../card/fault-spec.ts';
import { formatLimits, limitNames, noLimits, parseLimitChanges } from '../../card/limit-spec.ts';
import type { FaultDelay, FaultAction as RuleAction } from '../../native/addons.ts';

/**
 * The limits there are with what a text changes of them: `iops=1000,bps=100MiB`.
 * @throws ArgonError invalid-argument, naming the part that is wrong.
 */
export function changeLimits(current: BlockLimits | undefined, text: string): BlockLimits {
  const changes = parseLimitChanges(text);
  return Object.fromEntries(
    limitNames.map((name) => [name, changes[name] ?? current?.[name]] as const),
  );
}

/** As changeLimits reads it; `none` if nothing is limited. */
export function limitText(limits: BlockLimits | undefined): string {
  return formatLimits({ ...noLimits(), ...onlySet(limits ?? {}) });
}

/** A fault from `error:op=read,range=1MiB-2MiB,nth=3`. */
export function parseFault(text: string): Init<Fault> {
  const rule = parseFaultRule(text);
  return {
    layer: rule.layer === 'device' ? 'FAULT_LAYER_DEVICE' : 'FAULT_LAYER_DISK',
    operations: operations
      .filter(({ bit }) => (rule.operations & bit) !== 0)
      .map(({ operation }) => operation),
    firstByte: rule.firstByte,
    endByte: rule.endByte === endOfAll ? 0n : rule.endByte,
    nth: rule.nth,
    every: rule.every,
    times: rule.times,
    chancePpm: rule.chancePpm,
    action: actions[rule.action],
    ...(rule.action === 'delay' ? { delay: delayOf(rule.delay) } : {}),
  };
}

/** As parseFault reads it. */
export function faultText(fault: Fault): string {
  const action = Object.entries(actions).find(([, value]) => value === fault.action)?.[0];
  const rule = {
    layer: fault.layer === 'FAULT_LAYER_DISK' ? ('disk' as const) : ('device' as const),
    operations: operations
      .filter(({ operation }) => fault.operations.includes(operation))
      .reduce((bits, { bit }) => bits | bit, 0),
    firstByte: fault.firstByte,
    endByte: fault.endByte === 0n ? endOfAll : fault.endByte,
    nth: fault.nth,
    every: fault.every,
    times: fault.times,
    chancePpm: fault.chancePpm === 0 ? million : fault.chancePpm,
    action: actionNamed(action),
    delay: {
      shape: shapeNames[fault.delay?.shape ?? 'DELAY_SHAPE_FIXED'],
      baseNs: fault.delay?.baseNs ?? 0n,
      spreadNs: fault.delay?.spreadNs ?? 0n,
    },
  };
  return formatFaultRule(rule);
}

// As fault-spec.ts has them; the API says 0 for both.
const endOfAll = 2n ** 64n - 1n;
const million = 1_000_000;

const operations: readonly { readonly bit: number; readonly operation: FaultOperation }[] = [
  { bit: 1, operation: 'FAULT_OPERATION_READ' },
  { bit: 2, operation: 'FAULT_OPERATION_WRITE' },
  { bit: 4, operation: 'FAULT_OPERATION_FLUSH' },
  { bit: 8, operation: 'FAULT_OPERATION_DISCARD' },
  { bit: 16, operation: 'FAULT_OPERATION_WRITE_ZEROES' },
];

const actions: Readonly<Record<RuleAction, FaultAction>> = {
  error: 'FAULT_ACTION_ERROR',
  'no-space': 'FAULT_ACTION_NO_SPACE',
  delay: 'FAULT_ACTION_DELAY',
  hang: 'FAULT_ACTION_HANG',
  short: 'FAULT_ACTION_SHORT',
  torn: 'FAULT_ACTION_TORN',
  flip: 'FAULT_ACTION_FLIP',
  'lose-flush': 'FAULT_ACTION_LOSE_FLUSH',
};

const shapeNames: Readonly<Record<DelayShape, FaultDelay['shape']>> = {
  DELAY_SHAPE_UNSPECIFIED: 'fixed',
  DELAY_SHAPE_FIXED: 'fixed',
  DELAY_SHAPE_UNIFORM: 'uniform',
  DELAY_SHAPE_EXPONENTIAL: 'exponential',
  DELAY_SHAPE_NORMAL: 'normal',
};

const shapes: Readonly<Record<FaultDelay['shape'], DelayShape>> = {
  fixed: 'DELAY_SHAPE_FIXED',
  uniform: 'DELAY_SHAPE_UNIFORM',
  exponential: 'DELAY_SHAPE_EXPONENTIAL',
  normal: 'DELAY_SHAPE_NORMAL',
};

function delayOf({ shape, baseNs, spreadNs }: FaultDelay): Init<Fault['delay']> {
  return { shape: shapes[shape], baseNs, spreadNs };
}

function isRuleAction(text: string | undefined): text is RuleAction {
  return text !== undefined && Object.hasOwn(actions, text);
}

function actionNamed(text: string | undefined): RuleAction {
  if (isRuleAction(text)) return text;
  throw new ArgonError('internal', 'the host has a fault of an unknown kind');
}

// Properties that are there and undefined would count as limits.
function onlySet(limits: BlockLimits): Partial<ReturnType<typeof noLimits>> {
  return Object.fromEntries(Object.entries(limits).filter(([, rate]) => rate !== undefined));
}
