// SPDX-License-Identifier: Apache-2.0

// The program of a card process. File descriptor 3 is the card bus; when its other end closes, or
// SIGTERM comes, the card stops in stages and the process ends. With the argument `--slot-channel`,
// descriptor 4 is the card's end of the backplane's slot channel, and 5 memory for its counters.

import { Socket } from 'node:net';

import { loadBlockAddon, loadHostAddon } from '../native/binding.ts';
import { guardProcess } from '../native/process-guard.ts';
import { inheritedFd, slotChannelFlag } from './bus/frames.ts';
import { serveCard } from './card-service.ts';

const bus = new Socket({ fd: inheritedFd.bus, readable: true, writable: true });
// Whoever spawned the card ends it through the bus; what a terminal sends is not for it.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
process.on('SIGTERM', () => {
  bus.destroy();
});
guardProcess(loadHostAddon());
const surroundings = process.argv.includes(slotChannelFlag)
  ? { backplaneFd: inheritedFd.slotChannel, counterFd: inheritedFd.counters }
  : {};
await serveCard(bus, loadBlockAddon(), surroundings);
