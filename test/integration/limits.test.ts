// SPDX-License-Identifier: Apache-2.0

// Limits as front ends see them, over the addon that a card loads. Rates are counted over seconds
// in which there is always more demand; a burst of a second's worth is spent first and makes good
// what a busy machine wakes up late.

import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { noLimits } from '../../src/card/limit-spec.ts';
import type { LimitScope, LimitSet, LoadOptions, LoadResult } from '../../src/native/addons.ts';
import { loadBlockAddon } from '../../src/native/binding.ts';
import { memoryDevice, startNativeCard } from './support/cards.ts';
import { connectFrontend, type Frontend } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';

const second = 1_000_000_000n;
const volumes = ['vol00000000000000001', 'vol00000000000000002'] as const;

/** Two volumes of one guest on one worker, a front end on each. */
class Scene implements AsyncDisposable {
  readonly card = startNativeCard(loadBlockAddon());
  readonly frontends: Frontend[] = [];
  readonly #stack = new AsyncDisposableStack();

  static async open(): Promise<Scene> {
    const scene = new Scene();
    const dir = scene.#stack.use(await createTempDir());
    scene.#stack.defer(async () => scene.card.stop());
    for (const id of volumes) {
      const socketPath = join(dir.path, `${id}.sock`);
      const controls = { guest: 'web', hasFaults: false, hasPower: false, seed: 0n };
      await scene.card.addDevice(memoryDevice(dir.path, { id, socketPath, controls }));
      scene.frontends.push(scene.#stack.use(await connectFrontend(socketPath)));
    }
    return scene;
  }

  limit(scope: LimitScope, name: string, limits: Partial<LimitSet>): void {
    this.card.setLimits({ scope, name, limits: { ...noLimits(), ...limits } });
  }

  async load(which: number, changes: Partial<LoadOptions> = {}): Promise<LoadResult> {
    const frontend = this.frontends[which];
    if (frontend === undefined) throw new Error('no such front end');
    return await frontend.native.runLoad({
      rw: 'randread',
      wait: 'eventfd',
      blockBytes: 4096,
      depth: 8,
      durationNs: 3n * second,
      warmupNs: second / 2n,
      spanBytes: 0n,
      seed: 1n,
      cpus: [],
      ...changes,
    });
  }

  levelOf(scope: LimitScope): ReturnType<typeof this.card.limits>[number] {
    const found = this.card.limits().find((level) => level.scope === scope);
    if (found === undefined) throw new Error(`no level of the ${scope}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function perSecond(units: number, burst = units): LimitSet['readBytes'] {
  return { perSecond: BigInt(units), burst: BigInt(burst) };
}

function rateOf(...results: readonly LoadResult[]): number {
  const [first] = results;
  const seconds = Number(first?.elapsedNs ?? 0n) / 1e9;
  return results.reduce((sum, result) => sum + Number(result.operationCount), 0) / seconds;
}

const attemptsMax = 6;

/**
 * Expects a load to be served at a rate, within 2 %. Beside other work a load may lose its CPU as
 * its time begins or ends, so it has several tries; a wrong rate is wrong in all of them.
 */
async function expectRate(
  load: () => Promise<readonly LoadResult[]>,
  wanted: number,
): Promise<readonly LoadResult[]> {
  let results = await load();
  const isNear = (): boolean => Math.abs(rateOf(...results) / wanted - 1) < 0.02;
  for (let attempt = 1; attempt < attemptsMax && !isNear(); attempt += 1) results = await load();
  expect(rateOf(...results)).toBeGreaterThan(wanted * 0.98);
  expect(rateOf(...results)).toBeLessThan(wanted * 1.02);
  return results;
}

describe('a volume', () => {
  it('is served at its rate within 2 %, at a new one too, and the wait is told', async () => {
    await using scene = await Scene.open();
    scene.limit('volume', volumes[0], { totalOperations: perSecond(1000) });

    await expectRate(async () => [await scene.load(0)], 1000);
    const before = scene.levelOf('volume');
    scene.limit('volume', volumes[0], { readBytes: perSecond(4096 * 3000) });
    await expectRate(async () => [await scene.load(0)], 3000);

    const after = scene.levelOf('volume');
    expect(before.delayedRequests).toBeGreaterThan(0n);
    expect(before.exceededOperationsNs).toBeGreaterThan(second);
    expect(before.exceededBytesNs).toBe(0n);
    expect(after.exceededBytesNs).toBeGreaterThan(second);
    expect(scene.levelOf('host').delayedRequests).toBe(0n);
  });

  it('counts a request of a megabyte as four operations', async () => {
    await using scene = await Scene.open();
    scene.limit('volume', volumes[0], { totalOperations: perSecond(400, 0) });
    const startedMs = performance.now();

    for (let count = 0; count < 11; count += 1) await scene.frontends[0]?.read(0, 1_048_576);

    // Ten of them wait for the four operations of the one before.
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99);
  });

  it('has its burst at once and no more', async () => {
    await using scene = await Scene.open();
    scene.limit('volume', volumes[0], { totalOperations: perSecond(20, 500) });

    const result = await scene.load(0, { warmupNs: 0n });

    const earned = (20 * Number(result.elapsedNs)) / 1e9;
    expect(Number(result.operationCount)).toBeGreaterThanOrEqual(500);
    expect(Number(result.operationCount)).toBeLessThanOrEqual(500 + earned + 10);
  });

  it('that may not be read fast may be written fast', async () => {
    await using scene = await Scene.open();
    scene.limit('volume', volumes[0], { readOperations: perSecond(50, 0) });

    const [reads, writes] = [
      await scene.load(0, { durationNs: second }),
      await scene.load(0, { durationNs: second, rw: 'randwrite' }),
    ];

    // Those are 50 and thousands; a busy host counts some of one second in the next.
    expect(rateOf(reads)).toBeLessThan(70);
    expect(rateOf(writes)).toBeGreaterThan(100);
  });
});

describe.each([
  ['a guest', 'guest', 'web'],
  ['a host', 'host', ''],
] as const)('%s', (_what, scope, name) => {
  it('has one rate for all its volumes, and each gets its part of it', async () => {
    await using scene = await Scene.open();
    scene.limit(scope, name, { totalOperations: perSecond(2000) });

    const results = await expectRate(async () => Promise.all([scene.load(0), scene.load(1)]), 2000);

    for (const result of results) expect(rateOf(result)).toBeGreaterThan(400);
    expect(scene.levelOf(scope).delayedRequests).toBeGreaterThan(0n);
    expect(scene.levelOf('volume').delayedRequests).toBe(0n);
  });
});

describe('a neighbor on the worker', () => {
  it('goes on at its own speed beside a throttled volume', async () => {
    await using scene = await Scene.open();
    scene.limit('volume', volumes[0], { totalOperations: perSecond(10, 0) });

    const [slow, quick] = await Promise.all([
      scene.load(0, { durationNs: second, depth: 32 }),
      scene.load(1, { durationNs: second }),
    ]);

    // Those are 10 and thousands.
    expect(rateOf(slow)).toBeLessThan(20);
    expect(rateOf(quick)).toBeGreaterThan(100);
  });
});
