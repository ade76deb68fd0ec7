// SPDX-License-Identifier: Apache-2.0

/** A line without its ending. */
export interface DecodedLine {
  readonly text: string;
  /** The line was longer than the decoder keeps; `text` is its beginning. */
  readonly isCut: boolean;
}

const newline = 0x0a;

/**
 * Cuts a byte stream into UTF-8 lines, however the bytes arrive. Keeps at most `lineMaxBytes` of an
 * unfinished line, so that a peer that never ends one costs a bounded amount of memory.
 */
export class LineDecoder {
  readonly #lineMaxBytes: number;
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;
  #isCut = false;

  constructor(lineMaxBytes: number) {
    this.#lineMaxBytes = lineMaxBytes;
  }

  /** The lines that `chunk` completes. `\r\n` ends a line as `\n` does. */
  push(chunk: Uint8Array): readonly DecodedLine[] {
    const lines: DecodedLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, end));
      lines.push(this.#take());
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  /** The unfinished last line, if there is one, as a line. For the end of a stream. */
  finish(): DecodedLine | undefined {
    return this.#sizeBytes === 0 ? undefined : this.#take();
  }

  /** Forgets the unfinished line. */
  reset(): void {
    this.#parts = [];
    this.#sizeBytes = 0;
    this.#isCut = false;
  }

  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#lineMaxBytes - this.#sizeBytes);
    if (kept.length < bytes.length) this.#isCut = true;
    if (kept.length === 0) return;
    this.#parts.push(Uint8Array.from(kept)); // A copy: the stream may use its buffer again.
    this.#sizeBytes += kept.length;
  }

  #take(): DecodedLine {
    const text = Buffer.concat(this.#parts).toString('utf8').replace(/\r$/, '');
    const line = { text, isCut: this.#isCut };
    this.reset();
    return line;
  }
}
