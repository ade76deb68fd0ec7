// Written from argon/v1/captures.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../schema.ts';

export type CaptureState =
  | 'CAPTURE_STATE_UNSPECIFIED'
  | 'CAPTURE_STATE_RUNNING'
  | 'CAPTURE_STATE_ENDED';

export const captureStateType: EnumType<CaptureState> = enumType('argon.v1.CaptureState', [
  ['CAPTURE_STATE_UNSPECIFIED', 0],
  ['CAPTURE_STATE_RUNNING', 1],
  ['CAPTURE_STATE_ENDED', 2],
]);

export type CaptureEndReason =
  | 'CAPTURE_END_REASON_UNSPECIFIED'
  | 'CAPTURE_END_REASON_FRAMES'
  | 'CAPTURE_END_REASON_BYTES'
  | 'CAPTURE_END_REASON_TIME'
  | 'CAPTURE_END_REASON_STOPPED'
  | 'CAPTURE_END_REASON_ABANDONED'
  | 'CAPTURE_END_REASON_INTERFACE_GONE'
  | 'CAPTURE_END_REASON_CARD_GONE'
  | 'CAPTURE_END_REASON_FAILED';

export const captureEndReasonType: EnumType<CaptureEndReason> = enumType('argon.v1.CaptureEndReason', [
  ['CAPTURE_END_REASON_UNSPECIFIED', 0],
  ['CAPTURE_END_REASON_FRAMES', 1],
  ['CAPTURE_END_REASON_BYTES', 2],
  ['CAPTURE_END_REASON_TIME', 3],
  ['CAPTURE_END_REASON_STOPPED', 4],
  /** Nobody read it for 15 seconds. */
  ['CAPTURE_END_REASON_ABANDONED', 5],
  /** The interface was detached, or its instance stopped. */
  ['CAPTURE_END_REASON_INTERFACE_GONE', 6],
  /** The card has ended, and what was not read has gone with it. */
  ['CAPTURE_END_REASON_CARD_GONE', 7],
  ['CAPTURE_END_REASON_FAILED', 8],
]);

export interface Capture {
  readonly name: string;
  /** (Set by the host alone.) */
  readonly state: CaptureState;
  /** Why it has ended. (Set by the host alone.) */
  readonly endReason: CaptureEndReason;
  /** So far. (Set by the host alone.) */
  readonly frames: number;
  /** For want of room on their way; at least so many. (Set by the host alone.) */
  readonly framesLost: bigint;
  /** Of the file so far. (Set by the host alone.) */
  readonly sizeBytes: number;
}

export const captureType: MessageType<Capture> = messageType('argon.v1.Capture', [
  { name: 'name', property: 'name', number: 1, kind: 'string', behavior: 'identifier', rules: { pattern: /^(interfaces\/eni-[0-9a-f]{17}\/captures\/cap-[0-9a-f]{17})?$/u } },
  { name: 'state', property: 'state', number: 2, kind: 'enum', type: captureStateType, behavior: 'output-only' },
  { name: 'end_reason', property: 'endReason', number: 3, kind: 'enum', type: captureEndReasonType, behavior: 'output-only' },
  { name: 'frames', property: 'frames', number: 4, kind: 'uint32', behavior: 'output-only' },
  { name: 'frames_lost', property: 'framesLost', number: 5, kind: 'uint64', behavior: 'output-only' },
  { name: 'size_bytes', property: 'sizeBytes', number: 6, kind: 'uint32', behavior: 'output-only', unit: 'bytes' },
]);

export interface StartCaptureRequest {
  readonly interface: string;
  /** It ends with the first of these that is reached; 0 is the largest that there may be. */
  readonly framesMax: number;
  /** 0, or 4096 or more. */
  readonly bytesMax: number;
  readonly secondsMax: number;
}

export const startCaptureRequestType: MessageType<StartCaptureRequest> = messageType('argon.v1.StartCaptureRequest', [
  { name: 'interface', property: 'interface', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}$/u } },
  { name: 'frames_max', property: 'framesMax', number: 2, kind: 'uint32', rules: { lte: 1000000 } },
  { name: 'bytes_max', property: 'bytesMax', number: 3, kind: 'uint32', unit: 'bytes', rules: { lte: 16777216 } },
  { name: 'seconds_max', property: 'secondsMax', number: 4, kind: 'uint32', rules: { lte: 3600 } },
]);

export interface ReadCaptureRequest {
  readonly name: string;
  /** Behind what was read before. */
  readonly offset: number;
}

export const readCaptureRequestType: MessageType<ReadCaptureRequest> = messageType('argon.v1.ReadCaptureRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}\/captures\/cap-[0-9a-f]{17}$/u } },
  { name: 'offset', property: 'offset', number: 2, kind: 'uint32', unit: 'bytes' },
]);

export interface ReadCaptureResponse {
  readonly capture?: Capture | undefined;
  /** Of a pcapng file; empty if there is no more yet. */
  readonly data: Uint8Array;
}

export const readCaptureResponseType: MessageType<ReadCaptureResponse> = messageType('argon.v1.ReadCaptureResponse', [
  { name: 'capture', property: 'capture', number: 1, kind: 'message', type: captureType, hasPresence: true },
  { name: 'data', property: 'data', number: 2, kind: 'bytes', rules: { maxLength: 524288 } },
]);

export interface StopCaptureRequest {
  readonly name: string;
}

export const stopCaptureRequestType: MessageType<StopCaptureRequest> = messageType('argon.v1.StopCaptureRequest', [
  { name: 'name', property: 'name', number: 1, kind: 'string', rules: { pattern: /^interfaces\/eni-[0-9a-f]{17}\/captures\/cap-[0-9a-f]{17}$/u } },
]);
