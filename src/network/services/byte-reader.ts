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
    return this.#bytes[this.#take(1)] ?? 0;
  }

  u16(): number {
    const at = this.#take(2);
    return (this.#bytes[at] ?? 0) * 256 + (this.#bytes[at + 1] ?? 0);
  }

  u32(): number {
    const at = this.#take(4);
    const [first = 0, second = 0, third = 0, fourth = 0] = this.#bytes.subarray(at, at + 4);
    return first * 2 ** 24 + ((second << 16) | (third << 8) | fourth);
  }

  /** The next bytes, as a view of the original; empty when there are not as many. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, this.#at);
  }

  /** What was read from an earlier offset on, as a view of the original. */
  since(offset: number): Uint8Array {
    return this.#bytes.subarray(offset, this.#at);
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  /** @returns where the next bytes begin; the end if there are not as many. */
  #take(length: number): number {
    if (length > this.left) {
      this.#isShort = true;
      this.#at = this.#bytes.length;
      return this.#at;
    }
    this.#at += length;
    return this.#at - length;
  }
}
