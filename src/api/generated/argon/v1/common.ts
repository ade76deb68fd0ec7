// Written from argon/v1/common.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../schema.ts';

/** One thing that is true of a resource now, for people and for programs that wait for it. */
export interface Condition {
  /** In TitleCase, as in "DriverReady". */
  readonly type: string;
  readonly isTrue: boolean;
  /** Why, in TitleCase. */
  readonly reason: string;
  /** A sentence. */
  readonly message: string;
  readonly changeTime?: Date | undefined;
}

export const conditionType: MessageType<Condition> = messageType('argon.v1.Condition', [
  { name: 'type', property: 'type', number: 1, kind: 'string', rules: { pattern: /^[A-Z][A-Za-z]{0,62}$/u } },
  { name: 'is_true', property: 'isTrue', number: 2, kind: 'bool' },
  { name: 'reason', property: 'reason', number: 3, kind: 'string', rules: { pattern: /^([A-Z][A-Za-z]{0,62})?$/u } },
  { name: 'message', property: 'message', number: 4, kind: 'string', rules: { maxLength: 1024 } },
  { name: 'change_time', property: 'changeTime', number: 5, kind: 'timestamp', hasPresence: true },
]);

/** A rate, and how much may come at once after a pause. A rate of 0 is no limit. */
export interface Rate {
  readonly perSecond: bigint;
  readonly burst: bigint;
}

export const rateType: MessageType<Rate> = messageType('argon.v1.Rate', [
  { name: 'per_second', property: 'perSecond', number: 1, kind: 'uint64' },
  { name: 'burst', property: 'burst', number: 2, kind: 'uint64' },
]);

/** Limits of block I/O. Operations are counted in units of 256 KiB (claim G16). */
export interface BlockLimits {
  readonly readOperations?: Rate | undefined;
  readonly writeOperations?: Rate | undefined;
  readonly totalOperations?: Rate | undefined;
  readonly readBytes?: Rate | undefined;
  readonly writeBytes?: Rate | undefined;
  readonly totalBytes?: Rate | undefined;
}

export const blockLimitsType: MessageType<BlockLimits> = messageType('argon.v1.BlockLimits', [
  { name: 'read_operations', property: 'readOperations', number: 1, kind: 'message', type: rateType, hasPresence: true },
  { name: 'write_operations', property: 'writeOperations', number: 2, kind: 'message', type: rateType, hasPresence: true },
  { name: 'total_operations', property: 'totalOperations', number: 3, kind: 'message', type: rateType, hasPresence: true },
  { name: 'read_bytes', property: 'readBytes', number: 4, kind: 'message', type: rateType, hasPresence: true },
  { name: 'write_bytes', property: 'writeBytes', number: 5, kind: 'message', type: rateType, hasPresence: true },
  { name: 'total_bytes', property: 'totalBytes', number: 6, kind: 'message', type: rateType, hasPresence: true },
]);
