// SPDX-License-Identifier: Apache-2.0

// The program of a card process. File descriptor 3 is the card bus; when its other end closes, or
// SIGTERM comes, the card stops in stages and the process ends. With the argument `--slot-channel`,
// descriptor 4 is the card's end of the backplane's slot channel, and 5 memory for its counters;
// with `--network` it is a network card, which has no 5.

import { Socket } from 'node:net';

import { loadBlockAddon, loadHostAddon, loadNetworkAddon } from '../native/binding.ts';
import { guardProcess } from '../native/process-guard.ts';
import { inheritedFd, networkFlag, slotChannelFlag } from './bus/frames.ts';
import { serveCard } from './card-service.ts';
import { serveNetworkCard } from './network-service.ts';

const bus = new Socket({ fd: inheritedFd.bus, readable: true, writable: true });
// Whoever spawned the card ends it through the bus; what a terminal sends is not for it.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
process.on('SIGTERM', () => {
  bus.destroy();
});
guardProcess(loadHostAddon());
const backplane = process.argv.includes(slotChannelFlag)
  ? { backplaneFd: inheritedFd.slotChannel }
  : {};
if (process.argv.includes(networkFlag)) {
  await serveNetworkCard(bus, loadNetworkAddon(), backplane);
} else {
  const counters = 'backplaneFd' in backplane ? { counterFd: inheritedFd.counters } : {};
  await serveCard(bus, loadBlockAddon(), { ...backplane, ...counters });
}
