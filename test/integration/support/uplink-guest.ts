// SPDX-License-Identifier: Apache-2.0

// A guest behind an uplink, in a network namespace of its own: says back what comes to its ports 80
// and 81, and says "hello" to port 9000 of the host.
//
//   unshare --net node uplink-guest.ts FOLDER
//
// FOLDER has one.sock. It ends with its standard input.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { eventually } from './child.ts';
import { openServiceLink } from './service-link.ts';

const [folder = ''] = process.argv.slice(2);
await using scope = new AsyncDisposableStack();
scope.use(await openServiceLink(folder));

for (const port of [80, 81]) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  server.listen(port, '10.0.1.5').unref();
  await once(server, 'listening');
}
process.stdout.write('listening\n');
await eventually(async () => {
  const socket = connect(9000, '198.51.100.2');
  try {
    await once(socket, 'connect');
    socket.end('hello');
    return true;
  } catch {
    return undefined; // Nobody listens there yet.
  }
}, 'the host');
process.stdin.resume();
await once(process.stdin, 'end');
