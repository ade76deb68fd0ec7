// SPDX-License-Identifier: Apache-2.0

// Frames between controller and backplane, as native/backplane/spec/control.h lays them out.

import { ArgonError } from '../../base/errors.ts';
import { errorKinds, fromNative } from '../../native/error-kind.ts';

export const protocolVersion = 1;
/** `AB` and the version of the frames. */
export const frameMagic = 0x0001_4241;
export const headerBytes = 16;
export const slotRecordBytes = 320;
/** What an answer's payload has at most. */
export const answerBytesMax = 1024 * 1024;

export const methods = {
  hello: 1,
  openSlot: 2,
  closeSlot: 3,
  attachCard: 4,
  detachCard: 5,
  assign: 6,
  keepFd: 7,
  takeFd: 8,
  listFds: 9,
  dropFd: 10,
  listSlots: 11,
  listCards: 12,
  shutDown: 13,
} as const;
export type Method = keyof typeof methods;

/** What the backplane says of a slot. */
export interface SlotStatus {
  readonly slot: number;
  /** QEMU, or another front end, is connected. */
  readonly isFrontEndConnected: boolean;
  /** A card serves the slot: its session has all that the front end had set. */
  readonly isServed: boolean;
  /** The driver said DRIVER_OK or, where the front end does not tell, a ring runs. */
  readonly isDriverOk: boolean;
  /** The card that the slot is assigned to, alive or not. */
  readonly card: string | undefined;
  /** Why the slot is not served; empty while it is. */
  readonly parkedReason: string;
  readonly mapBytes: bigint;
  /** For how long the connected front end has been without a card; 0 if it is not. */
  readonly parkedForNs: bigint;
  /** Cards that took a running session over. */
  readonly replayCount: bigint;
  /** How long the front end was without a card, the last time and the longest time. */
  readonly lastStallNs: bigint;
  readonly longestStallNs: bigint;
  /** Messages of front ends that were passed on, and front ends that connected. */
  readonly messageCount: bigint;
  readonly frontEndCount: bigint;
}

export interface Request {
  readonly number: number;
  readonly method: Method;
  readonly payload: Uint8Array;
}

export function encodeRequest({ number, method, payload }: Request): Uint8Array {
  const frame = Buffer.alloc(headerBytes + payload.length);
  frame.writeUInt32LE(frameMagic, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.writeUInt32LE(number, 8);
  frame.writeUInt16LE(methods[method], 12);
  frame.set(payload, headerBytes);
  return frame;
}

/**
 * The payload of the answer to a request.
 * @throws ArgonError what the backplane refused with; aborted if it is no answer to the request.
 */
export function decodeAnswer(frame: Uint8Array, { number, method }: Request): Buffer {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const isWhole =
    bytes.length >= headerBytes &&
    bytes.readUInt32LE(0) === frameMagic &&
    bytes.readUInt32LE(4) === bytes.length - headerBytes;
  if (!isWhole || bytes.readUInt32LE(8) !== number || bytes.readUInt16LE(12) !== methods[method]) {
    throw new ArgonError('aborted', `the backplane's answer to ${method} is none`);
  }
  const payload = bytes.subarray(headerBytes);
  const status = bytes.readUInt16LE(14);
  if (status === 0) return payload;
  const kind = errorKinds[status - 1] ?? 'internal';
  throw fromNative(Object.assign(new Error(`backplane: ${payload.toString('utf8')}`), { kind }));
}

export function encodeText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** A slot's number and what follows it. */
export function encodeSlot(slot: number, rest = ''): Uint8Array {
  const number = Buffer.alloc(4);
  number.writeUInt32LE(slot);
  return Buffer.concat([number, encodeText(rest)]);
}

export function encodeSlotRequest(slot: number, mapBytes: bigint, socketPath: string): Uint8Array {
  const fixed = Buffer.alloc(16);
  fixed.writeUInt32LE(slot, 0);
  fixed.writeBigUInt64LE(mapBytes, 8);
  return Buffer.concat([fixed, encodeText(socketPath)]);
}

/** Names that end with a line feed each. */
export function decodeNames(payload: Buffer): readonly string[] {
  return payload.toString('utf8').split('\n').slice(0, -1);
}

export function decodeHello(payload: Buffer): { readonly version: number; readonly pid: number } {
  if (payload.length !== 8) throw new ArgonError('aborted', 'the backplane says hello otherwise');
  return { version: payload.readUInt32LE(0), pid: payload.readUInt32LE(4) };
}

/** @throws ArgonError aborted if these are no records. */
export function decodeSlots(payload: Buffer): readonly SlotStatus[] {
  if (payload.length % slotRecordBytes !== 0) {
    throw new ArgonError('aborted', `${payload.length} bytes of the backplane are no slots`);
  }
  const count = payload.length / slotRecordBytes;
  return Array.from({ length: count }, (_, index) =>
    decodeSlot(payload.subarray(index * slotRecordBytes, (index + 1) * slotRecordBytes)),
  );
}

function decodeSlot(record: Buffer): SlotStatus {
  const flags = record.readUInt32LE(4);
  const card = textOf(record.subarray(64, 168));
  return {
    slot: record.readUInt32LE(0),
    isFrontEndConnected: (flags & 1) !== 0,
    isServed: (flags & 2) !== 0,
    isDriverOk: (flags & 4) !== 0,
    card: card === '' ? undefined : card,
    parkedReason: textOf(record.subarray(168, 320)),
    mapBytes: record.readBigUInt64LE(8),
    parkedForNs: record.readBigUInt64LE(16),
    replayCount: record.readBigUInt64LE(24),
    lastStallNs: record.readBigUInt64LE(32),
    longestStallNs: record.readBigUInt64LE(40),
    messageCount: record.readBigUInt64LE(48),
    frontEndCount: record.readBigUInt64LE(56),
  };
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end);
}
