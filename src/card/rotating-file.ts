// SPDX-License-Identifier: Apache-2.0

// A file that grows up to a size, then begins anew; some of those before are kept, with a number
// behind their names. Only its owner reads it. Whole lines or nothing: what a full disk has cut off
// is taken away again.

import { type FileHandle, open, rename } from 'node:fs/promises';

import { ArgonError, codeOfErrno, errnoName } from '../base/errors.ts';

export interface RotatingFileOptions {
  readonly path: string;
  /** The first line of each file, without its end. */
  readonly header: string;
  /** What a file may have at most. */
  readonly bytesMax: number;
  /** Files besides the one that grows. */
  readonly keptMax: number;
}

export class RotatingFile implements AsyncDisposable {
  readonly #options: RotatingFileOptions;
  #file: FileHandle | undefined;
  /** What is whole. */
  #sizeBytes = 0;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /**
   * Adds whole lines. One call at a time.
   * @throws ArgonError; then nothing was added, and the next call tries once more.
   */
  async append(lines: string): Promise<void> {
    const bytes = Buffer.from(lines);
    try {
      let file = this.#file ?? (await this.#open());
      const isFull = this.#sizeBytes + bytes.length > this.#options.bytesMax;
      if (isFull && this.#sizeBytes > this.#headerBytes) file = await this.#rotate();
      await file.appendFile(bytes);
      this.#sizeBytes += bytes.length;
    } catch (thrown) {
      await this.#giveUp();
      const errno = errnoName(thrown);
      const message = `a flow log cannot be written (${errno ?? 'unknown'})`;
      throw new ArgonError(codeOfErrno(errno), message, { cause: thrown });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  get #headerBytes(): number {
    return Buffer.byteLength(this.#options.header) + 1;
  }

  async #open(): Promise<FileHandle> {
    const { path, header } = this.#options;
    const file = await open(path, 'a', 0o600);
    this.#file = file;
    const { size } = await file.stat();
    this.#sizeBytes = size;
    if (size === 0) {
      await file.appendFile(`${header}\n`);
      this.#sizeBytes = this.#headerBytes;
    }
    return file;
  }

  async #rotate(): Promise<FileHandle> {
    const { path, keptMax } = this.#options;
    await this[Symbol.asyncDispose]();
    for (let number = keptMax; number > 0; number -= 1) {
      const older = number === 1 ? path : `${path}.${number - 1}`;
      await rename(older, `${path}.${number}`).catch(ignoreMissing);
    }
    return this.#open();
  }

  // A line may have been written in part.
  async #giveUp(): Promise<void> {
    await this.#file?.truncate(this.#sizeBytes).catch(() => {});
    await this[Symbol.asyncDispose]().catch(() => {});
  }
}

function ignoreMissing(thrown: unknown): void {
  if (errnoName(thrown) !== 'ENOENT') throw thrown;
}
