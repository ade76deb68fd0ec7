// Written from argon/card/v1/card_bus.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../../schema.ts';
import { captureReadingType, captureTargetType, hostEnvironmentType, readCaptureType, startCaptureType, type CaptureReading, type CaptureTarget, type HostEnvironment, type ReadCapture, type StartCapture } from './card-capture.ts';
import { flowLogStatesType, interfaceCountersType, serviceCountersType, type FlowLogStates, type InterfaceCounters, type ServiceCounters, type UplinkStates, uplinkStatesType } from './card-counters.ts';

export type PollMode =
  | 'POLL_MODE_UNSPECIFIED'
  | 'POLL_MODE_OFF'
  | 'POLL_MODE_ADAPTIVE'
  | 'POLL_MODE_ALWAYS';

export const pollModeType: EnumType<PollMode> = enumType('argon.card.v1.PollMode', [
  ['POLL_MODE_UNSPECIFIED', 0],
  ['POLL_MODE_OFF', 1],
  ['POLL_MODE_ADAPTIVE', 2],
  ['POLL_MODE_ALWAYS', 3],
]);

export type MemoryPolicy =
  | 'MEMORY_POLICY_UNSPECIFIED'
  | 'MEMORY_POLICY_SEALED'
  | 'MEMORY_POLICY_ANY';

export const memoryPolicyType: EnumType<MemoryPolicy> = enumType('argon.card.v1.MemoryPolicy', [
  ['MEMORY_POLICY_UNSPECIFIED', 0],
  ['MEMORY_POLICY_SEALED', 1],
  ['MEMORY_POLICY_ANY', 2],
]);

export type Caching =
  | 'CACHING_UNSPECIFIED'
  | 'CACHING_AUTO'
  | 'CACHING_CACHED';

export const cachingType: EnumType<Caching> = enumType('argon.card.v1.Caching', [
  ['CACHING_UNSPECIFIED', 0],
  ['CACHING_AUTO', 1],
  ['CACHING_CACHED', 2],
]);

export type LimitScope =
  | 'LIMIT_SCOPE_UNSPECIFIED'
  | 'LIMIT_SCOPE_HOST'
  | 'LIMIT_SCOPE_GUEST'
  | 'LIMIT_SCOPE_VOLUME';

export const limitScopeType: EnumType<LimitScope> = enumType('argon.card.v1.LimitScope', [
  ['LIMIT_SCOPE_UNSPECIFIED', 0],
  ['LIMIT_SCOPE_HOST', 1],
  ['LIMIT_SCOPE_GUEST', 2],
  ['LIMIT_SCOPE_VOLUME', 3],
]);

export type FaultLayer =
  | 'FAULT_LAYER_UNSPECIFIED'
  | 'FAULT_LAYER_DEVICE'
  | 'FAULT_LAYER_DISK';

