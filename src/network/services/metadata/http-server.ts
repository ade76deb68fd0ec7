// SPDX-License-Identifier: Apache-2.0

// The metadata service over node:http. Who listens, on which socket, is the caller's business; so
// is who is at the other end of a connection. What one instance can take is bounded: connections,
// and the time and size of a request.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { ConnectionLimit } from '../connection-limit.ts';
import type { MetadataHandler } from './handler.ts';
import type { InstanceMetadata } from './instance.ts';

const headerMaxBytes = 8192;
const requestTimeoutMs = 10_000; // Arbitrary; a guest that takes longer is gone or means harm.

/** What the server has to know of its connections. */
export interface MetadataTransport {
  /** The instance at the other end; undefined ends the connection. Asked for each request. */
  instanceOf(socket: Socket): InstanceMetadata | undefined;
  /** Sets the IP time to live of what is sent from now on; undefined for what the system takes. */
  setHopLimit(socket: Socket, hopLimit: number | undefined): void;
}

/** A server that does not listen yet. The caller closes it, with its connections. */
export function createMetadataServer(
  handler: MetadataHandler,
  transport: MetadataTransport,
): Server {
  const server = createServer(
    {
      maxHeaderSize: headerMaxBytes,
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1000,
      noDelay: true,
    },
    (request, response) => {
      respond(handler, transport, request, response);
    },
  );
  const limit = new ConnectionLimit();
  server.on('connection', (socket: Socket) => {
    limit.admit(socket, transport.instanceOf(socket)?.instanceId);
  });
  return server;
}

function respond(
  handler: MetadataHandler,
  transport: MetadataTransport,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { socket } = request;
  // Asked anew: an address may have gone to another instance since the connection was made.
  const instance = transport.instanceOf(socket);
  if (instance === undefined) {
    socket.destroy();
    return;
  }
  const { method = '', url = '', headers } = request;
  const answer = handler.handle({ method, target: url, headers }, instance);
  transport.setHopLimit(socket, answer.hopLimit);
  // Nothing that is sent as a body means anything; who sends one has to connect anew.
  const hasBody = (headers['content-length'] ?? '0') !== '0' || 'transfer-encoding' in headers;
  if (hasBody) {
    response.setHeader('connection', 'close');
    response.once('finish', () => {
      socket.destroySoon();
    });
  }
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
}
