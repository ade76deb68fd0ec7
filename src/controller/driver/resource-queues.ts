// SPDX-License-Identifier: Apache-2.0

// One mutation at a time per resource. Whoever asks for several gets all of them at once, in the
// order of asking, so that nobody waits in a circle.

import { abortable, type Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';

// Arbitrary; a caller that sends more without waiting for answers is told so.
const defaultWaitingMax = 1_000;

export class ResourceQueues {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waitingMax: number;
  #waitingCount = 0;

  constructor(waitingMax = defaultWaitingMax) {
    this.#waitingMax = waitingMax;
  }

  /**
   * Calls `work` when nobody else works on any of the resources.
   * @throws ArgonError as `signal` ends while it waits, resource-exhausted if too many wait.
   */
  async run<Value>(
    resources: readonly string[],
    { signal }: Cancellable,
    work: () => Promise<Value>,
  ): Promise<Value> {
    if (this.#waitingCount >= this.#waitingMax) {
      throw new ArgonError('resource-exhausted', `${this.#waitingMax} requests wait already`);
    }
    const names = [...new Set(resources)];
    const previous = this.#previous(names);
    const done = Promise.withResolvers<void>();
    const tail = inOrder(previous, done.promise);
    for (const name of names) this.#tails.set(name, tail);
    this.#freeLater(names, tail).catch(() => {}); // No tail ever rejects.
    this.#waitingCount += 1;
    try {
      await abortable(previous, `waiting for ${names.join(', ')}`, { signal });
    } catch (thrown) {
      done.resolve();
      throw thrown;
    } finally {
      this.#waitingCount -= 1;
    }
    try {
      return await work();
    } finally {
      done.resolve();
    }
  }

  async #previous(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => this.#tails.get(name)));
  }

  async #freeLater(names: readonly string[], tail: Promise<void>): Promise<void> {
    await tail;
    for (const name of names) if (this.#tails.get(name) === tail) this.#tails.delete(name);
  }

  /** Resources that somebody works on or waits for. */
  get busyCount(): number {
    return this.#tails.size;
  }
}

// Who gives up while waiting must not let the next one overtake those before.
async function inOrder(previous: Promise<void>, done: Promise<void>): Promise<void> {
  await previous;
  await done;
}
