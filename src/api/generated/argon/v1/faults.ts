// Written from argon/v1/faults.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';

export type FaultLayer =
  | 'FAULT_LAYER_UNSPECIFIED'
  | 'FAULT_LAYER_DEVICE'
  | 'FAULT_LAYER_DISK';

export const faultLayerType: EnumType<FaultLayer> = enumType('argon.v1.FaultLayer', [
  ['FAULT_LAYER_UNSPECIFIED', 0],
  /** What the guest asks for. */
  ['FAULT_LAYER_DEVICE', 1],
  /** What is asked of the file, below encryption. */
  ['FAULT_LAYER_DISK', 2],
]);

export type FaultOperation =
  | 'FAULT_OPERATION_UNSPECIFIED'
  | 'FAULT_OPERATION_READ'
  | 'FAULT_OPERATION_WRITE'
  | 'FAULT_OPERATION_FLUSH'
  | 'FAULT_OPERATION_DISCARD'
  | 'FAULT_OPERATION_WRITE_ZEROES';

export const faultOperationType: EnumType<FaultOperation> = enumType('argon.v1.FaultOperation', [
  ['FAULT_OPERATION_UNSPECIFIED', 0],
  ['FAULT_OPERATION_READ', 1],
  ['FAULT_OPERATION_WRITE', 2],
  ['FAULT_OPERATION_FLUSH', 3],
  ['FAULT_OPERATION_DISCARD', 4],
  ['FAULT_OPERATION_WRITE_ZEROES', 5],
]);

export type FaultAction =
  | 'FAULT_ACTION_UNSPECIFIED'
  | 'FAULT_ACTION_ERROR'
  | 'FAULT_ACTION_NO_SPACE'
  | 'FAULT_ACTION_DELAY'
  | 'FAULT_ACTION_HANG'
  | 'FAULT_ACTION_SHORT'
  | 'FAULT_ACTION_TORN'
  | 'FAULT_ACTION_FLIP'
  | 'FAULT_ACTION_LOSE_FLUSH';

export const faultActionType: EnumType<FaultAction> = enumType('argon.v1.FaultAction', [
  ['FAULT_ACTION_UNSPECIFIED', 0],
  ['FAULT_ACTION_ERROR', 1],
  ['FAULT_ACTION_NO_SPACE', 2],
  ['FAULT_ACTION_DELAY', 3],
  /** Until it is released. */
  ['FAULT_ACTION_HANG', 4],
  ['FAULT_ACTION_SHORT', 5],
  ['FAULT_ACTION_TORN', 6],
  ['FAULT_ACTION_FLIP', 7],
  ['FAULT_ACTION_LOSE_FLUSH', 8],
]);

export type DelayShape =
  | 'DELAY_SHAPE_UNSPECIFIED'
  | 'DELAY_SHAPE_FIXED'
  | 'DELAY_SHAPE_UNIFORM'
  | 'DELAY_SHAPE_EXPONENTIAL'
  | 'DELAY_SHAPE_NORMAL';

export const delayShapeType: EnumType<DelayShape> = enumType('argon.v1.DelayShape', [
  ['DELAY_SHAPE_UNSPECIFIED', 0],
  ['DELAY_SHAPE_FIXED', 1],
  ['DELAY_SHAPE_UNIFORM', 2],
  ['DELAY_SHAPE_EXPONENTIAL', 3],
  ['DELAY_SHAPE_NORMAL', 4],
]);

export interface FaultDelay {
  readonly shape: DelayShape;
  /** Fixed: the delay. Uniform: the least. Exponential, normal: the mean. */
  readonly baseNs: bigint;
  /** Uniform: the most. Normal: the standard deviation. */
  readonly spreadNs: bigint;
}

export const faultDelayType: MessageType<FaultDelay> = messageType('argon.v1.FaultDelay', [
  { name: 'shape', property: 'shape', number: 1, kind: 'enum', type: delayShapeType },
  { name: 'base_ns', property: 'baseNs', number: 2, kind: 'uint64', unit: 'ns', rules: { lte: 3600000000000n } },
  { name: 'spread_ns', property: 'spreadNs', number: 3, kind: 'uint64', unit: 'ns', rules: { lte: 3600000000000n } },
]);

