// SPDX-License-Identifier: Apache-2.0

// Does one thing a thousand times and prints, as JSON, what the process held before and after:
// `node addon-loops.ts devices|connections FOLDER`.

import { readdirSync, readFileSync } from 'node:fs';

import { loadBlockAddon } from '../../../src/native/binding.ts';
import { memoryDevice, startNativeCard } from './cards.ts';
import { connectFrontend } from './frontend.ts';

const [, , kind = '', folder = ''] = process.argv;
const warmUpCount = 50; // Threads, arenas and tables that are made once.
const count = 1000;

interface Held {
  readonly fds: number;
  readonly maps: number;
  readonly rssBytes: number;
}

function measure(): Held {
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

async function connectAndClose(): Promise<void> {
  await using frontend = await connectFrontend(device.socketPath, { arenaBytes: 1_048_576n });
  await frontend.read(0, 512);
}

const once = kind === 'devices' ? addAndRemove : connectAndClose;
if (kind === 'connections') await card.addDevice(device);
for (let round = 0; round < warmUpCount; round += 1) await once();
const before = measure();
for (let round = 0; round < count; round += 1) await once();
const after = measure();
await card.stop();
process.stdout.write(`${JSON.stringify({ before, after })}\n`);