export const faultLayerType: EnumType<FaultLayer> = enumType('argon.card.v1.FaultLayer', [
  ['FAULT_LAYER_UNSPECIFIED', 0],
  ['FAULT_LAYER_DEVICE', 1],
  ['FAULT_LAYER_DISK', 2],
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

export const faultActionType: EnumType<FaultAction> = enumType('argon.card.v1.FaultAction', [
  ['FAULT_ACTION_UNSPECIFIED', 0],
  ['FAULT_ACTION_ERROR', 1],
  ['FAULT_ACTION_NO_SPACE', 2],
  ['FAULT_ACTION_DELAY', 3],
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

export const delayShapeType: EnumType<DelayShape> = enumType('argon.card.v1.DelayShape', [
  ['DELAY_SHAPE_UNSPECIFIED', 0],
  ['DELAY_SHAPE_FIXED', 1],
  ['DELAY_SHAPE_UNIFORM', 2],
  ['DELAY_SHAPE_EXPONENTIAL', 3],
  ['DELAY_SHAPE_NORMAL', 4],
]);

export type TraceOutcome =
  | 'TRACE_OUTCOME_UNSPECIFIED'
  | 'TRACE_OUTCOME_DROP'
  | 'TRACE_OUTCOME_DELIVER'
  | 'TRACE_OUTCOME_ANSWER'
  | 'TRACE_OUTCOME_PUNT'
  | 'TRACE_OUTCOME_HOLD';

export const traceOutcomeType: EnumType<TraceOutcome> = enumType('argon.card.v1.TraceOutcome', [
  ['TRACE_OUTCOME_UNSPECIFIED', 0],
  ['TRACE_OUTCOME_DROP', 1],
  ['TRACE_OUTCOME_DELIVER', 2],
  ['TRACE_OUTCOME_ANSWER', 3],
  ['TRACE_OUTCOME_PUNT', 4],
  ['TRACE_OUTCOME_HOLD', 5],
]);

export type TraceStage =
  | 'TRACE_STAGE_UNSPECIFIED'
  | 'TRACE_STAGE_CONNECTION'
  | 'TRACE_STAGE_SECURITY_GROUPS'
  | 'TRACE_STAGE_ACL'
  | 'TRACE_STAGE_ROUTE';

export const traceStageType: EnumType<TraceStage> = enumType('argon.card.v1.TraceStage', [
  ['TRACE_STAGE_UNSPECIFIED', 0],
  ['TRACE_STAGE_CONNECTION', 1],
  ['TRACE_STAGE_SECURITY_GROUPS', 2],
  ['TRACE_STAGE_ACL', 3],
  ['TRACE_STAGE_ROUTE', 4],
]);

export type TraceDirection =
  | 'TRACE_DIRECTION_UNSPECIFIED'
  | 'TRACE_DIRECTION_IN'
  | 'TRACE_DIRECTION_OUT';

export const traceDirectionType: EnumType<TraceDirection> = enumType('argon.card.v1.TraceDirection', [
  ['TRACE_DIRECTION_UNSPECIFIED', 0],
  ['TRACE_DIRECTION_IN', 1],
  ['TRACE_DIRECTION_OUT', 2],
]);

export type TraceTarget =
  | 'TRACE_TARGET_UNSPECIFIED'
  | 'TRACE_TARGET_LOCAL'
  | 'TRACE_TARGET_INTERFACE'
  | 'TRACE_TARGET_BLACKHOLE';

export const traceTargetType: EnumType<TraceTarget> = enumType('argon.card.v1.TraceTarget', [
  ['TRACE_TARGET_UNSPECIFIED', 0],
  ['TRACE_TARGET_LOCAL', 1],
  ['TRACE_TARGET_INTERFACE', 2],
  ['TRACE_TARGET_BLACKHOLE', 3],
]);

export interface Start {
  readonly workers: number;
  readonly pollMode: PollMode;
  readonly cpus: readonly number[];
  readonly logFile: string;
}

export const startType: MessageType<Start> = messageType('argon.card.v1.Start', [
  { name: 'workers', property: 'workers', number: 1, kind: 'uint32', rules: { lte: 64, gte: 1 } },
  { name: 'poll_mode', property: 'pollMode', number: 2, kind: 'enum', type: pollModeType, rules: { notIn: ['POLL_MODE_UNSPECIFIED'] } },
  { name: 'cpus', property: 'cpus', number: 3, kind: 'uint32', isRepeated: true, maxItems: 1024, rules: { lte: 1023 } },
  { name: 'log_file', property: 'logFile', number: 4, kind: 'string', rules: { minLength: 1, maxLength: 4096 } },
]);

/** Without a file. */
export interface NoStore {
  readonly sizeBytes: bigint;
}

export const noStoreType: MessageType<NoStore> = messageType('argon.card.v1.NoStore', [
  { name: 'size_bytes', property: 'sizeBytes', number: 1, kind: 'uint64', unit: 'bytes' },
]);

export interface FileStore {
  readonly path: string;
  readonly caching: Caching;
  /** The size that the file must have, or 0. */
  readonly expectedBytes: bigint;
}

export const fileStoreType: MessageType<FileStore> = messageType('argon.card.v1.FileStore', [
  { name: 'path', property: 'path', number: 1, kind: 'string', rules: { minLength: 1, maxLength: 4096 } },
  { name: 'caching', property: 'caching', number: 2, kind: 'enum', type: cachingType, rules: { notIn: ['CACHING_UNSPECIFIED'] } },
  { name: 'expected_bytes', property: 'expectedBytes', number: 3, kind: 'uint64', unit: 'bytes' },
]);

export type Nothing = Readonly<Record<string, never>>;

export const nothingType: MessageType<Nothing> = messageType('argon.card.v1.Nothing', []);

export interface VolumeKey {
  readonly masterKeyPath: string;
  /** Wrapped: no key is on the bus in the clear. */
  readonly wrappedKey: Uint8Array;
  readonly mapPath: string;
}

export const volumeKeyType: MessageType<VolumeKey> = messageType('argon.card.v1.VolumeKey', [
  { name: 'master_key_path', property: 'masterKeyPath', number: 1, kind: 'string', rules: { minLength: 1, maxLength: 4096 } },
  { name: 'wrapped_key', property: 'wrappedKey', number: 2, kind: 'bytes', rules: { minLength: 1, maxLength: 256 } },
  { name: 'map_path', property: 'mapPath', number: 3, kind: 'string', rules: { minLength: 1, maxLength: 4096 } },
]);

export interface DeviceControls {
  /** The guest whose limits the device shares; empty: none. */
  readonly guest: string;
  readonly hasFaults: boolean;
  readonly hasPower: boolean;
  readonly seed: bigint;
}

export const deviceControlsType: MessageType<DeviceControls> = messageType('argon.card.v1.DeviceControls', [
  { name: 'guest', property: 'guest', number: 1, kind: 'string', rules: { maxLength: 256 } },
  { name: 'has_faults', property: 'hasFaults', number: 2, kind: 'bool' },
  { name: 'has_power', property: 'hasPower', number: 3, kind: 'bool' },
  { name: 'seed', property: 'seed', number: 4, kind: 'uint64' },
]);

export interface AddDevice {
  /** The volume's id: native code takes it for granted where it has a key. */
  readonly volume: string;
  readonly queues: number;
  readonly blockBytes: number;
  readonly isReadOnly: boolean;
  readonly socketPath?: string | undefined;
  /** Of the backplane. */
  readonly slot?: number | undefined;
  readonly memoryPolicy: MemoryPolicy;
  readonly nullStore?: NoStore | undefined;
  readonly memoryStore?: NoStore | undefined;
  readonly fileStore?: FileStore | undefined;
  /** Fails every request: for a guest that holds what a volume was. */
  readonly brokenStore?: NoStore | undefined;
  readonly noCipher?: Nothing | undefined;
  readonly throwawayKey?: Nothing | undefined;
  readonly volumeKey?: VolumeKey | undefined;
  readonly controls?: DeviceControls | undefined;
  /** Where the card offers the device's controls; empty: nowhere. */
  readonly controlPath: string;
}

export const addDeviceType: MessageType<AddDevice> = messageType('argon.card.v1.AddDevice', [
  { name: 'volume', property: 'volume', number: 1, kind: 'string', rules: { pattern: /^vol[0-9a-f]{17}$/u } },
  { name: 'queues', property: 'queues', number: 2, kind: 'uint32', rules: { lte: 256, gte: 1 } },
  { name: 'block_bytes', property: 'blockBytes', number: 3, kind: 'uint32', unit: 'bytes', rules: { in: [512, 4096] } },
  { name: 'is_read_only', property: 'isReadOnly', number: 4, kind: 'bool' },
  { name: 'socket_path', property: 'socketPath', number: 5, kind: 'string', hasPresence: true, oneof: 'place', rules: { minLength: 1, maxLength: 4096 } },
  { name: 'slot', property: 'slot', number: 6, kind: 'uint32', hasPresence: true, oneof: 'place' },
  { name: 'memory_policy', property: 'memoryPolicy', number: 7, kind: 'enum', type: memoryPolicyType, rules: { notIn: ['MEMORY_POLICY_UNSPECIFIED'] } },
  { name: 'null_store', property: 'nullStore', number: 8, kind: 'message', type: noStoreType, hasPresence: true, oneof: 'store' },
  { name: 'memory_store', property: 'memoryStore', number: 9, kind: 'message', type: noStoreType, hasPresence: true, oneof: 'store' },
  { name: 'file_store', property: 'fileStore', number: 10, kind: 'message', type: fileStoreType, hasPresence: true, oneof: 'store' },
  { name: 'broken_store', property: 'brokenStore', number: 16, kind: 'message', type: noStoreType, hasPresence: true, oneof: 'store' },
  { name: 'no_cipher', property: 'noCipher', number: 11, kind: 'message', type: nothingType, hasPresence: true, oneof: 'cipher' },
  { name: 'throwaway_key', property: 'throwawayKey', number: 12, kind: 'message', type: nothingType, hasPresence: true, oneof: 'cipher' },
  { name: 'volume_key', property: 'volumeKey', number: 13, kind: 'message', type: volumeKeyType, hasPresence: true, oneof: 'cipher' },
  { name: 'controls', property: 'controls', number: 14, kind: 'message', type: deviceControlsType, hasPresence: true },
  { name: 'control_path', property: 'controlPath', number: 15, kind: 'string', rules: { maxLength: 4096 } },
], ['place', 'store', 'cipher']);

/** A device, by the card's own number for it. */
export interface Target {
  readonly id: number;
}

export const targetType: MessageType<Target> = messageType('argon.card.v1.Target', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
]);

export interface Grow {
  readonly id: number;
  readonly sizeBytes: bigint;
}

export const growType: MessageType<Grow> = messageType('argon.card.v1.Grow', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
  { name: 'size_bytes', property: 'sizeBytes', number: 2, kind: 'uint64', unit: 'bytes' },
]);

export interface Limit {
  /** 0: no limit. */
  readonly perSecond: bigint;
  readonly burst: bigint;
}

export const limitType: MessageType<Limit> = messageType('argon.card.v1.Limit', [
  { name: 'per_second', property: 'perSecond', number: 1, kind: 'uint64' },
  { name: 'burst', property: 'burst', number: 2, kind: 'uint64' },
]);

/** All limits of a level. */
export interface SetLimits {
  readonly scope: LimitScope;
  /** The guest's or the volume's; empty for the host. */
  readonly name: string;
  readonly readOperations?: Limit | undefined;
  readonly writeOperations?: Limit | undefined;
  readonly totalOperations?: Limit | undefined;
  readonly readBytes?: Limit | undefined;
  readonly writeBytes?: Limit | undefined;
  readonly totalBytes?: Limit | undefined;
}

export const setLimitsType: MessageType<SetLimits> = messageType('argon.card.v1.SetLimits', [
  { name: 'scope', property: 'scope', number: 1, kind: 'enum', type: limitScopeType, rules: { notIn: ['LIMIT_SCOPE_UNSPECIFIED'] } },
  { name: 'name', property: 'name', number: 2, kind: 'string', rules: { maxLength: 256 } },
  { name: 'read_operations', property: 'readOperations', number: 3, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
  { name: 'write_operations', property: 'writeOperations', number: 4, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
  { name: 'total_operations', property: 'totalOperations', number: 5, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
  { name: 'read_bytes', property: 'readBytes', number: 6, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
  { name: 'write_bytes', property: 'writeBytes', number: 7, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
  { name: 'total_bytes', property: 'totalBytes', number: 8, kind: 'message', type: limitType, hasPresence: true, isRequired: true },
]);

export interface FaultRule {
  readonly layer: FaultLayer;
  /** Bits: read 1, write 2, flush 4, discard 8, write zeroes 16. */
  readonly operations: number;
  readonly firstByte: bigint;
  readonly endByte: bigint;
  readonly nth: bigint;
  readonly every: bigint;
  readonly times: bigint;
  readonly chancePpm: number;
  readonly action: FaultAction;
  readonly delayShape: DelayShape;
  readonly delayBaseNs: bigint;
  readonly delaySpreadNs: bigint;
}

export const faultRuleType: MessageType<FaultRule> = messageType('argon.card.v1.FaultRule', [
  { name: 'layer', property: 'layer', number: 1, kind: 'enum', type: faultLayerType, rules: { notIn: ['FAULT_LAYER_UNSPECIFIED'] } },
  { name: 'operations', property: 'operations', number: 2, kind: 'uint32', rules: { lte: 31, gte: 1 } },
  { name: 'first_byte', property: 'firstByte', number: 3, kind: 'uint64', unit: 'bytes' },
  { name: 'end_byte', property: 'endByte', number: 4, kind: 'uint64', unit: 'bytes' },
  { name: 'nth', property: 'nth', number: 5, kind: 'uint64' },
  { name: 'every', property: 'every', number: 6, kind: 'uint64' },
  { name: 'times', property: 'times', number: 7, kind: 'uint64' },
  { name: 'chance_ppm', property: 'chancePpm', number: 8, kind: 'uint32', rules: { lte: 1000000 } },
  { name: 'action', property: 'action', number: 9, kind: 'enum', type: faultActionType, rules: { notIn: ['FAULT_ACTION_UNSPECIFIED'] } },
  { name: 'delay_shape', property: 'delayShape', number: 10, kind: 'enum', type: delayShapeType, rules: { notIn: ['DELAY_SHAPE_UNSPECIFIED'] } },
  { name: 'delay_base_ns', property: 'delayBaseNs', number: 11, kind: 'uint64', unit: 'ns' },
  { name: 'delay_spread_ns', property: 'delaySpreadNs', number: 12, kind: 'uint64', unit: 'ns' },
]);

export interface AddFault {
  readonly id: number;
  readonly rule?: FaultRule | undefined;
}

export const addFaultType: MessageType<AddFault> = messageType('argon.card.v1.AddFault', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
  { name: 'rule', property: 'rule', number: 2, kind: 'message', type: faultRuleType, hasPresence: true, isRequired: true },
]);

export interface RemoveFault {
  readonly id: number;
  readonly fault: number;
}

export const removeFaultType: MessageType<RemoveFault> = messageType('argon.card.v1.RemoveFault', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
  { name: 'fault', property: 'fault', number: 2, kind: 'uint32', rules: { gte: 1 } },
]);

export interface Resync {
  readonly nonce: string;
}

export const resyncType: MessageType<Resync> = messageType('argon.card.v1.Resync', [
  { name: 'nonce', property: 'nonce', number: 1, kind: 'string', rules: { pattern: /^[0-9a-f]{32}$/u } },
]);

export interface StartNetwork {
  readonly pollMode: PollMode;
  readonly cpus: readonly number[];
  readonly logFile: string;
  /** Where flow logs are written; empty: nowhere. */
  readonly flowLogFolder: string;
  /** What the host is for; it stays as long as the card runs. */
  readonly environment: HostEnvironment;
}

export const startNetworkType: MessageType<StartNetwork> = messageType('argon.card.v1.StartNetwork', [
  { name: 'poll_mode', property: 'pollMode', number: 1, kind: 'enum', type: pollModeType, rules: { notIn: ['POLL_MODE_UNSPECIFIED'] } },
  { name: 'cpus', property: 'cpus', number: 2, kind: 'uint32', isRepeated: true, maxItems: 1024, rules: { lte: 1023 } },
  { name: 'log_file', property: 'logFile', number: 3, kind: 'string', rules: { minLength: 1, maxLength: 4096 } },
  { name: 'flow_log_folder', property: 'flowLogFolder', number: 4, kind: 'string', rules: { maxLength: 4096 } },
  { name: 'environment', property: 'environment', number: 5, kind: 'enum', type: hostEnvironmentType, rules: { notIn: ['HOST_ENVIRONMENT_UNSPECIFIED'] } },
]);

export interface AddInterface {
  readonly interface: string;
  /** What the policy knows it by. */
  readonly index: number;
  /** Of rings. */
  readonly pairs: number;
  /** Of the backplane. */
  readonly slot: number;
}

export const addInterfaceType: MessageType<AddInterface> = messageType('argon.card.v1.AddInterface', [
  { name: 'interface', property: 'interface', number: 1, kind: 'string', rules: { pattern: /^eni-[0-9a-f]{17}$/u } },
  { name: 'index', property: 'index', number: 2, kind: 'uint32', rules: { lte: 4095 } },
  { name: 'pairs', property: 'pairs', number: 3, kind: 'uint32', rules: { lte: 8, gte: 1 } },
  { name: 'slot', property: 'slot', number: 4, kind: 'uint32' },
]);

export interface InterfaceTarget {
  readonly index: number;
}

export const interfaceTargetType: MessageType<InterfaceTarget> = messageType('argon.card.v1.InterfaceTarget', [
  { name: 'index', property: 'index', number: 1, kind: 'uint32', rules: { lte: 4095 } },
]);

/**
 * A policy with its services (src/network/card-network.ts) is longer than a request may be. Its
 * parts come in order, one after another; the last one puts it in force, and one at offset 0
 * begins anew.
 */
export interface PolicyPart {
  readonly totalBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export const policyPartType: MessageType<PolicyPart> = messageType('argon.card.v1.PolicyPart', [
  { name: 'total_bytes', property: 'totalBytes', number: 1, kind: 'uint32', unit: 'bytes', rules: { lte: 67108864, gte: 1 } },
  { name: 'offset', property: 'offset', number: 2, kind: 'uint32', unit: 'bytes' },
  { name: 'bytes', property: 'bytes', number: 3, kind: 'bytes', rules: { minLength: 1, maxLength: 12288 } },
]);

/**
 * A packet that the guest of an interface might send: src/native/network-watch.ts has more of
 * it.
 */
export interface TraceQuestion {
  /** The interface. */
  readonly index: number;
  /** Empty: its first address of the destination's family. */
  readonly source: string;
  readonly destination: string;
  /** IANA's number. */
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tcpFlags: number;
}

export const traceQuestionType: MessageType<TraceQuestion> = messageType('argon.card.v1.TraceQuestion', [
  { name: 'index', property: 'index', number: 1, kind: 'uint32', rules: { lte: 4095 } },
  { name: 'source', property: 'source', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f:.]{2,45})?$/u } },
  { name: 'destination', property: 'destination', number: 3, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}$/u } },
  { name: 'protocol', property: 'protocol', number: 4, kind: 'uint32', rules: { lte: 255 } },
  { name: 'source_port', property: 'sourcePort', number: 5, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'destination_port', property: 'destinationPort', number: 6, kind: 'uint32', rules: { lte: 65535 } },
  { name: 'tcp_flags', property: 'tcpFlags', number: 7, kind: 'uint32', rules: { lte: 255 } },
]);

export interface Request {
  /** Its answer has the same. */
  readonly number: number;
  readonly start?: Start | undefined;
  readonly addDevice?: AddDevice | undefined;
  readonly removeDevice?: Target | undefined;
  /** What is served: after a controller was replaced, the new one asks. */
  readonly devices?: Nothing | undefined;
  readonly growStore?: Grow | undefined;
  readonly growDevice?: Grow | undefined;
  readonly setLimits?: SetLimits | undefined;
  readonly addFault?: AddFault | undefined;
  readonly removeFault?: RemoveFault | undefined;
  readonly releaseFaults?: Target | undefined;
  readonly faults?: Target | undefined;
  /** Is the card there, and its main loop running? */
  readonly ping?: Nothing | undefined;
  readonly resync?: Resync | undefined;
  readonly counters?: Target | undefined;
  readonly metrics?: Target | undefined;
  /** Of a network card, which answers these, resync and ping. */
  readonly startNetwork?: StartNetwork | undefined;
  readonly addInterface?: AddInterface | undefined;
  readonly removeInterface?: InterfaceTarget | undefined;
  /** What is served, as for devices. */
  readonly interfaces?: Nothing | undefined;
  readonly setPolicy?: PolicyPart | undefined;
  readonly interfaceCounters?: InterfaceTarget | undefined;
  readonly trace?: TraceQuestion | undefined;
  readonly serviceCounters?: Nothing | undefined;
  readonly flowLogs?: Nothing | undefined;
  readonly uplinks?: Nothing | undefined;
  readonly startCapture?: StartCapture | undefined;
  readonly readCapture?: ReadCapture | undefined;
  readonly stopCapture?: CaptureTarget | undefined;
}

export const requestType: MessageType<Request> = messageType('argon.card.v1.Request', [
  { name: 'number', property: 'number', number: 1, kind: 'uint32' },
  { name: 'start', property: 'start', number: 2, kind: 'message', type: startType, hasPresence: true, oneof: 'body' },
  { name: 'add_device', property: 'addDevice', number: 3, kind: 'message', type: addDeviceType, hasPresence: true, oneof: 'body' },
  { name: 'remove_device', property: 'removeDevice', number: 4, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'devices', property: 'devices', number: 5, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'grow_store', property: 'growStore', number: 6, kind: 'message', type: growType, hasPresence: true, oneof: 'body' },
  { name: 'grow_device', property: 'growDevice', number: 7, kind: 'message', type: growType, hasPresence: true, oneof: 'body' },
  { name: 'set_limits', property: 'setLimits', number: 8, kind: 'message', type: setLimitsType, hasPresence: true, oneof: 'body' },
  { name: 'add_fault', property: 'addFault', number: 9, kind: 'message', type: addFaultType, hasPresence: true, oneof: 'body' },
  { name: 'remove_fault', property: 'removeFault', number: 10, kind: 'message', type: removeFaultType, hasPresence: true, oneof: 'body' },
  { name: 'release_faults', property: 'releaseFaults', number: 11, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'faults', property: 'faults', number: 12, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'ping', property: 'ping', number: 13, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'resync', property: 'resync', number: 14, kind: 'message', type: resyncType, hasPresence: true, oneof: 'body' },
  { name: 'counters', property: 'counters', number: 15, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'metrics', property: 'metrics', number: 16, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'start_network', property: 'startNetwork', number: 17, kind: 'message', type: startNetworkType, hasPresence: true, oneof: 'body' },
  { name: 'add_interface', property: 'addInterface', number: 18, kind: 'message', type: addInterfaceType, hasPresence: true, oneof: 'body' },
  { name: 'remove_interface', property: 'removeInterface', number: 19, kind: 'message', type: interfaceTargetType, hasPresence: true, oneof: 'body' },
  { name: 'interfaces', property: 'interfaces', number: 20, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'set_policy', property: 'setPolicy', number: 21, kind: 'message', type: policyPartType, hasPresence: true, oneof: 'body' },
  { name: 'interface_counters', property: 'interfaceCounters', number: 22, kind: 'message', type: interfaceTargetType, hasPresence: true, oneof: 'body' },
  { name: 'trace', property: 'trace', number: 23, kind: 'message', type: traceQuestionType, hasPresence: true, oneof: 'body' },
  { name: 'service_counters', property: 'serviceCounters', number: 24, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'flow_logs', property: 'flowLogs', number: 25, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'uplinks', property: 'uplinks', number: 26, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'start_capture', property: 'startCapture', number: 27, kind: 'message', type: startCaptureType, hasPresence: true, oneof: 'body' },
  { name: 'read_capture', property: 'readCapture', number: 28, kind: 'message', type: readCaptureType, hasPresence: true, oneof: 'body' },
  { name: 'stop_capture', property: 'stopCapture', number: 29, kind: 'message', type: captureTargetType, hasPresence: true, oneof: 'body' },
], ['body']);

/** An ArgonError. */
export interface Failure {
  /** As in src/base/errors.ts. */
  readonly code: string;
  readonly message: string;
  /** Empty: none. */
  readonly hint: string;
}

export const failureType: MessageType<Failure> = messageType('argon.card.v1.Failure', [
  { name: 'code', property: 'code', number: 1, kind: 'string', rules: { in: ['invalid-argument', 'not-found', 'already-exists', 'failed-precondition', 'resource-exhausted', 'deadline-exceeded', 'aborted', 'unavailable', 'permission-denied', 'data-loss', 'unimplemented', 'internal', 'cancelled', 'unknown'] } },
  { name: 'message', property: 'message', number: 2, kind: 'string', rules: { maxLength: 8192 } },
  { name: 'hint', property: 'hint', number: 3, kind: 'string', rules: { maxLength: 8192 } },
]);

export interface Device {
  readonly id: number;
  readonly volume: string;
}

export const deviceType: MessageType<Device> = messageType('argon.card.v1.Device', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
  { name: 'volume', property: 'volume', number: 2, kind: 'string', rules: { pattern: /^vol[0-9a-f]{17}$/u } },
]);

