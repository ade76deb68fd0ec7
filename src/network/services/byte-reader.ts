// SPDX-License-Identifier: Apache-2.0

// Reads numbers and bytes in network order out of what a guest sent. Running past the end never
// throws: it reads zeros and sets `isShort`, so that a decoder reads a whole header and then asks
// once whether it was there.

/** A cursor over bytes that it does not own. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #isShort = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether anything was asked for beyond the end. Once true it stays so. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#number(1);
  }

  u16(): number {
    return this.#number(2);
  }

  u32(): number {
    return this.#number(4);
  }

  /** The next bytes, as a view of the original; empty when there are not as many. */
  bytes(length: number): Uint8Array {
    if (length > this.left) {
      this.#isShort = true;
      this.#at = this.#bytes.length;
      return this.#bytes.subarray(this.#at);
    }
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  #number(length: number): number {
    // Multiplied and not shifted: 32 bits do not fit a signed shift.
    return this.bytes(length).reduce((value, byte) => value * 256 + byte, 0);
  }
}
