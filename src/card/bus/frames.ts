// SPDX-License-Identifier: Apache-2.0

// Frames on the card bus: four bytes of length, most significant first, then that many bytes.

import { ArgonError } from '../../base/errors.ts';

/** A frame's bytes at most. Checked from the length, before anything is kept for it. */
export const frameBytesMax = 1024 * 1024;

const lengthBytes = 4;

export function encodeFrame(body: Uint8Array): Buffer {
  if (body.length > frameBytesMax) {
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
