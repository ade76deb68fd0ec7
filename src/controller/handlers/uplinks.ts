// SPDX-License-Identifier: Apache-2.0

// What VPCs say of their uplinks: UplinkDown and why, while the device of one is not there.

import type { Condition } from '../../api/generated/argon/v1/common.ts';
import type { Vpc } from '../../api/generated/argon/v1/network-resources.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { UplinkState } from '../../card/bus/interfaces.ts';
import type { UplinkAbsence } from '../model.ts';
import { idOf } from './network-words.ts';

/** Who makes the devices of uplinks. */
export interface UplinkMaker {
  uplinks(scope: Cancellable): Promise<readonly UplinkState[] | UplinkAbsence>;
}

const absences: Readonly<Record<UplinkAbsence, readonly [reason: string, message: string]>> = {
  'not-allowed': [
    'NotAllowed',
    'The host was started without uplinks: argon down, then argon up --allow-uplink.',
  ],
  'no-card': [
    'NoCard',
    'The network card of the host does not run: it starts with the first interface of an ' +
      'instance that runs.',
  ],
  silent: ['CardSilent', 'The network card of the host does not answer now.'],
};
const notYet = ['PolicyNotInForce', 'The network card of the host does not have it yet.'] as const;
// Of a condition, as the schema has it.
const messageMax = 1_024;

/** The same VPCs with what is true of their uplinks. */
export async function withUplinkStates(
  vpcs: readonly Vpc[],
  maker: UplinkMaker,
  scope: Cancellable,
): Promise<readonly Vpc[]> {
  if (vpcs.every(({ uplink }) => uplink === undefined)) return vpcs;
  const states = await maker.uplinks(scope);
  return vpcs.map((vpc) => {
    if (vpc.uplink === undefined) return vpc;
    return { ...vpc, conditions: conditionsOf(idOf(vpc.name), states) };
  });
}

function conditionsOf(
  id: string,
  states: readonly UplinkState[] | UplinkAbsence,
): readonly Condition[] {
  if (typeof states === 'string') return [conditionOf(absences[states])];
  const state = states.find(({ vpc }) => vpc === id);
  if (state === undefined) return [conditionOf(notYet)];
  const { trouble, sinceMs } = state;
  if (trouble === '') return [];
  const message = `Its device is not there, and is tried again: ${trouble}`;
  return [conditionOf(['DeviceFailed', message], new Date(sinceMs))];
}

function conditionOf([reason, text]: readonly [string, string], changeTime?: Date): Condition {
  const message = text.slice(0, messageMax);
  return { type: 'UplinkDown', isTrue: true, reason, message, changeTime };
}
