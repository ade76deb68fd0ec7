// SPDX-License-Identifier: Apache-2.0

// A controller as small as it can be: starts a card process that serves a volume, says so, and then
// only lives: `node card-owner.ts STATE VOLUME FOLDER`. Prints the pid of the card as its one line.

import { once } from 'node:events';

import { startCardProcess } from '../../../src/card/bus/card-process.ts';
import { serveVolume } from './cards.ts';

const [, , state = '', volumeId = '', folder = ''] = process.argv;
const { signal } = new AbortController();
const card = await startCardProcess({
  card: { workers: 1, pollMode: 'off', cpus: [] },
  logFile: `${folder}/card.log`,
  signal,
});
await serveVolume(card, { state, volumeId, folder });
process.stdout.write(`${card.pid}\n`);
await once(process, 'SIGTERM');
