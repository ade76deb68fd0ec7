// SPDX-License-Identifier: Apache-2.0

// The backplane of the moment: when one has died, another takes its place under those who hold
// this. What the one before held is theirs to hand over again.

import type { Cancellable } from '../../base/deadline.ts';
import type { Backplane, OpenSlotOptions, SlotStatus } from './client.ts';

export class ReplaceableBackplane implements Backplane {
  #current: Backplane;

  /** `first` and every later one is owned from now on. */
  constructor(first: Backplane) {
    this.#current = first;
  }

  /** Calls under way on the one before have failed, or fail now. */
  async replace(next: Backplane): Promise<void> {
    const before = this.#current;
    this.#current = next;
    await before[Symbol.asyncDispose]();
  }

  async openSlot(options: OpenSlotOptions, scope: Cancellable): Promise<void> {
    await this.#current.openSlot(options, scope);
  }

  async closeSlot(slot: number, scope: Cancellable): Promise<void> {
    await this.#current.closeSlot(slot, scope);
  }

  async attachCard(card: string, fd: number, scope: Cancellable): Promise<void> {
    await this.#current.attachCard(card, fd, scope);
  }

  async detachCard(card: string, scope: Cancellable): Promise<void> {
    await this.#current.detachCard(card, scope);
  }

  async assign(slot: number, card: string | undefined, scope: Cancellable): Promise<void> {
    await this.#current.assign(slot, card, scope);
  }

  async keepFd(name: string, fd: number, scope: Cancellable): Promise<void> {
    await this.#current.keepFd(name, fd, scope);
  }

  async takeFd(name: string, scope: Cancellable): Promise<number> {
    return this.#current.takeFd(name, scope);
  }

  async listFds(scope: Cancellable): Promise<readonly string[]> {
    return this.#current.listFds(scope);
  }

  async dropFd(name: string, scope: Cancellable): Promise<void> {
    await this.#current.dropFd(name, scope);
  }

  async slots(scope: Cancellable): Promise<readonly SlotStatus[]> {
    return this.#current.slots(scope);
  }

  async cards(scope: Cancellable): Promise<readonly string[]> {
    return this.#current.cards(scope);
  }

  async shutDown(scope: Cancellable): Promise<void> {
    await this.#current.shutDown(scope);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current[Symbol.asyncDispose]();
  }
}
