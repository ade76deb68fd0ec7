// SPDX-License-Identifier: Apache-2.0

/**
 * A queue between a synchronous event listener and one asynchronous reader. `push` never blocks;
 * the reader takes one item at a time, in order. `end` lets the reader finish after what is queued.
 */
export class AsyncQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = [];
  readonly #limit: number;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #droppedCount = 0;

  /** `limit`: items kept at most; the oldest goes first when the reader is too slow. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Items that were dropped because the reader was slow. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  push(item: Item): void {
    if (this.#isEnded) return;
    this.#items.push(item);
    if (this.#items.length > this.#limit) {
      this.#items.shift();
      this.#droppedCount += 1;
    }
    this.#wake?.();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    for (;;) {
      for (const value of this.#items.splice(0, 1)) return { done: false, value };
      if (this.#isEnded) return { done: true, value: undefined };
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      await woken.promise;
      this.#wake = undefined;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
