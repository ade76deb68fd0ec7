// SPDX-License-Identifier: Apache-2.0

// How a controller that was started again takes a card bus over. The one before it may have left
// requests unanswered and half an answer unread; what it sent is whole, because a request is one
// write that the kernel takes whole or not at all (frames.ts). So the new one asks for a resync,
// with a nonce. When nothing of what was asked before is under way any more, the card writes the
// nonce's text between two frames; what comes before it is nobody's.

import { randomBytes } from 'node:crypto';

import { ArgonError } from '../../base/errors.ts';

const nonceBytes = 16;
// Room for what can be unread: answers that are under way, and a socket's buffer. Arbitrary beyond.
const skippedBytesMax = 256 * 1024 * 1024;

/** A text that has not been on any bus before. */
export function createNonce(): string {
  return randomBytes(nonceBytes).toString('hex');
}

/** Looks for a nonce in chunks of any size, and keeps nothing else. */
export class NonceScanner {
  readonly #nonce: Buffer;
  #tail: Buffer = Buffer.alloc(0);
  #skippedBytes = 0;

  constructor(nonce: string) {
    this.#nonce = Buffer.from(nonce, 'latin1');
  }

  /**
   * What follows the nonce, or undefined if it has not come.
   * @throws ArgonError aborted if it has not come in more than there can be.
   */
  push(chunk: Uint8Array): Buffer | undefined {
    const bytes = Buffer.concat([this.#tail, chunk]);
    const at = bytes.indexOf(this.#nonce);
    if (at >= 0) return bytes.subarray(at + this.#nonce.length);
    this.#skippedBytes += chunk.length;
    if (this.#skippedBytes > skippedBytesMax) {
      throw new ArgonError('aborted', 'the card does not come to its answer to a resync');
    }
    this.#tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - this.#nonce.length + 1)));
    return undefined;
  }
}
