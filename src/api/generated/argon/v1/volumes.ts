// Written from argon/v1/volumes.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';
import { blockLimitsType, conditionType, type BlockLimits, type Condition } from './common.ts';

export type VolumeCipher =
  | 'VOLUME_CIPHER_UNSPECIFIED'
  | 'VOLUME_CIPHER_AES_256_XTS'
  | 'VOLUME_CIPHER_NONE';

export const volumeCipherType: EnumType<VolumeCipher> = enumType('argon.v1.VolumeCipher', [
  ['VOLUME_CIPHER_UNSPECIFIED', 0],
  ['VOLUME_CIPHER_AES_256_XTS', 1],
  /** Readable by whoever reads the file: an explicit choice. */
  ['VOLUME_CIPHER_NONE', 2],
]);

export type VolumeState =
  | 'VOLUME_STATE_UNSPECIFIED'
  | 'VOLUME_STATE_CREATING'
  | 'VOLUME_STATE_AVAILABLE'
  | 'VOLUME_STATE_IN_USE'
  | 'VOLUME_STATE_DELETING'
  | 'VOLUME_STATE_ERROR';

export const volumeStateType: EnumType<VolumeState> = enumType('argon.v1.VolumeState', [
  ['VOLUME_STATE_UNSPECIFIED', 0],
  ['VOLUME_STATE_CREATING', 1],
  ['VOLUME_STATE_AVAILABLE', 2],
  ['VOLUME_STATE_IN_USE', 3],
  ['VOLUME_STATE_DELETING', 4],
  /** Its files are gone or damaged; a condition says which. */
  ['VOLUME_STATE_ERROR', 5],
]);

export type AttachmentState =
  | 'ATTACHMENT_STATE_UNSPECIFIED'
  | 'ATTACHMENT_STATE_ATTACHING'
  | 'ATTACHMENT_STATE_ATTACHED'
  | 'ATTACHMENT_STATE_DETACHING'
  | 'ATTACHMENT_STATE_BUSY';

export const attachmentStateType: EnumType<AttachmentState> = enumType('argon.v1.AttachmentState', [
  ['ATTACHMENT_STATE_UNSPECIFIED', 0],
  /**
   * The device is plugged, or will be when the instance starts; the driver does not have it
   * yet.
   */
  ['ATTACHMENT_STATE_ATTACHING', 1],
  ['ATTACHMENT_STATE_ATTACHED', 2],
  ['ATTACHMENT_STATE_DETACHING', 3],
  /** The guest was asked to let go and did not. */
  ['ATTACHMENT_STATE_BUSY', 4],
]);

export interface Attachment {
  readonly instance: string;
  readonly state: AttachmentState;
  /** Which of the instance's hot-plug slots. */
  readonly slot: number;
  readonly readOnly: boolean;
  readonly attachTime?: Date | undefined;
}

export const attachmentType: MessageType<Attachment> = messageType('argon.v1.Attachment', [
  { name: 'instance', property: 'instance', number: 1, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'state', property: 'state', number: 2, kind: 'enum', type: attachmentStateType },
  { name: 'slot', property: 'slot', number: 3, kind: 'uint32', rules: { lte: 63 } },
  { name: 'read_only', property: 'readOnly', number: 4, kind: 'bool' },
  { name: 'attach_time', property: 'attachTime', number: 5, kind: 'timestamp', hasPresence: true },
]);

export interface Volume {
  /** "volumes/" and the volume's id, which is also the serial number that a guest reads. */
  readonly name: string;
  /** A display name: lower-case letters, digits and dashes. No two of a lab file share one. */
  readonly displayName: string;
  /** How large it is: a multiple of 4096. A volume only grows. */
  readonly sizeBytes: bigint;
  /** How its blocks are encrypted: AES_256_XTS where nothing is said. (Never changed.) */
  readonly cipher: VolumeCipher;
  /** (Set by the host alone.) */
  readonly state: VolumeState;
  /** (Set by the host alone.) */
  readonly conditions: readonly Condition[];
  /**
   * Where the content came from; empty for a volume that was made empty. (Set by the host
   * alone.)
   */
  readonly source: string;
  /** (Set by the host alone.) */
  readonly createTime?: Date | undefined;
  /** Limits of its I/O. */
  readonly limits?: BlockLimits | undefined;
  /** Where it is attached, if it is. (Set by the host alone.) */
  readonly attachment?: Attachment | undefined;
  /** Changes with every change; an update that gives an older one is refused. */
  readonly etag: string;
}

