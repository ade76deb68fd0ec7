// SPDX-License-Identifier: Apache-2.0

// Where the management server can be reached: a unix socket of its owner's alone, and, if asked
// for, a TCP port where both ends show a certificate. Who connects is known before a byte is read.

import { once } from 'node:events';
import { chmodSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';

import { ArgonError, errnoName } from '../../base/errors.ts';
import type { HostAddon } from '../../native/addons.ts';
import type { Peer } from './connections.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Takes a connection whose peer is known. */
export type Acceptor = (socket: Socket, peer: Peer) => void;

/** A socket's path, its end included, in sockaddr_un: unix(7). */
const socketPathBytesMax = 107;

export interface UnixListenerOptions {
  /** In a folder that only this user can enter. */
  readonly socketPath: string;
  readonly host: Pick<HostAddon, 'peerCredentials'>;
  readonly refusals: RefusalLog;
  readonly accept: Acceptor;
}

/**
 * Listens at a unix socket of mode 0600. A socket that lies there already is of a controller that
 * ended without tidying: the caller holds the lock of the host, so that none is alive.
 */
export async function listenUnix(options: UnixListenerOptions): Promise<Server> {
  const { socketPath, host, refusals, accept } = options;
  if (Buffer.byteLength(socketPath) > socketPathBytesMax) {
    throw new ArgonError('invalid-argument', 'the path of the management socket is too long', {
      hint: `use a folder for sockets that leaves it ${socketPathBytesMax} bytes`,
    });
  }
  removeStale(socketPath);
  const ownUid = process.getuid?.();
  const server = createServer((socket) => {
    const peer = peerOf(socket, host);
    if (peer !== undefined && peer.uid === ownUid) {
      accept(socket, { kind: 'unix', uid: peer.uid, pid: peer.pid });
      return;
    }
    refusals.refused('refused a connection of another user', { uid: peer?.uid ?? -1 });
    socket.destroy();
  });
  server.listen({ path: socketPath });
  await once(server, 'listening');
  chmodSync(socketPath, 0o600);
  return server;
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket() || found.uid !== process.getuid?.()) {
    throw new ArgonError('already-exists', 'something else is at the management socket’s path');
  }
  rmSync(path, { force: true });
}

/** Undefined if nobody can tell, and the connection is refused then. */
function peerOf(
  socket: Socket,
  host: Pick<HostAddon, 'peerCredentials'>,
): { readonly uid: number; readonly pid: number } | undefined {
  // Node has no name for an accepted socket's descriptor; libuv's handle has it.
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof fd !== 'number' || fd < 0) return undefined;
  try {
    return host.peerCredentials(fd);
  } catch {
    return undefined;
  }
}

/** Files in PEM: whom to believe, and who this host is. */
export interface ServerTls {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface TlsListenerOptions {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls: ServerTls;
  readonly handshakeTimeoutMs: number;
  readonly connectionsMax: number;
  readonly refusals: RefusalLog;
  readonly accept: Acceptor;
}

/** Listens at a TCP port for TLS 1.3 with certificates of both ends. */
export async function listenTls(options: TlsListenerOptions): Promise<Server> {
  const { address, port, tls, refusals, accept } = options;
  const server = createTlsServer({
    ca: readFileSync(tls.caFile),
    cert: readFileSync(tls.certificateFile),
    key: readFileSync(tls.keyFile),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    handshakeTimeout: options.handshakeTimeoutMs,
  });
  server.maxConnections = options.connectionsMax; // Those that are not through their handshake too.
  server.on('secureConnection', (socket) => {
    accept(socket, peerOfCertificate(socket));
  });
  server.on('tlsClientError', (error, socket) => {
    refusals.refused('refused a TLS connection', { reason: errnoName(error) ?? codeOf(error) });
    socket.destroy();
  });
  server.listen({ host: address, port });
  await once(server, 'listening');
  return server;
}

function peerOfCertificate(socket: TLSSocket): Peer {
  const { subject, fingerprint256 } = socket.getPeerCertificate();
  const { CN: name } = subject;
  return { kind: 'tls', name: String(name), fingerprint: fingerprint256 };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