export interface Devices {
  readonly devices: readonly Device[];
}

export const devicesType: MessageType<Devices> = messageType('argon.card.v1.Devices', [
  { name: 'devices', property: 'devices', number: 1, kind: 'message', type: deviceType, isRepeated: true, maxItems: 4096 },
]);

export interface NewFault {
  readonly fault: number;
}

export const newFaultType: MessageType<NewFault> = messageType('argon.card.v1.NewFault', [
  { name: 'fault', property: 'fault', number: 1, kind: 'uint32', rules: { gte: 1 } },
]);

export interface FaultState {
  readonly id: number;
  readonly rule?: FaultRule | undefined;
  readonly matches: bigint;
  readonly hits: bigint;
}

export const faultStateType: MessageType<FaultState> = messageType('argon.card.v1.FaultState', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32', rules: { gte: 1 } },
  { name: 'rule', property: 'rule', number: 2, kind: 'message', type: faultRuleType, hasPresence: true, isRequired: true },
  { name: 'matches', property: 'matches', number: 3, kind: 'uint64' },
  { name: 'hits', property: 'hits', number: 4, kind: 'uint64' },
]);

export interface Faults {
  readonly faults: readonly FaultState[];
}

export const faultsType: MessageType<Faults> = messageType('argon.card.v1.Faults', [
  { name: 'faults', property: 'faults', number: 1, kind: 'message', type: faultStateType, isRepeated: true, maxItems: 4096 },
]);