export const volumeType: MessageType<Volume> = messageType('argon.v1.Volume', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(volumes\/vol[0-9a-f]{17})?$/u } },
  { name: 'display_name', property: 'displayName', number: 2, kind: 'string', rules: { pattern: /^([a-z][a-z0-9-]{0,62})?$/u } },
  { name: 'size_bytes', property: 'sizeBytes', number: 3, kind: 'uint64', unit: 'bytes', rules: { lte: 281474976710656n } },
  { name: 'cipher', property: 'cipher', number: 4, kind: 'enum', type: volumeCipherType, behavior: 'immutable' },
  { name: 'state', property: 'state', number: 5, kind: 'enum', type: volumeStateType, behavior: 'output-only' },
  { name: 'conditions', property: 'conditions', number: 6, kind: 'message', type: conditionType, isRepeated: true, behavior: 'output-only', maxItems: 16 },
  { name: 'source', property: 'source', number: 7, kind: 'string', behavior: 'output-only', rules: { maxLength: 256 } },
  { name: 'create_time', property: 'createTime', number: 8, kind: 'timestamp', hasPresence: true, behavior: 'output-only' },
  { name: 'limits', property: 'limits', number: 9, kind: 'message', type: blockLimitsType, hasPresence: true },
  { name: 'attachment', property: 'attachment', number: 10, kind: 'message', type: attachmentType, hasPresence: true, behavior: 'output-only' },
  { name: 'etag', property: 'etag', number: 11, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
]);

export interface CreateVolumeRequest {
  readonly volume?: Volume | undefined;
  /** The same id with the same request makes one volume, however often it is sent. */
  readonly requestId: string;
  /** Checks everything and changes nothing. */
  readonly validateOnly: boolean;
}

export const createVolumeRequestType: MessageType<CreateVolumeRequest> = messageType('argon.v1.CreateVolumeRequest', [
  { name: 'volume', property: 'volume', number: 1, kind: 'message', type: volumeType, hasPresence: true, isRequired: true },
  { name: 'request_id', property: 'requestId', number: 2, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 3, kind: 'bool' },
]);

export interface GetVolumeRequest {
  readonly name: string;
}

export const getVolumeRequestType: MessageType<GetVolumeRequest> = messageType('argon.v1.GetVolumeRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
]);

export interface ListVolumesRequest {
  /** 0 is 100. */
  readonly pageSize: number;
  readonly pageToken: string;
}

export const listVolumesRequestType: MessageType<ListVolumesRequest> = messageType('argon.v1.ListVolumesRequest', [
  { name: 'page_size', property: 'pageSize', number: 1, kind: 'uint32', rules: { lte: 1000 } },
  { name: 'page_token', property: 'pageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface ListVolumesResponse {
  readonly volumes: readonly Volume[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

export const listVolumesResponseType: MessageType<ListVolumesResponse> = messageType('argon.v1.ListVolumesResponse', [
  { name: 'volumes', property: 'volumes', number: 1, kind: 'message', type: volumeType, isRepeated: true, maxItems: 1000 },
  { name: 'next_page_token', property: 'nextPageToken', number: 2, kind: 'string', rules: { maxLength: 256 } },
]);

export interface UpdateVolumeRequest {
  readonly volume?: Volume | undefined;
  readonly updateMask?: readonly string[] | undefined;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const updateVolumeRequestType: MessageType<UpdateVolumeRequest> = messageType('argon.v1.UpdateVolumeRequest', [
  { name: 'volume', property: 'volume', number: 1, kind: 'message', type: volumeType, hasPresence: true, isRequired: true },
  { name: 'update_mask', property: 'updateMask', number: 2, kind: 'field-mask', hasPresence: true, isRequired: true, rules: { in: ['display_name', 'size_bytes', 'limits'] } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);

export interface DeleteVolumeRequest {
  readonly name: string;
  readonly etag: string;
  readonly requestId: string;
  readonly validateOnly: boolean;
  /** A volume that is gone already is no error. */
  readonly allowMissing: boolean;
}

export const deleteVolumeRequestType: MessageType<DeleteVolumeRequest> = messageType('argon.v1.DeleteVolumeRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'etag', property: 'etag', number: 2, kind: 'string', rules: { pattern: /^([0-9a-f]{16})?$/u } },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
  { name: 'allow_missing', property: 'allowMissing', number: 5, kind: 'bool' },
]);

export type DeleteVolumeResponse = Readonly<Record<string, never>>;

export const deleteVolumeResponseType: MessageType<DeleteVolumeResponse> = messageType('argon.v1.DeleteVolumeResponse', []);

export interface AttachVolumeRequest {
  readonly name: string;
  readonly instance: string;
  readonly readOnly: boolean;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const attachVolumeRequestType: MessageType<AttachVolumeRequest> = messageType('argon.v1.AttachVolumeRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'instance', property: 'instance', number: 2, kind: 'string', rules: { pattern: /^instances\/i-[0-9a-f]{17}$/u } },
  { name: 'read_only', property: 'readOnly', number: 3, kind: 'bool' },
  { name: 'request_id', property: 'requestId', number: 4, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 5, kind: 'bool' },
]);

export interface DetachVolumeRequest {
  readonly name: string;
  readonly force: boolean;
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export const detachVolumeRequestType: MessageType<DetachVolumeRequest> = messageType('argon.v1.DetachVolumeRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^volumes\/vol[0-9a-f]{17}$/u } },
  { name: 'force', property: 'force', number: 2, kind: 'bool' },
  { name: 'request_id', property: 'requestId', number: 3, kind: 'string', rules: { pattern: /^([0-9A-Za-z_-]{8,64})?$/u } },
  { name: 'validate_only', property: 'validateOnly', number: 4, kind: 'bool' },
]);
