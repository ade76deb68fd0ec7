// SPDX-License-Identifier: Apache-2.0

// The resolver over TCP, for answers that fit no datagram (RFC 7766). Who listens, on which socket,
// is the caller's business; so is who is at the other end of a connection. What one interface can
// take is bounded: connections, the time that one is idle, and answers that it does not read.

import { createServer, type Server, type Socket } from 'node:net';

import { ConnectionLimit } from './connection-limit.ts';
import { answerDnsMessage, type DnsView } from './dns.ts';
import { frameDnsMessage, splitDnsStream } from './dns-message.ts';

/** RFC 7766 section 6.2.3 leaves it open; what the metadata service waits. */
const idleMaxMs = 10_000;
// One answer of the largest size; above it no more questions are read.
const unreadMaxBytes = 65_537;

/** Whose connection it is: undefined ends it. Asked for each piece that comes. */
export interface DnsAsker {
  readonly interfaceId: string;
  readonly names: DnsView;
}

/** A server that does not listen yet. The caller closes it, with its connections. */
export function createDnsServer(askerOf: (socket: Socket) => DnsAsker | undefined): Server {
  const limit = new ConnectionLimit();
  return createServer((socket) => {
    if (limit.admit(socket, askerOf(socket)?.interfaceId)) serve(socket, askerOf);
  });
}

function serve(socket: Socket, askerOf: (socket: Socket) => DnsAsker | undefined): void {
  let rest: Uint8Array = new Uint8Array();
  socket.setNoDelay(true);
  socket.setTimeout(idleMaxMs, () => socket.destroy());
  socket.on('error', () => socket.destroy()); // The guest has reset it.
  socket.on('data', (bytes: Uint8Array) => {
    // untrusted: what the guest sent.
    const stream = splitDnsStream(Buffer.concat([rest, bytes]));
    rest = stream.rest;
    for (const message of stream.messages) {
      const asker = askerOf(socket);
      const answer = asker && answerDnsMessage(message, asker.names);
      if (answer === undefined) {
        socket.destroy();
        return;
      }
      socket.write(frameDnsMessage(answer));
    }
    if (socket.writableLength > unreadMaxBytes) socket.pause();
  });
  socket.on('drain', () => socket.resume());
}
