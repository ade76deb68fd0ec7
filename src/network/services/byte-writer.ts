// SPDX-License-Identifier: Apache-2.0

// Builds an answer in network order. What is written is our own: a value outside its field is a bug
// and throws a RangeError.

const firstBytes = 512; // Most answers fit; a larger one doubles it.

/** A buffer that grows at its end. */
export class ByteWriter {
  #buffer = Buffer.alloc(firstBytes);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const from = this.#grow(1); // First: it may change the buffer.
    this.#buffer.writeUInt8(value, from);
    return this;
  }

  u16(value: number): this {
    const from = this.#grow(2); // First: it may change the buffer.
    this.#buffer.writeUInt16BE(value, from);
    return this;
  }

  u32(value: number): this {
    const from = this.#grow(4); // First: it may change the buffer.
    this.#buffer.writeUInt32BE(value, from);
    return this;
  }

  bytes(value: Uint8Array): this {
    const from = this.#grow(value.length);
    this.#buffer.set(value, from);
    return this;
  }

  zeros(count: number): this {
    this.#grow(count); // The buffer is zeros where nothing was written.
    return this;
  }

  /** What has been written, as a view that later writes may leave behind. */
  take(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** @returns where the new bytes begin. */
  #grow(count: number): number {
    const from = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#length, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return from;
  }
}
