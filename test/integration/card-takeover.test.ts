// SPDX-License-Identifier: Apache-2.0

// Cards behind a backplane that are killed while front ends work: the next card takes over, and the
// front ends notice nothing but a pause. One of them has many writes under way, the other one knows
// what every block of its volume must hold.

import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';

import { deadlineSignal } from '../../src/base/deadline.ts';
import { type SlotCard, startSlotCard } from '../../src/card/bus/card-process.ts';
import { type Backplane, startOrAdoptBackplane } from '../../src/controller/backplane/client.ts';
import { deviceOfVolume } from '../../src/controller/volume-device.ts';
import { eventually, patienceMs } from './support/child.ts';
import { connectFrontend, type Frontend, pattern } from './support/frontend.ts';
import { createTempDir } from './support/temp-dir.ts';
import { createVolume, openVolumes, type TestVolume } from './support/volumes.ts';

const killCount = 20;
const blockBytes = 4096;
const blockCount = 256;
const testTimeoutMs = patienceMs * 3;

interface Host extends AsyncDisposable {
  readonly backplane: Backplane;
  readonly sockets: readonly string[];
  /** A card that nobody has given anything yet. */
  startCard(name: string): Promise<SlotCard>;
  /** Has a card serve both slots. */
  handOver(name: string, card: SlotCard): Promise<void>;
}

async function createHost(): Promise<Host> {
  const scope = { signal: deadlineSignal(testTimeoutMs) };
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await createTempDir());
  const state = join(dir.path, 'state');
  await mkdir(state);
  const log = pino({ level: 'silent' });
  const { backplane, pid } = await startOrAdoptBackplane({ runtimeDir: dir.path, log, ...scope });
  stack.defer(() => {
    process.kill(pid, 'SIGTERM');
  });
  const volumes: TestVolume[] = [await createVolume(state), await createVolume(state)];
  const sockets = volumes.map((_, slot) => join(dir.path, `${slot}.sock`));
  for (const [slot, socketPath] of sockets.entries()) {
    await backplane.openSlot({ slot, socketPath, mapBytes: 4096n }, scope);
  }
  const services = await openVolumes(state);
  const cards: SlotCard[] = [];
  stack.defer(async () => {
    for (const card of cards) {
      card.bus.end();
      killIfAlive(card.pid);
      await card.exited;
    }
  });
  return {
    backplane,
    sockets,
    async startCard(name) {
      const logFile = join(dir.path, `${name}.log`);
      const card = { workers: 1, pollMode: 'off', cpus: [] } as const;
      const started = await startSlotCard({ card, logFile, ...scope });
      closeSync(started.counterFd);
      cards.push(started);
      return started;
    },
    async handOver(name, card) {
      await backplane.attachCard(name, card.slotChannelFd, scope);
      closeSync(card.slotChannelFd);
      for (const slot of sockets.keys()) await backplane.assign(slot, name, scope);
      await Promise.all(
        volumes.map(async ({ record }, slot) => {
          const device = deviceOfVolume(record, services.volumes, services.keys, {
            slot,
            queues: 1,
            blockBytes: 512,
            isReadOnly: false,
            memoryPolicy: 'sealed',
          });
          await card.bus.addDevice(device, scope);
        }),
      );
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Writes blocks and reads them again, one at a time, and knows what each holds. */
class Verifier {
  readonly #frontend: Frontend;
  readonly #seeds = new Map<number, number>();
  #isStopping = false;
  operationCount = 0;

  constructor(frontend: Frontend) {
    this.#frontend = frontend;
  }

  async run(): Promise<void> {
    // Every block in turn, at strides that are no divisors of their count.
    for (let seed = 1; !this.#isStopping; seed += 1) {
      const block = (seed * 37) % blockCount;
      await this.#frontend.write(block * blockBytes, pattern(blockBytes, seed));
      this.#seeds.set(block, seed);
      await this.#check((seed * 91) % blockCount);
      this.operationCount += 1;
    }
  }

  stop(): void {
    this.#isStopping = true;
  }

  async checkAll(): Promise<void> {
    for (let block = 0; block < blockCount; block += 1) await this.#check(block);
  }

  async #check(block: number): Promise<void> {
    const seed = this.#seeds.get(block);
    const wanted = seed === undefined ? Buffer.alloc(blockBytes) : pattern(blockBytes, seed);
    const found = await this.#frontend.read(block * blockBytes, blockBytes);
    if (!found.equals(wanted)) throw new Error(`block ${block} is not what was written last`);
  }

  /** Waits until some more has been done. */
  async waitForMore(count: number): Promise<void> {
    const goal = this.operationCount + count;
    await eventually(() => (this.operationCount >= goal ? true : undefined), 'verifying');
  }
}

const load = {
  rw: 'randwrite',
  wait: 'eventfd',
  blockBytes,
  depth: 16,
  durationNs: 300_000_000n,
  warmupNs: 0n,
  spanBytes: 0n,
  seed: 1n,
  cpus: [],
} as const;

describe('a card behind a backplane', () => {
  it('is killed again and again under load, and no write is lost and no request fails', {
    timeout: testTimeoutMs,
  }, async () => {
    await using host = await createHost();
    const scope = { signal: deadlineSignal(testTimeoutMs) };
    let card = await host.startCard('card0');
    await host.handOver('card0', card);
    const [busy = '', verified = ''] = host.sockets;
    await using loaded = await connectFrontend(busy, { tracksInflight: true });
    await using checked = await connectFrontend(verified, { tracksInflight: true });
    const verifier = new Verifier(checked);
    const verifying = verifier.run();
    for (let kill = 1; kill <= killCount; kill += 1) {
      const next = await host.startCard(`card${kill}`);
      const loading = loaded.native.runLoad(load);
      await verifier.waitForMore(20);
      process.kill(card.pid, 'SIGKILL');
      await card.exited;
      await host.handOver(`card${kill}`, next);
      card = next;

      const { errorCount, operationCount } = await loading;
      expect(errorCount).toBe(0n);
      expect(operationCount).toBeGreaterThan(0n);
    }
    await verifier.waitForMore(20);
    verifier.stop();
    await verifying;
    await verifier.checkAll();

    for (const slot of await host.backplane.slots(scope)) {
      expect(slot).toMatchObject({
        isServed: true,
        isDriverOk: true,
        replayCount: BigInt(killCount),
        frontEndCount: 1n,
      });
      expect(slot.longestStallNs).toBeGreaterThanOrEqual(slot.lastStallNs);
      expect(slot.lastStallNs).toBeGreaterThan(0n);
    }
  });

  it('cannot be taken over from where nobody tracked the requests: the check itself is checked', {
    timeout: testTimeoutMs,
  }, async () => {
    await using host = await createHost();
    const card = await host.startCard('card0');
    await host.handOver('card0', card);
    await using frontend = await connectFrontend(host.sockets[1] ?? '');
    const verifier = new Verifier(frontend);
    const verifying = verifier.run();
    const failed = expect(verifying).rejects.toThrow();
    // More than the ring holds, so that where it began is no place to go on from.
    await verifier.waitForMore(200);
    process.kill(card.pid, 'SIGKILL');
    await card.exited;
    await host.handOver('card1', await host.startCard('card1'));

    await failed;
  });
});
