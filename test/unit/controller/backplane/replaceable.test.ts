// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { Backplane } from '../../../../src/controller/backplane/client.ts';
import { ReplaceableBackplane } from '../../../../src/controller/backplane/replaceable.ts';

const scope = { signal: AbortSignal.timeout(60_000) };

/** Says what it is asked, and answers with its name. */
class Recorder implements Backplane {
  readonly asked: string[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  async openSlot({ slot }: { readonly slot: number }): Promise<void> {
    this.asked.push(`openSlot ${slot}`);
  }
  async closeSlot(slot: number): Promise<void> {
    this.asked.push(`closeSlot ${slot}`);
  }
  async attachCard(card: string, fd: number): Promise<void> {
    this.asked.push(`attachCard ${card} ${fd}`);
  }
  async detachCard(card: string): Promise<void> {
    this.asked.push(`detachCard ${card}`);
  }
  async assign(slot: number, card: string | undefined): Promise<void> {
    this.asked.push(`assign ${slot} ${card ?? 'nobody'}`);
  }
  async keepFd(name: string, fd: number): Promise<void> {
    this.asked.push(`keepFd ${name} ${fd}`);
  }
  async takeFd(name: string): Promise<number> {
    this.asked.push(`takeFd ${name}`);
    return 9;
  }
  async listFds(): Promise<readonly string[]> {
    return [this.#name];
  }
  async dropFd(name: string): Promise<void> {
    this.asked.push(`dropFd ${name}`);
  }
  async slots(): Promise<readonly never[]> {
    this.asked.push('slots');
    return [];
  }
  async cards(): Promise<readonly string[]> {
    return [this.#name];
  }
  async shutDown(): Promise<void> {
    this.asked.push('shutDown');
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.asked.push('disposed');
  }
}

describe('ReplaceableBackplane', () => {
  it('passes everything on to the backplane of the moment', async () => {
    const [first, second] = [new Recorder('first'), new Recorder('second')];
    const plane = new ReplaceableBackplane(first);
    expect(await plane.cards(scope)).toEqual(['first']);

    await plane.replace(second);

    expect(first.asked).toEqual(['disposed']);
    expect(await plane.cards(scope)).toEqual(['second']);
    expect(await plane.listFds(scope)).toEqual(['second']);
    await plane.openSlot({ slot: 1, socketPath: '/s', mapBytes: 0n }, scope);
    await plane.closeSlot(2, scope);
    await plane.attachCard('c', 3, scope);
    await plane.detachCard('c', scope);
    await plane.assign(4, 'c', scope);
    await plane.assign(4, undefined, scope);
    await plane.keepFd('n', 5, scope);
    expect(await plane.takeFd('n', scope)).toBe(9);
    await plane.dropFd('n', scope);
    expect(await plane.slots(scope)).toEqual([]);
    await plane.shutDown(scope);
    await plane[Symbol.asyncDispose]();
    expect(second.asked).toEqual([
      'openSlot 1',
      'closeSlot 2',
      'attachCard c 3',
      'detachCard c',
      'assign 4 c',
      'assign 4 nobody',
      'keepFd n 5',
      'takeFd n',
      'dropFd n',
      'slots',
      'shutDown',
      'disposed',
    ]);
  });
});
