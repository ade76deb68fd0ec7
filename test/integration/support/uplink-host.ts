// SPDX-License-Identifier: Apache-2.0

// The host's side of an uplink, run in the network namespace of its device: prints as JSON what a
// guest said to it, what came back from the guest's port 80, and whether port 81 was reached.
//
//   nsenter --net=NAMESPACE node uplink-host.ts

import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

const { promise: called, resolve } = Promise.withResolvers<Socket>();
const server = createServer(resolve);
server.listen(9000, '198.51.100.2');

// Its first packet goes before those that are answered.
const refused = connect(81, '10.0.1.5');
refused.on('error', () => {});
const allowed = connect(80, '10.0.1.5');
const bytes = 'x'.repeat(1_000_000);
allowed.end(bytes);
const echoed = await text(allowed);
const heard = await text(await called);
const isReached = refused.remoteAddress !== undefined && !refused.connecting;
refused.destroy();
server.close();
process.stdout.write(`${JSON.stringify({ heard, isWhole: echoed === bytes, isReached })}\n`);
