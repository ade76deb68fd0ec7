// SPDX-License-Identifier: Apache-2.0

// The program that fills a volume with an image: a front end, as QEMU is one, on the socket of a
// card. Arguments: the socket and the image. It ends when the image is written, or the card gone.

import { loadFrontendAddon } from '../native/binding.ts';
import { native } from '../native/error-kind.ts';

const [, , socketPath = '', imagePath = ''] = process.argv;
const arenaBytes = 16n * 1024n * 1024n; // Room for requests of 1 MiB, one at a time.
const features = 2n ** 64n - 1n;

const frontEnd = new (loadFrontendAddon().BlockFrontend)();
await native(frontEnd.connect({ socketPath, queues: 1, queueSize: 128, arenaBytes, features }));
await native(frontEnd.writeImage(imagePath));
await native(frontEnd.flush());
await frontEnd.close();
