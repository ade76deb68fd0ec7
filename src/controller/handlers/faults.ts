// SPDX-License-Identifier: Apache-2.0

import type {
  FaultAction as ApiFaultAction,
  DelayShape,
  Fault,
  FaultOperation,
} from '../../api/generated/argon/v1/faults.ts';
import { ArgonError } from '../../base/errors.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { FaultAction, FaultDelay, FaultRule, FaultState } from '../../native/addons.ts';
import type { FaultDriver } from '../driver/faults.ts';
import type { HandlersOf } from './handler.ts';
import { parseVolumeName, present } from './words.ts';

/** The methods of the service Faults. */
export function faultHandlers(faults: FaultDriver): HandlersOf<'Faults'> {
  return {
    'Faults.CreateFault': async ({ volume: name, fault, requestId, validateOnly }, scope) => {
      const volume = parseVolumeName(name);
      const rule = parseFault(present(fault, 'fault'));
      const request = { requestId, isValidateOnly: validateOnly, volume, rule };
      return describeFault(volume, await faults.create(request, scope));
    },
    'Faults.ListFaults': async ({ volume: name }, scope) => {
      const volume = parseVolumeName(name);
      const states = await faults.list(volume, scope);
      return { faults: states.map((state) => describeFault(volume, state)) };
    },
    'Faults.DeleteFault': async ({ name, requestId, validateOnly }, scope) => {
      const [, volume = '', , fault] = name.split('/');
      const request = { requestId, isValidateOnly: validateOnly, fault: Number(fault) };
      await faults.delete({ ...request, volume: parseVolumeName(volume) }, scope);
      return {};
    },
    'Faults.ReleaseFaults': async ({ volume }, scope) => {
      await faults.release(parseVolumeName(volume), scope);
      return {};
    },
  };
}

// The bits of FaultRule.operations.
const operationBits: Readonly<Record<FaultOperation, number>> = {
  FAULT_OPERATION_UNSPECIFIED: 0,
  FAULT_OPERATION_READ: 1,
  FAULT_OPERATION_WRITE: 2,
  FAULT_OPERATION_FLUSH: 4,
  FAULT_OPERATION_DISCARD: 8,
  FAULT_OPERATION_WRITE_ZEROES: 16,
};

const operations: readonly FaultOperation[] = [
  'FAULT_OPERATION_READ',
  'FAULT_OPERATION_WRITE',
  'FAULT_OPERATION_FLUSH',
  'FAULT_OPERATION_DISCARD',
  'FAULT_OPERATION_WRITE_ZEROES',
];

const actionWords: Readonly<Record<FaultAction, ApiFaultAction>> = {
  error: 'FAULT_ACTION_ERROR',
  'no-space': 'FAULT_ACTION_NO_SPACE',
  delay: 'FAULT_ACTION_DELAY',
  hang: 'FAULT_ACTION_HANG',
  short: 'FAULT_ACTION_SHORT',
  torn: 'FAULT_ACTION_TORN',
  flip: 'FAULT_ACTION_FLIP',
  'lose-flush': 'FAULT_ACTION_LOSE_FLUSH',
};

const shapeWords: Readonly<Record<FaultDelay['shape'], DelayShape>> = {
  fixed: 'DELAY_SHAPE_FIXED',
  uniform: 'DELAY_SHAPE_UNIFORM',
  exponential: 'DELAY_SHAPE_EXPONENTIAL',
  normal: 'DELAY_SHAPE_NORMAL',
};

// A rule that ends at 0 ends with the volume, which a card calls the last byte there can be.
const lastByte = 2n ** 64n - 1n;

// The word of ours that the API has another for.
function wordFor<Word extends string>(
  words: Readonly<Record<Word, string>>,
  wanted: string,
): Word | undefined {
  for (const word in words) if (words[word] === wanted) return word;
  return undefined;
}

/** @throws ArgonError invalid-argument for what the schema cannot say. */
export function parseFault(fault: Fault): FaultRule {
  const bits = fault.operations.reduce((sum, name) => sum | operationBits[name], 0);
  const action = wordFor(actionWords, fault.action);
  if (bits === 0 || action === undefined) {
    throw new ArgonError('invalid-argument', 'a fault is for some operation and does something');
  }
  const { delay } = fault;
  if ((action === 'delay') !== (delay !== undefined)) {
    throw new ArgonError('invalid-argument', 'a delay, and nothing else, says how long');
  }
  return {
    layer: fault.layer === 'FAULT_LAYER_DISK' ? 'disk' : 'device',
    operations: bits,
    firstByte: fault.firstByte,
    endByte: fault.endByte === 0n ? lastByte : fault.endByte,
    nth: fault.nth,
    every: fault.every,
    times: fault.times,
    chancePpm: fault.chancePpm === 0 ? 1_000_000 : fault.chancePpm,
    action,
    delay: {
      shape: wordFor(shapeWords, delay?.shape ?? 'DELAY_SHAPE_FIXED') ?? 'fixed',
      baseNs: delay?.baseNs ?? 0n,
      spreadNs: delay?.spreadNs ?? 0n,
    },
  };
}

export function describeFault(volume: VolumeId, { id, rule, matches, hits }: FaultState): Fault {
  return {
    name: id === 0 ? '' : `volumes/${volume}/faults/${id}`,
    layer: rule.layer === 'disk' ? 'FAULT_LAYER_DISK' : 'FAULT_LAYER_DEVICE',
    operations: operations.filter((name) => (rule.operations & operationBits[name]) !== 0),
    firstByte: rule.firstByte,
    endByte: rule.endByte === lastByte ? 0n : rule.endByte,
    nth: rule.nth,
    every: rule.every,
    times: rule.times,
    chancePpm: rule.chancePpm === 1_000_000 ? 0 : rule.chancePpm,
    action: actionWords[rule.action],
    delay:
      rule.action === 'delay' ? { ...rule.delay, shape: shapeWords[rule.delay.shape] } : undefined,
    matches,
    hits,
  };
}
