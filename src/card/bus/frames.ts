// SPDX-License-Identifier: Apache-2.0

// Frames on the card bus: four bytes of length, most significant first, then that many bytes.

import { ArgonError } from '../../base/errors.ts';

/** A frame's bytes at most. Checked from the length, before anything is kept for it. */
export const frameBytesMax = 1024 * 1024;

/**
 * A request's bytes at most, length included: less than what the kernel keeps in one buffer of a
 * unix socket, so that one write puts in the whole of it or nothing. Whoever is killed while it
 * asks leaves no half request behind.
 */
export const requestBytesMax = 16 * 1024;

const lengthBytes = 4;

/**
 * What a card process inherits: its end of the bus and, with the flag, of a slot channel, and
 * memory for its counters.
 */
export const inheritedFd = { bus: 3, slotChannel: 4, counters: 5 } as const;
export const slotChannelFlag = '--slot-channel';
/** With it the process is a network card, which counts in memory of its own. */
export const networkFlag = '--network';

export function encodeFrame(body: Uint8Array): Buffer {
  return frameOf(body, frameBytesMax);
}

export function encodeRequestFrame(body: Uint8Array): Buffer {
  return frameOf(body, requestBytesMax - lengthBytes);
}

function frameOf(body: Uint8Array, bytesMax: number): Buffer {
  if (body.length > bytesMax) {
    throw new ArgonError('resource-exhausted', `a card bus frame of ${body.length} bytes`);
  }
  const frame = Buffer.allocUnsafe(lengthBytes + body.length);
  frame.writeUInt32BE(body.length, 0);
  frame.set(body, lengthBytes);
  return frame;
}

/** Puts frames together from chunks of any size. */
export class FrameDecoder {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * The frames that are whole with this chunk.
   * @throws ArgonError aborted if a frame is longer than allowed; the stream is useless then.
   */
  push(chunk: Uint8Array): readonly Buffer[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Buffer[] = [];
    for (;;) {
      if (this.#pending.length < lengthBytes) return frames;
      const length = this.#pending.readUInt32BE(0);
      if (length > frameBytesMax) {
        throw new ArgonError('aborted', `a card bus frame announces ${length} bytes`);
      }
      const end = lengthBytes + length;
      if (this.#pending.length < end) return frames;
      frames.push(this.#pending.subarray(lengthBytes, end));
      this.#pending = this.#pending.subarray(end);
    }
  }
}
