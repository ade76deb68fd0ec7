// SPDX-License-Identifier: Apache-2.0

// A backplane that only remembers.

import type { Backplane, SlotStatus } from '../../../../src/controller/backplane/client.ts';

export class FakePlane implements Backplane {
  readonly open = new Map<number, bigint>();
  readonly attached = new Set<string>();
  readonly drivers = new Set<number>();
  closeFailure: Error | undefined;

  async openSlot({ slot, mapBytes }: { slot: number; mapBytes: bigint }): Promise<void> {
    this.open.set(slot, mapBytes);
  }
  async closeSlot(slot: number): Promise<void> {
    if (this.closeFailure !== undefined) throw this.closeFailure;
    this.open.delete(slot);
  }
  async attachCard(card: string): Promise<void> {
    this.attached.add(card);
  }
  async detachCard(card: string): Promise<void> {
    this.attached.delete(card);
  }
  async assign(): Promise<void> {}
  async keepFd(): Promise<void> {}
  async takeFd(): Promise<number> {
    return -1;
  }
  async listFds(): Promise<readonly string[]> {
    return [];
  }
  async dropFd(): Promise<void> {}
  async slots(): Promise<readonly SlotStatus[]> {
    return [...this.open.keys()].map((slot) => ({
      slot,
      isFrontEndConnected: true,
      isServed: true,
      isDriverOk: this.drivers.has(slot),
      card: undefined,
      parkedReason: '',
      mapBytes: 0n,
      parkedForNs: 0n,
      replayCount: 0n,
      lastStallNs: 0n,
      longestStallNs: 0n,
      messageCount: 0n,
      frontEndCount: 0n,
    }));
  }
  async cards(): Promise<readonly string[]> {
    return [...this.attached];
  }
  async shutDown(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