export interface QueueCounters {
  readonly reads: bigint;
  readonly readBytes: bigint;
  readonly writes: bigint;
  readonly writtenBytes: bigint;
  readonly flushes: bigint;
  readonly discards: bigint;
  readonly discardedBytes: bigint;
  readonly writeZeroes: bigint;
  readonly zeroedBytes: bigint;
  readonly failures: bigint;
  readonly malformedChains: bigint;
  readonly kicks: bigint;
  readonly calls: bigint;
}

export const queueCountersType: MessageType<QueueCounters> = messageType('argon.card.v1.QueueCounters', [
  { name: 'reads', property: 'reads', number: 1, kind: 'uint64' },
  { name: 'read_bytes', property: 'readBytes', number: 2, kind: 'uint64', unit: 'bytes' },
  { name: 'writes', property: 'writes', number: 3, kind: 'uint64' },
  { name: 'written_bytes', property: 'writtenBytes', number: 4, kind: 'uint64', unit: 'bytes' },
  { name: 'flushes', property: 'flushes', number: 5, kind: 'uint64' },
  { name: 'discards', property: 'discards', number: 6, kind: 'uint64' },
  { name: 'discarded_bytes', property: 'discardedBytes', number: 7, kind: 'uint64', unit: 'bytes' },
  { name: 'write_zeroes', property: 'writeZeroes', number: 8, kind: 'uint64' },
  { name: 'zeroed_bytes', property: 'zeroedBytes', number: 9, kind: 'uint64', unit: 'bytes' },
  { name: 'failures', property: 'failures', number: 10, kind: 'uint64' },
  { name: 'malformed_chains', property: 'malformedChains', number: 11, kind: 'uint64' },
  { name: 'kicks', property: 'kicks', number: 12, kind: 'uint64' },
  { name: 'calls', property: 'calls', number: 13, kind: 'uint64' },
]);

