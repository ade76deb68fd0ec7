// Written from argon/v1/host.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { blockLimitsType, conditionType, type BlockLimits, type Condition } from './common.ts';

export type PartKind =
  | 'PART_KIND_UNSPECIFIED'
  | 'PART_KIND_CONTROLLER'
  | 'PART_KIND_BACKPLANE'
  | 'PART_KIND_BLOCK_CARD'
  | 'PART_KIND_NETWORK_CARD'
  | 'PART_KIND_QEMU';

export const partKindType: EnumType<PartKind> = enumType('argon.v1.PartKind', [
  ['PART_KIND_UNSPECIFIED', 0],
  ['PART_KIND_CONTROLLER', 1],
  ['PART_KIND_BACKPLANE', 2],
  ['PART_KIND_BLOCK_CARD', 3],
  ['PART_KIND_NETWORK_CARD', 4],
  ['PART_KIND_QEMU', 5],
]);

export type PartState =
  | 'PART_STATE_UNSPECIFIED'
  | 'PART_STATE_STARTING'
  | 'PART_STATE_RUNNING'
  | 'PART_STATE_BACKING_OFF'
  | 'PART_STATE_STOPPING';

export const partStateType: EnumType<PartState> = enumType('argon.v1.PartState', [
  ['PART_STATE_UNSPECIFIED', 0],
  ['PART_STATE_STARTING', 1],
  ['PART_STATE_RUNNING', 2],
  /** It ended, and is started again after a pause. */
  ['PART_STATE_BACKING_OFF', 3],
  ['PART_STATE_STOPPING', 4],
]);

/** What a host is for. It is said when the host is started for the first time, and stays. */
export type HostEnvironment =
  | 'HOST_ENVIRONMENT_UNSPECIFIED'
  | 'HOST_ENVIRONMENT_PRODUCTION'
  | 'HOST_ENVIRONMENT_TEST';

export const hostEnvironmentType: EnumType<HostEnvironment> = enumType('argon.v1.HostEnvironment', [
  ['HOST_ENVIRONMENT_UNSPECIFIED', 0],
  /** Nobody sees what guests say to each other. */
  ['HOST_ENVIRONMENT_PRODUCTION', 1],
  /** Headers of frames can be captured. */
  ['HOST_ENVIRONMENT_TEST', 2],
]);

/** A process of the host. */
export interface Part {
  /** As in "block-card". */
  readonly id: string;
  readonly kind: PartKind;
  readonly state: PartState;
  readonly pid: number;
  /** How often it was started after the first time. */
  readonly restarts: number;
  readonly startTime?: Date | undefined;
  readonly conditions: readonly Condition[];
}

export const partType: MessageType<Part> = messageType('argon.v1.Part', [
  { name: 'id', property: 'id', number: 1, kind: 'string', rules: { pattern: /^[a-z][a-z0-9-]{0,62}$/u } },
  { name: 'kind', property: 'kind', number: 2, kind: 'enum', type: partKindType },
  { name: 'state', property: 'state', number: 3, kind: 'enum', type: partStateType },
  { name: 'pid', property: 'pid', number: 4, kind: 'uint32' },
  { name: 'restarts', property: 'restarts', number: 5, kind: 'uint32' },
  { name: 'start_time', property: 'startTime', number: 6, kind: 'timestamp', hasPresence: true },
  { name: 'conditions', property: 'conditions', number: 7, kind: 'message', type: conditionType, isRepeated: true, maxItems: 16 },
]);

export interface HostInfo {
  /** (Set by the host alone.) */
  readonly version: string;
  /** (Set by the host alone.) */
  readonly startTime?: Date | undefined;
  /** Exactly the parts that run (claim A1). (Set by the host alone.) */
  readonly parts: readonly Part[];
  /** Limits that all volumes share. */
  readonly limits?: BlockLimits | undefined;
  /** (Set by the host alone.) */
  readonly environment: HostEnvironment;
}

export const hostInfoType: MessageType<HostInfo> = messageType('argon.v1.HostInfo', [
  { name: 'version', property: 'version', number: 1, kind: 'string', behavior: 'output-only', rules: { maxLength: 64 } },
  { name: 'start_time', property: 'startTime', number: 2, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'parts', property: 'parts', number: 3, kind: 'message', type: partType, isRepeated: true, behavior: 'output-only', maxItems: 1000 },
  { name: 'limits', property: 'limits', number: 4, kind: 'message', type: blockLimitsType, hasPresence: true },
  { name: 'environment', property: 'environment', number: 5, kind: 'enum', type: hostEnvironmentType, behavior: 'output-only' },
]);

export type GetHostRequest = Readonly<Record<string, never>>;

export const getHostRequestType: MessageType<GetHostRequest> = messageType('argon.v1.GetHostRequest', []);

export interface UpdateHostRequest {
  readonly host?: HostInfo | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateHostRequestType: MessageType<UpdateHostRequest> = messageType('argon.v1.UpdateHostRequest', [
  { name: 'host', property: 'host', number: 1, kind: 'message', type: hostInfoType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['limits'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface ShutDownRequest {
  /** How long each guest has to power off; 0 is 60 s. */
  readonly timeoutMs: number;
  /** Cuts the guests' power at once. */
  readonly force: boolean;
}

export const shutDownRequestType: MessageType<ShutDownRequest> = messageType('argon.v1.ShutDownRequest', [
  { name: 'timeout_ms', property: 'timeoutMs', number: 1, kind: 'uint32', unit: 'ms', rules: { lte: 600000 } },
  { name: 'force', property: 'force', number: 2, kind: 'bool' },
]);

/** The answer comes when guests and cards are gone; the controller ends after it. */
export type ShutDownResponse = Readonly<Record<string, never>>;

export const shutDownResponseType: MessageType<ShutDownResponse> = messageType('argon.v1.ShutDownResponse', []);