export interface Fault {
  readonly name: string;
  readonly layer: FaultLayer;
  readonly operations: readonly FaultOperation[];
  readonly firstByte: bigint;
  /** 0 is the end of the volume. */
  readonly endByte: bigint;
  /** Only the nth request that it is for; 0 is each. */
  readonly nth: bigint;
  /** Each so manieth of them; 0 is each. */
  readonly every: bigint;
  /** How often at most; 0 is without end. */
  readonly times: bigint;
  /** Of a million. */
  readonly chancePpm: number;
  readonly action: FaultAction;
  readonly delay?: FaultDelay | undefined;
  /** (Set by the host alone.) */
  readonly matches: bigint;
  /** (Set by the host alone.) */
  readonly hits: bigint;
}

export const faultType: MessageType<Fault> = messageType('argon.v1.Fault', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(volumes\/vol[0-9a-f]{17}\/faults\/[0-9]{1,10})?$/u } },
  { name: 'layer', property: 'layer', number: 2, kind: 'enum', type: faultLayerType },
  { name: 'operations', property: 'operations', number: 3, kind: 'enum', type: faultOperationType, isRepeated: true, minItems: 1, maxItems: 5, hasUniqueItems: true, rules: { notIn: ['FAULT_OPERATION_UNSPECIFIED'] } },
  { name: 'first_byte', property: 'firstByte', number: 4, kind: 'uint64', unit: 'bytes' },
  { name: 'end_byte', property: 'endByte', number: 5, kind: 'uint64', unit: 'bytes' },
  { name: 'nth', property: 'nth', number: 6, kind: 'uint64' },
  { name: 'every', property: 'every', number: 7, kind: 'uint64' },
  { name: 'times', property: 'times', number: 8, kind: 'uint64' },
  { name: 'chance_ppm', property: 'chancePpm', number: 9, kind: 'uint32', rules: { lte: 1000000 } },
  { name: 'action', property: 'action', number: 10, kind: 'enum', type: faultActionType, rules: { notIn: ['FAULT_ACTION_UNSPECIFIED'] } },
  { name: 'delay', property: 'delay', number: 11, kind: 'message', type: faultDelayType, hasPresence: true },
  { name: 'matches', property: 'matches', number: 12, kind: 'uint64', behavior: 'output-only' },
  { name: 'hits', property: 'hits', number: 13, kind: 'uint64', behavior: 'output-only' },
]);

export interface CreateFaultRequest {
  readonly volume: string;
  readonly fault?: Fault | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const createFaultRequestType: MessageType<CreateFaultRequest> = messageType('argon.v1.CreateFaultRequest', [
  { name: 'volume', property: 'volume', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'fault', property: 'fault', number: 2, kind: 'message', type: faultType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface ListFaultsRequest {
  readonly volume: string;
}

export const listFaultsRequestType: MessageType<ListFaultsRequest> = messageType('argon.v1.ListFaultsRequest', [
  { name: 'volume', property: 'volume', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
]);

export interface ListFaultsResponse {
  readonly faults: readonly Fault[];
}

export const listFaultsResponseType: MessageType<ListFaultsResponse> = messageType('argon.v1.ListFaultsResponse', [
  { name: 'faults', property: 'faults', number: 1, kind: 'message', type: faultType, isRepeated: true, maxItems: 256 },
]);

export interface DeleteFaultRequest {
  readonly name: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const deleteFaultRequestType: MessageType<DeleteFaultRequest> = messageType('argon.v1.DeleteFaultRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}\/faults\/[0-9]{1,10}$/u } },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export type DeleteFaultResponse = Readonly<Record<string, never>>;

export const deleteFaultResponseType: MessageType<DeleteFaultResponse> = messageType('argon.v1.DeleteFaultResponse', []);

export interface ReleaseFaultsRequest {
  readonly volume: string;
}

export const releaseFaultsRequestType: MessageType<ReleaseFaultsRequest> = messageType('argon.v1.ReleaseFaultsRequest', [
  { name: 'volume', property: 'volume', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
]);

export type ReleaseFaultsResponse = Readonly<Record<string, never>>;

export const releaseFaultsResponseType: MessageType<ReleaseFaultsResponse> = messageType('argon.v1.ReleaseFaultsResponse', []);
