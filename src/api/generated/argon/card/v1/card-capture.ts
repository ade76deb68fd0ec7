// Written from argon/card/v1/card_capture.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../../schema.ts';

/** A card of a production host captures nothing. */
export type HostEnvironment =
  | 'HOST_ENVIRONMENT_UNSPECIFIED'
  | 'HOST_ENVIRONMENT_PRODUCTION'
  | 'HOST_ENVIRONMENT_TEST';

export const hostEnvironmentType: EnumType<HostEnvironment> = enumType('argon.card.v1.HostEnvironment', [
  ['HOST_ENVIRONMENT_UNSPECIFIED', 0],
  ['HOST_ENVIRONMENT_PRODUCTION', 1],
  ['HOST_ENVIRONMENT_TEST', 2],
]);

export type CaptureEnd =
  | 'CAPTURE_END_UNSPECIFIED'
  | 'CAPTURE_END_FRAMES'
  | 'CAPTURE_END_BYTES'
  | 'CAPTURE_END_TIME'
  | 'CAPTURE_END_STOPPED'
  | 'CAPTURE_END_ABANDONED'
  | 'CAPTURE_END_INTERFACE_GONE'
  | 'CAPTURE_END_FAILED';

export const captureEndType: EnumType<CaptureEnd> = enumType('argon.card.v1.CaptureEnd', [
  /** It goes on. */
  ['CAPTURE_END_UNSPECIFIED', 0],
  ['CAPTURE_END_FRAMES', 1],
  ['CAPTURE_END_BYTES', 2],
  ['CAPTURE_END_TIME', 3],
  ['CAPTURE_END_STOPPED', 4],
  /** Nobody read it any more. */
  ['CAPTURE_END_ABANDONED', 5],
  ['CAPTURE_END_INTERFACE_GONE', 6],
  ['CAPTURE_END_FAILED', 7],
]);

/** There is one at a time. What it has stays as long as somebody reads it now and then. */
export interface StartCapture {
  readonly capture: string;
  /** The interface's number, and what the file calls it. */
  readonly index: number;
  readonly interface: string;
  /** It ends with the first of these that is reached. */
  readonly framesMax: number;
  readonly bytesMax: number;
  readonly secondsMax: number;
}

export const startCaptureType: MessageType<StartCapture> = messageType('argon.card.v1.StartCapture', [
  { name: 'capture', property: 'capture', number: 1, kind: 'string', rules: { pattern: /^cap-[0-9a-f]{17}$/u } },
  { name: 'index', property: 'index', number: 2, kind: 'uint32', rules: { lte: 4095 } },
  { name: 'interface', property: 'interface', number: 3, kind: 'string', rules: { pattern: /^eni-[0-9a-f]{17}$/u } },
  { name: 'frames_max', property: 'framesMax', number: 4, kind: 'uint32', rules: { lte: 1000000, gte: 1 } },
  { name: 'bytes_max', property: 'bytesMax', number: 5, kind: 'uint32', unit: 'bytes', rules: { lte: 16777216, gte: 4096 } },
  { name: 'seconds_max', property: 'secondsMax', number: 6, kind: 'uint32', rules: { lte: 3600, gte: 1 } },
]);

export interface ReadCapture {
  readonly capture: string;
  readonly offset: number;
}

export const readCaptureType: MessageType<ReadCapture> = messageType('argon.card.v1.ReadCapture', [
  { name: 'capture', property: 'capture', number: 1, kind: 'string', rules: { pattern: /^cap-[0-9a-f]{17}$/u } },
  { name: 'offset', property: 'offset', number: 2, kind: 'uint32', unit: 'bytes' },
]);

export interface CaptureTarget {
  readonly capture: string;
}

export const captureTargetType: MessageType<CaptureTarget> = messageType('argon.card.v1.CaptureTarget', [
  { name: 'capture', property: 'capture', number: 1, kind: 'string', rules: { pattern: /^cap-[0-9a-f]{17}$/u } },
]);

export interface CaptureReading {
  readonly end: CaptureEnd;
  readonly frames: number;
  /** For want of room on their way; at least so many. */
  readonly framesLost: bigint;
  /** Of the file so far. */
  readonly sizeBytes: number;
  /** Of the file, from the offset that was asked for. */
  readonly data: Uint8Array;
}

export const captureReadingType: MessageType<CaptureReading> = messageType('argon.card.v1.CaptureReading', [
  { name: 'end', property: 'end', number: 1, kind: 'enum', type: captureEndType },
  { name: 'frames', property: 'frames', number: 2, kind: 'uint32' },
  { name: 'frames_lost', property: 'framesLost', number: 3, kind: 'uint64' },
  { name: 'size_bytes', property: 'sizeBytes', number: 4, kind: 'uint32', unit: 'bytes' },
  { name: 'data', property: 'data', number: 5, kind: 'bytes', rules: { maxLength: 524288 } },
]);
