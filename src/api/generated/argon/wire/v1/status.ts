// Written from argon/wire/v1/status.proto by `npm run generate`; not edited by hand.

import { messageType, type MessageType } from '../../../../schema.ts';

/** google.protobuf.Any. */
export interface Detail {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

export const detailType: MessageType<Detail> = messageType('argon.wire.v1.Detail', [
  { name: 'type_url', property: 'typeUrl', number: 1, kind: 'string', rules: { maxLength: 128 } },
  { name: 'value', property: 'value', number: 2, kind: 'bytes', rules: { maxLength: 65536 } },
]);

/** google.rpc.Status. */
export interface Status {
  readonly code: number;
  readonly message: string;
  readonly details: readonly Detail[];
}

export const statusType: MessageType<Status> = messageType('argon.wire.v1.Status', [
  { name: 'code', property: 'code', number: 1, kind: 'int32' },
  { name: 'message', property: 'message', number: 2, kind: 'string', rules: { maxLength: 2048 } },
  { name: 'details', property: 'details', number: 3, kind: 'message', type: detailType, isRepeated: true, maxItems: 8 },
]);

/** An entry of the map. */
export interface ErrorInfoMetadata {
  readonly key: string;
  readonly value: string;
}

export const errorInfoMetadataType: MessageType<ErrorInfoMetadata> = messageType('argon.wire.v1.ErrorInfo.Metadata', [
  { name: 'key', property: 'key', number: 1, kind: 'string', rules: { pattern: /^[a-z][A-Za-z0-9_-]{0,62}$/u } },
  { name: 'value', property: 'value', number: 2, kind: 'string', rules: { maxLength: 1024 } },
]);

/** google.rpc.ErrorInfo. */
export interface ErrorInfo {
  /** In capitals, as in "VOLUME_IN_USE". */
  readonly reason: string;
  readonly domain: string;
  readonly metadata: readonly ErrorInfoMetadata[];
}

export const errorInfoType: MessageType<ErrorInfo> = messageType('argon.wire.v1.ErrorInfo', [
  { name: 'reason', property: 'reason', number: 1, kind: 'string', rules: { pattern: /^[A-Z][A-Z0-9_]{0,62}$/u } },
  { name: 'domain', property: 'domain', number: 2, kind: 'string', rules: { maxLength: 64 } },
  { name: 'metadata', property: 'metadata', number: 3, kind: 'message', type: errorInfoMetadataType, isRepeated: true, maxItems: 32 },
]);

export interface BadRequestFieldViolation {
  readonly field: string;
  readonly description: string;
}

export const badRequestFieldViolationType: MessageType<BadRequestFieldViolation> = messageType('argon.wire.v1.BadRequest.FieldViolation', [
  { name: 'field', property: 'field', number: 1, kind: 'string', rules: { maxLength: 512 } },
  { name: 'description', property: 'description', number: 2, kind: 'string', rules: { maxLength: 512 } },
]);

/** google.rpc.BadRequest. */
export interface BadRequest {
  readonly fieldViolations: readonly BadRequestFieldViolation[];
}

export const badRequestType: MessageType<BadRequest> = messageType('argon.wire.v1.BadRequest', [
  { name: 'field_violations', property: 'fieldViolations', number: 1, kind: 'message', type: badRequestFieldViolationType, isRepeated: true, maxItems: 16 },
]);
