// SPDX-License-Identifier: Apache-2.0

// The management server: the one thing of a host that listens for operators. gRPC by grpc-js, on
// connections that are accepted and known here. Runs on the controller's loop; handlers are async
// functions of their own.

import type { Server as NetServer, Socket } from 'node:net';
import { setInterval } from 'node:timers/promises';

import { type ConnectionInjector, Server, ServerCredentials } from '@grpc/grpc-js';

import { abortable, deadlineSignal } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { HostAddon } from '../../native/addons.ts';
import { CallGuard } from './call-guard.ts';
import type { CallStep, Handlers } from './calls.ts';
import { Connections, describePeer, type Peer } from './connections.ts';
import { addHealth, type HealthOptions } from './health.ts';
import { defaultLimits, type ManagementLimits } from './limits.ts';
import { listenTls, listenUnix, type ServerTls } from './listeners.ts';
import { addReflection } from './reflection.ts';
import { RefusalLog } from './refusal-log.ts';
import { addRoutes, type RouteOptions, routePaths, serviceNames } from './routes.ts';
import { unknownPath, watchStreams } from './stream-watch.ts';

export interface ManagementServerOptions {
  /** Where to listen: a path in a folder that only this user can enter. Replaced if it is stale. */
  readonly socketPath: string;
  /** Also a TCP port, with certificates of both ends. Off without it. */
  readonly tcp?: { readonly address: string; readonly port: number; readonly tls: ServerTls };
  readonly handlers: Handlers;
  readonly log: Logger;
  readonly host: Pick<HostAddon, 'peerCredentials'>;
  /** Around every handler, the first one outermost. */
  readonly steps?: readonly CallStep[];
  readonly limits?: Partial<ManagementLimits>;
}

/** Dispose: nobody is let in any more, calls under way get time to end, then all is closed. */
export interface ManagementServer extends AsyncDisposable {
  /** Of the TCP port, if there is one. */
  readonly tcpPort: number | undefined;
  readonly connectionCount: number;
  readonly openCallCount: number;
}

/** Starts to listen; ready for calls when this returns. */
export async function startManagementServer(
  options: ManagementServerOptions,
): Promise<ManagementServer> {
  const limits = { ...defaultLimits, ...options.limits };
  const refusals = new RefusalLog(options.log);
  const connections = new Connections(limits, refusals);
  const guard = new CallGuard(limits, connections, refusals);
  const server = createGrpcServer(limits, guard);
  const health = addAll(server, { ...options, connections, refusals, limits });
  const streams = watchStreams({
    isRoute: (path) => routePaths.has(path),
    onForeign: (address, stream) => {
      guard.countForeign(address, stream);
    },
  });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const accept = acceptInto(injector, { connections, refusals });
  const listeners: NetServer[] = [];
  try {
    listeners.push(await listenUnix({ ...options, refusals, accept }));
    if (options.tcp !== undefined) {
      const bounds = {
        handshakeTimeoutMs: limits.firstCallTimeoutMs,
        connectionsMax: limits.connectionsMax,
      };
      listeners.push(await listenTls({ ...options.tcp, ...bounds, refusals, accept }));
    }
  } catch (thrown) {
    for (const listener of listeners) listener.close();
    streams[Symbol.dispose]();
    server.forceShutdown();
    throw ArgonError.from(thrown);
  }
  const sweeping = new AbortController();
  const swept = sweep({ connections, guard, refusals }, sweeping.signal);
  return {
    tcpPort: portOf(listeners[1]),
    get connectionCount() {
      return connections.count;
    },
    get openCallCount() {
      return guard.openCount;
    },
    [Symbol.asyncDispose]: async () => {
      for (const listener of listeners) listener.close();
      health[Symbol.dispose]();
      injector.drain(limits.closeTimeoutMs);
      const inTime = deadlineSignal(limits.closeTimeoutMs);
      await abortable(connections.emptied(), 'closing connections', { signal: inTime }).catch(
        () => {
          connections.closeAll();
        },
      );
      server.forceShutdown();
      streams[Symbol.dispose]();
      sweeping.abort();
      await swept;
    },
  };
}

function createGrpcServer(limits: ManagementLimits, guard: CallGuard): Server {
  return new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_concurrent_streams': limits.streamsPerConnectionMax,
    'grpc.max_receive_message_length': limits.requestBytesMax,
    'grpc.max_send_message_length': limits.answerBytesMax,
    'grpc-node.max_session_memory': limits.sessionMegabytesMax,
    interceptors: [guard.interceptor],
  });
}

function addAll(server: Server, options: RouteOptions & HealthOptions): Disposable {
  addRoutes(server, options);
  addReflection(server, [...serviceNames, 'grpc.health.v1.Health']);
  // The guard refuses it before it is asked.
  server.register(unknownPath, () => {}, identity, identity, 'unary');
  return addHealth(server, new Set(serviceNames), options);
}

const identity = (bytes: Buffer): Buffer => bytes;

interface Parts {
  readonly connections: Connections;
  readonly refusals: RefusalLog;
}

function acceptInto(
  injector: ConnectionInjector,
  { connections, refusals }: Parts,
): (socket: Socket, peer: Peer) => void {
  return (socket, peer) => {
    const connection = connections.add(socket, peer);
    if (connection === undefined) {
      refusals.refused('refused a connection: none is idle', { peer: describePeer(peer) });
      return;
    }
    // A call knows the address of its connection, and a unix socket has none: its number stands in.
    Object.defineProperty(socket, 'remoteAddress', { value: connection.id });
    Object.defineProperty(socket, 'remotePort', { value: undefined });
    socket.on('error', (error) => {
      // Node ends what breaks HTTP/2 or floods it: RFC 9113 section 10.5.
      if (!('code' in error) || !String(error.code).startsWith('ERR_HTTP2')) return;
      refusals.refused('closed a connection that broke HTTP/2', {
        connection: connection.id,
        peer: describePeer(peer),
        error: error.message,
      });
    });
    injector.injectConnection(socket);
  };
}

const sweepIntervalMs = 1_000; // Time-outs are told in seconds.

async function sweep(
  { connections, guard, refusals }: Parts & { readonly guard: CallGuard },
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const _ of setInterval(sweepIntervalMs, undefined, { signal, ref: false })) {
      guard.sweep();
      connections.sweep(sweepIntervalMs);
      refusals.tick();
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}

function portOf(listener: NetServer | undefined): number | undefined {
  const address = listener?.address();
  return typeof address === 'object' ? address?.port : undefined;
}
