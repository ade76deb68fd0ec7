// SPDX-License-Identifier: Apache-2.0

// A process that brings an addon to a stage of its life and then ends in some way. What it prints
// is for its parent: `at STAGE` when it is there. addon-life.test.ts reads how it ended.
//
//   node addon-life.ts STAGE ENDING FOLDER

import { writeFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { pollUntil } from '../../../src/base/deadline.ts';
import type { NativeBlockCard } from '../../../src/native/addons.ts';
import { loadBlockAddon, loadHostAddon } from '../../../src/native/binding.ts';
import { memoryDevice, startNativeCard } from './cards.ts';
import { connectFrontend } from './frontend.ts';

const [, , stage = '', ending = '', folder = ''] = process.argv;
const closers: (() => Promise<unknown>)[] = [];
const signal = AbortSignal.timeout(40_000);

async function startedCard(): Promise<NativeBlockCard> {
  const card = startNativeCard(loadBlockAddon());
  closers.unshift(async () => card.stop());
  return card;
}

async function cardWithDevice(): Promise<{ card: NativeBlockCard; id: number }> {
  const card = await startedCard();
  return { card, id: await card.addDevice(memoryDevice(folder)) };
}

async function connect(): Promise<Awaited<ReturnType<typeof connectFrontend>>> {
  const frontend = await connectFrontend(`${folder}/b.sock`);
  closers.unshift(async () => frontend[Symbol.asyncDispose]());
  return frontend;
}

/** A card that nobody holds any more is collected, or not; either way the process lives. */
async function forgetCard(): Promise<void> {
  await (async () => {
    const card = startNativeCard(loadBlockAddon());
    await card.addDevice(memoryDevice(folder));
  })();
  for (let round = 0; round < 10; round += 1) {
    globalThis.gc?.();
    await turn();
  }
}

async function tryInWorker(): Promise<void> {
  const binding = new URL('../../../src/native/binding.ts', import.meta.url);
  const source = `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(binding.href)}).then((addons) => {
      const codes = ['loadBlockAddon', 'loadHostAddon', 'loadFrontendAddon'].map((load) => {
        try { addons[load](); return 'loaded'; } catch (thrown) { return thrown.code; }
      });
      parentPort.postMessage(codes.join());
    });`;
  const worker = new Worker(source, { eval: true });
  const answered = Promise.withResolvers<unknown>();
  worker.once('message', answered.resolve).once('error', answered.reject);
  process.stdout.write(`worker: ${String(await answered.promise)}\n`);
  await worker.terminate();
}

const stages: Readonly<Record<string, () => Promise<unknown>>> = {
  loaded: async () => [loadBlockAddon(), loadHostAddon()],
  'card started': startedCard,
  'device added': cardWithDevice,
  'device being added': async () => {
    const card = await startedCard();
    const adding = card.addDevice(memoryDevice(folder));
    closers.push(async () => adding);
  },
  'front end connected': async () => {
    await cardWithDevice();
    await connect();
  },
  'under load': async () => {
    const { card, id } = await cardWithDevice();
    process.stdout.write('ready\n'); // The parent lets a front end loose on it.
    await pollUntil(
      async () => ((await card.counters(id))[0]?.reads ?? 0n) > 100n || undefined,
      'waiting for load',
      { signal, intervalMs: 5 },
    );
  },
  'loading another': async () => {
    const { native } = await connect();
    const load = native.runLoad({
      rw: 'randread',
      wait: 'eventfd',
      blockBytes: 4096,
      depth: 4,
      durationNs: 300_000_000n,
      warmupNs: 0n,
      spanBytes: 0n,
      seed: 1n,
      cpus: [],
    });
    closers.push(async () => load);
  },
  'stopped twice': async () => {
    const { card } = await cardWithDevice();
    await Promise.all([card.stop(), card.stop()]);
    await card.stop();
  },
  'card forgotten': forgetCard,
  'worker tried': tryInWorker,
};

const endings: Readonly<Record<string, () => Promise<void>>> = {
  close: async () => {
    for (const close of closers) await close();
  },
  exit: async () => {
    process.exit(7);
  },
  throw: async () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    await turn();
  },
};

await stages[stage]?.();
writeFileSync(1, `at ${stage}\n`);
await endings[ending]?.();
