// SPDX-License-Identifier: Apache-2.0

/** Called with each value, at once. Synchronous; work that waits goes through an AsyncQueue. */
export type Listener<Value> = (value: Value) => void;

/** The listeners of one kind of event. A listener that throws is a bug and is not caught here. */
export class ListenerSet<Value> {
  readonly #listeners = new Set<Listener<Value>>();

  /** Adds a listener until the returned handle is disposed; the same one may be added twice. */
  add(listener: Listener<Value>): Disposable {
    const registered: Listener<Value> = (value) => {
      listener(value);
    };
    this.#listeners.add(registered);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(registered);
      },
    };
  }

  /** Tells all that are listening now; those added meanwhile hear the next value. */
  emit(value: Value): void {
    for (const listener of Array.from(this.#listeners)) listener(value);
  }
}