export interface Counters {
  readonly queues: readonly QueueCounters[];
}

export const countersType: MessageType<Counters> = messageType('argon.card.v1.Counters', [
  { name: 'queues', property: 'queues', number: 1, kind: 'message', type: queueCountersType, isRepeated: true, maxItems: 256 },
]);

/** Buckets that were hit: the largest value in each, and how many. */
export interface Histogram {
  readonly count: bigint;
  readonly sum: bigint;
  readonly max: bigint;
  readonly upperEnds: readonly bigint[];
  readonly counts: readonly bigint[];
}

export const histogramType: MessageType<Histogram> = messageType('argon.card.v1.Histogram', [
  { name: 'count', property: 'count', number: 1, kind: 'uint64' },
  { name: 'sum', property: 'sum', number: 2, kind: 'uint64' },
  { name: 'max', property: 'max', number: 3, kind: 'uint64' },
  { name: 'upper_ends', property: 'upperEnds', number: 4, kind: 'uint64', isRepeated: true, maxItems: 4096 },
  { name: 'counts', property: 'counts', number: 5, kind: 'uint64', isRepeated: true, maxItems: 4096 },
]);

export interface Latencies {
  readonly read?: Histogram | undefined;
  readonly write?: Histogram | undefined;
  readonly flush?: Histogram | undefined;
  readonly discard?: Histogram | undefined;
  readonly writeZeroes?: Histogram | undefined;
}

