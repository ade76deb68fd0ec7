// SPDX-License-Identifier: Apache-2.0

// Does one thing a thousand times and prints, as JSON, what the process held before and after:
// `node addon-loops.ts devices|connections FOLDER`.

import { readdirSync, readFileSync } from 'node:fs';

import { loadBlockAddon } from '../../../src/native/binding.ts';
import { memoryDevice, startNativeCard } from './cards.ts';
import { connectFrontend, type Frontend } from './frontend.ts';

const [, , kind = '', folder = ''] = process.argv;
const warmUpCount = 50; // Threads, arenas and tables that are made once.
const count = 1000;

interface Held {
  readonly fds: number;
  readonly maps: number;
  readonly rssBytes: number;
}

/** Measures while a front end is served: the card takes one when those before have gone. */
async function measure(): Promise<Held> {
  await using frontend = kind === 'connections' ? await connect() : undefined;
  await frontend?.read(0, 512);
  globalThis.gc?.();
  return {
    fds: readdirSync('/proc/self/fd').length,
    maps: readFileSync('/proc/self/maps', 'utf8').split('\n').length,
    rssBytes: process.memoryUsage.rss(),
  };
}

const card = startNativeCard(loadBlockAddon());
const device = memoryDevice(folder, { cipher: { kind: 'throwaway-key' } });

async function addAndRemove(): Promise<void> {
  await card.removeDevice(await card.addDevice(device));
}

async function connect(): Promise<Frontend> {
  return await connectFrontend(device.socketPath, { arenaBytes: 1_048_576n });
}

async function connectAndClose(): Promise<void> {
  await using frontend = await connect();
  await frontend.read(0, 512);
}

const once = kind === 'devices' ? addAndRemove : connectAndClose;
if (kind === 'connections') await card.addDevice(device);
for (let round = 0; round < warmUpCount; round += 1) await once();
const before = await measure();
for (let round = 0; round < count; round += 1) await once();
const after = await measure();
await card.stop();
process.stdout.write(`${JSON.stringify({ before, after })}\n`);