export const latenciesType: MessageType<Latencies> = messageType('argon.card.v1.Latencies', [
  { name: 'read', property: 'read', number: 1, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'write', property: 'write', number: 2, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'flush', property: 'flush', number: 3, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'discard', property: 'discard', number: 4, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'write_zeroes', property: 'writeZeroes', number: 5, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
]);

export interface Stages {
  readonly wait?: Histogram | undefined;
  readonly crypto?: Histogram | undefined;
  readonly device?: Histogram | undefined;
  readonly complete?: Histogram | undefined;
}

export const stagesType: MessageType<Stages> = messageType('argon.card.v1.Stages', [
  { name: 'wait', property: 'wait', number: 1, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'crypto', property: 'crypto', number: 2, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'device', property: 'device', number: 3, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'complete', property: 'complete', number: 4, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
]);

export interface QueueMetrics {
  readonly counters?: QueueCounters | undefined;
  readonly inFlight: bigint;
  readonly oldestNs: bigint;
  readonly chainsPerRound?: Histogram | undefined;
  readonly answersPerPublish?: Histogram | undefined;
  readonly latencyNs?: Latencies | undefined;
  readonly stageNs?: Stages | undefined;
}

export const queueMetricsType: MessageType<QueueMetrics> = messageType('argon.card.v1.QueueMetrics', [
  { name: 'counters', property: 'counters', number: 1, kind: 'message', type: queueCountersType, hasPresence: true, isRequired: true },
  { name: 'in_flight', property: 'inFlight', number: 2, kind: 'uint64' },
  { name: 'oldest_ns', property: 'oldestNs', number: 3, kind: 'uint64', unit: 'ns' },
  { name: 'chains_per_round', property: 'chainsPerRound', number: 4, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'answers_per_publish', property: 'answersPerPublish', number: 5, kind: 'message', type: histogramType, hasPresence: true, isRequired: true },
  { name: 'latency_ns', property: 'latencyNs', number: 6, kind: 'message', type: latenciesType, hasPresence: true, isRequired: true },
  { name: 'stage_ns', property: 'stageNs', number: 7, kind: 'message', type: stagesType, hasPresence: true, isRequired: true },
]);

export interface StageTicks {
  readonly ring: bigint;
  readonly store: bigint;
  readonly crypto: bigint;
  readonly complete: bigint;
}

export const stageTicksType: MessageType<StageTicks> = messageType('argon.card.v1.StageTicks', [
  { name: 'ring', property: 'ring', number: 1, kind: 'uint64' },
  { name: 'store', property: 'store', number: 2, kind: 'uint64' },
  { name: 'crypto', property: 'crypto', number: 3, kind: 'uint64' },
  { name: 'complete', property: 'complete', number: 4, kind: 'uint64' },
]);

export interface WorkerMetrics {
  readonly busyRounds: bigint;
  readonly pollHits: bigint;
  readonly pollMisses: bigint;
  readonly sleeps: bigint;
  readonly measuredRequests: bigint;
  readonly stageTicks?: StageTicks | undefined;
  readonly ticksPerSecond: bigint;
}

export const workerMetricsType: MessageType<WorkerMetrics> = messageType('argon.card.v1.WorkerMetrics', [
  { name: 'busy_rounds', property: 'busyRounds', number: 1, kind: 'uint64' },
  { name: 'poll_hits', property: 'pollHits', number: 2, kind: 'uint64' },
  { name: 'poll_misses', property: 'pollMisses', number: 3, kind: 'uint64' },
  { name: 'sleeps', property: 'sleeps', number: 4, kind: 'uint64' },
  { name: 'measured_requests', property: 'measuredRequests', number: 5, kind: 'uint64' },
  { name: 'stage_ticks', property: 'stageTicks', number: 6, kind: 'message', type: stageTicksType, hasPresence: true, isRequired: true },
  { name: 'ticks_per_second', property: 'ticksPerSecond', number: 7, kind: 'uint64' },
]);

export interface Metrics {
  readonly queues: readonly QueueMetrics[];
  readonly workers: readonly WorkerMetrics[];
}

export const metricsType: MessageType<Metrics> = messageType('argon.card.v1.Metrics', [
  { name: 'queues', property: 'queues', number: 1, kind: 'message', type: queueMetricsType, isRepeated: true, maxItems: 256 },
  { name: 'workers', property: 'workers', number: 2, kind: 'message', type: workerMetricsType, isRepeated: true, maxItems: 64 },
]);

export interface ServedInterface {
  readonly index: number;
  readonly interface: string;
}

export const servedInterfaceType: MessageType<ServedInterface> = messageType('argon.card.v1.ServedInterface', [
  { name: 'index', property: 'index', number: 1, kind: 'uint32', rules: { lte: 4095 } },
  { name: 'interface', property: 'interface', number: 2, kind: 'string', rules: { pattern: /^eni-[0-9a-f]{17}$/u } },
]);

export interface Interfaces {
  readonly interfaces: readonly ServedInterface[];
}

export const interfacesType: MessageType<Interfaces> = messageType('argon.card.v1.Interfaces', [
  { name: 'interfaces', property: 'interfaces', number: 1, kind: 'message', type: servedInterfaceType, isRepeated: true, maxItems: 4096 },
]);

export interface TraceRule {
  /** As docs/network-semantics.md counts them. */
  readonly id: number;
}

export const traceRuleType: MessageType<TraceRule> = messageType('argon.card.v1.TraceRule', [
  { name: 'id', property: 'id', number: 1, kind: 'uint32' },
]);

export interface TraceRoute {
  readonly target: TraceTarget;
  readonly network: string;
  readonly prefixLength: number;
}

export const traceRouteType: MessageType<TraceRoute> = messageType('argon.card.v1.TraceRoute', [
  { name: 'target', property: 'target', number: 1, kind: 'enum', type: traceTargetType, rules: { notIn: ['TRACE_TARGET_UNSPECIFIED'] } },
  { name: 'network', property: 'network', number: 2, kind: 'string', rules: { pattern: /^[0-9a-f:.]{2,45}$/u } },
  { name: 'prefix_length', property: 'prefixLength', number: 3, kind: 'uint32', rules: { lte: 128 } },
]);

export interface TraceStep {
  readonly stage: TraceStage;
  readonly at: number;
  readonly direction: TraceDirection;
  readonly isAllowed: boolean;
  readonly isTracked: boolean;
  readonly rule?: TraceRule | undefined;
  readonly route?: TraceRoute | undefined;
}

export const traceStepType: MessageType<TraceStep> = messageType('argon.card.v1.TraceStep', [
  { name: 'stage', property: 'stage', number: 1, kind: 'enum', type: traceStageType, rules: { notIn: ['TRACE_STAGE_UNSPECIFIED'] } },
  { name: 'at', property: 'at', number: 2, kind: 'uint32', rules: { lte: 4095 } },
  { name: 'direction', property: 'direction', number: 3, kind: 'enum', type: traceDirectionType, rules: { notIn: ['TRACE_DIRECTION_UNSPECIFIED'] } },
  { name: 'is_allowed', property: 'isAllowed', number: 4, kind: 'bool' },
  { name: 'is_tracked', property: 'isTracked', number: 5, kind: 'bool' },
  { name: 'rule', property: 'rule', number: 6, kind: 'message', type: traceRuleType, hasPresence: true },
  { name: 'route', property: 'route', number: 7, kind: 'message', type: traceRouteType, hasPresence: true },
]);

export interface Trace {
  /** Of the policy. */
  readonly generation: bigint;
  readonly steps: readonly TraceStep[];
  readonly outcome: TraceOutcome;
  /** Words for operators; `none` if there is none. */
  readonly reason: string;
  readonly service: string;
  readonly at: number;
}

export const traceType: MessageType<Trace> = messageType('argon.card.v1.Trace', [
  { name: 'generation', property: 'generation', number: 1, kind: 'uint64' },
  { name: 'steps', property: 'steps', number: 2, kind: 'message', type: traceStepType, isRepeated: true, maxItems: 64 },
  { name: 'outcome', property: 'outcome', number: 3, kind: 'enum', type: traceOutcomeType, rules: { notIn: ['TRACE_OUTCOME_UNSPECIFIED'] } },
  { name: 'reason', property: 'reason', number: 4, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'service', property: 'service', number: 5, kind: 'string', rules: { pattern: /^[a-z0-9-]{1,64}$/u } },
  { name: 'at', property: 'at', number: 6, kind: 'uint32', rules: { lte: 4095 } },
]);

export interface Answer {
  readonly number: number;
  readonly error?: Failure | undefined;
  readonly done?: Nothing | undefined;
  readonly device?: Target | undefined;
  readonly devices?: Devices | undefined;
  readonly fault?: NewFault | undefined;
  readonly faults?: Faults | undefined;
  readonly counters?: Counters | undefined;
  readonly metrics?: Metrics | undefined;
  readonly interfaces?: Interfaces | undefined;
  readonly interfaceCounters?: InterfaceCounters | undefined;
  readonly trace?: Trace | undefined;
  readonly serviceCounters?: ServiceCounters | undefined;
  readonly flowLogs?: FlowLogStates | undefined;
  readonly uplinks?: UplinkStates | undefined;
  readonly capture?: CaptureReading | undefined;
}

export const answerType: MessageType<Answer> = messageType('argon.card.v1.Answer', [
  { name: 'number', property: 'number', number: 1, kind: 'uint32' },
  { name: 'error', property: 'error', number: 2, kind: 'message', type: failureType, hasPresence: true, oneof: 'body' },
  { name: 'done', property: 'done', number: 3, kind: 'message', type: nothingType, hasPresence: true, oneof: 'body' },
  { name: 'device', property: 'device', number: 4, kind: 'message', type: targetType, hasPresence: true, oneof: 'body' },
  { name: 'devices', property: 'devices', number: 5, kind: 'message', type: devicesType, hasPresence: true, oneof: 'body' },
  { name: 'fault', property: 'fault', number: 6, kind: 'message', type: newFaultType, hasPresence: true, oneof: 'body' },
  { name: 'faults', property: 'faults', number: 7, kind: 'message', type: faultsType, hasPresence: true, oneof: 'body' },
  { name: 'counters', property: 'counters', number: 8, kind: 'message', type: countersType, hasPresence: true, oneof: 'body' },
  { name: 'metrics', property: 'metrics', number: 9, kind: 'message', type: metricsType, hasPresence: true, oneof: 'body' },
  { name: 'interfaces', property: 'interfaces', number: 10, kind: 'message', type: interfacesType, hasPresence: true, oneof: 'body' },
  { name: 'interface_counters', property: 'interfaceCounters', number: 11, kind: 'message', type: interfaceCountersType, hasPresence: true, oneof: 'body' },
  { name: 'trace', property: 'trace', number: 12, kind: 'message', type: traceType, hasPresence: true, oneof: 'body' },
  { name: 'service_counters', property: 'serviceCounters', number: 13, kind: 'message', type: serviceCountersType, hasPresence: true, oneof: 'body' },
  { name: 'flow_logs', property: 'flowLogs', number: 14, kind: 'message', type: flowLogStatesType, hasPresence: true, oneof: 'body' },
  { name: 'uplinks', property: 'uplinks', number: 15, kind: 'message', type: uplinkStatesType, hasPresence: true, oneof: 'body' },
  { name: 'capture', property: 'capture', number: 16, kind: 'message', type: captureReadingType, hasPresence: true, oneof: 'body' },
], ['body']);
