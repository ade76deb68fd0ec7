// SPDX-License-Identifier: Apache-2.0

// Limits of calls before anything of a call is read: how many there are, how long a message may
// take to arrive, how many a connection may take back. An interceptor of grpc-js sees every call
// begin.

import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';

import { type Connection, type Connections, describePeer } from './connections.ts';
import type { ManagementLimits } from './limits.ts';
import type { RefusalLog } from './refusal-log.ts';
import { type ForeignStream, unknownPath } from './stream-watch.ts';

interface OpenCall {
  readonly connection: Connection;
  readonly call: ServerInterceptingCallInterface;
  readonly path: string;
  /** A stream of requests, which is never there as a whole. */
  readonly isStream: boolean;
  /** Answers until it is taken back: how it ends is no fault. */
  readonly isWatch: boolean;
  readonly startedMs: number;
  hasRequest: boolean;
  hasStatus: boolean;
}

export class CallGuard {
  readonly #limits: ManagementLimits;
  readonly #connections: Connections;
  readonly #refusals: RefusalLog;
  /** In the order of their beginning. */
  readonly #open = new Set<OpenCall>();

  constructor(limits: ManagementLimits, connections: Connections, refusals: RefusalLog) {
    this.#limits = limits;
    this.#connections = connections;
    this.#refusals = refusals;
  }

  get openCount(): number {
    return this.#open.size;
  }

  /** Stands before every method that the server has. */
  readonly interceptor: ServerInterceptor = (method, call) => {
    const connection = this.#connections.find(call.getConnectionInfo().remoteAddress);
    if (connection === undefined) return refused(call, status.UNAVAILABLE, 'the connection ends');
    if (method.path === unknownPath) {
      return refused(call, status.UNIMPLEMENTED, 'this host has no such method');
    }
    const open: OpenCall = {
      connection,
      call,
      path: method.path,
      isStream: method.requestStream,
      isWatch: method.responseStream && !method.requestStream,
      startedMs: performance.now(),
      hasRequest: false,
      hasStatus: false,
    };
    if (this.#open.size >= this.#limits.callsMax && !this.#endOldestUnread()) {
      this.#log(open, 'refused a call: too many are under way');
      return refused(call, status.RESOURCE_EXHAUSTED, 'too many calls are under way');
    }
    return this.#follow(open);
  };

  /**
   * Counts what is answered before anything is done, as a call and like one that is taken back:
   * asking for what is not there, again and again, closes the connection.
   */
  countForeign(address: string, stream: ForeignStream): void {
    const connection = this.#connections.find(address);
    if (connection === undefined) return;
    this.#connections.beginCall(connection);
    this.#connections.endCall(connection);
    this.#refusals.refused(foreignMessages[stream], fieldsOf(connection));
    this.#countReset(connection, 'closed a connection: it asks for what is not there');
  }

  /** Ends calls whose message does not arrive, and streams that are held for too long. */
  sweep(): void {
    const nowMs = performance.now();
    for (const open of this.#open) {
      if (nowMs - open.startedMs < this.#limits.requestTimeoutMs) continue;
      if (open.hasRequest && !open.isStream) continue;
      this.#log(open, 'ended a call: its request did not arrive in time');
      this.#end(open, status.DEADLINE_EXCEEDED, 'the request did not arrive in time');
    }
  }

  #follow(open: OpenCall): ServerInterceptingCall {
    const { call, connection } = open;
    this.#open.add(open);
    this.#connections.beginCall(connection);
    const listener = new ServerListenerBuilder()
      .withOnReceiveMessage((message, next) => {
        open.hasRequest = true;
        next(message);
      })
      .withOnCancel(() => {
        this.#onClosed(open);
      })
      .build();
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next(listener);
      },
      sendStatus: (answer, next) => {
        // A stream that is reset looks like one that ends without its message.
        open.hasStatus = open.hasRequest;
        next(answer);
      },
    });
  }

  /** The stream is closed, whoever did it; grpc-js calls that a cancellation in every case. */
  #onClosed(open: OpenCall): void {
    if (!this.#open.delete(open)) return;
    const { connection } = open;
    this.#connections.endCall(connection);
    if (open.hasStatus) return;
    if (!open.isWatch || !open.hasRequest) {
      this.#log(open, 'a call ended before its answer: taken back, cut off or larger than allowed');
    }
    this.#countReset(connection, 'closed a connection: it takes back one call after the other');
  }

  #countReset(connection: Connection, message: string): void {
    connection.resets += 1;
    if (connection.resets <= this.#limits.resetsMax || connection.socket.destroyed) return;
    this.#refusals.refused(message, fieldsOf(connection));
    connection.socket.destroy();
  }

  #endOldestUnread(): boolean {
    for (const open of this.#open) {
      if (open.hasRequest) continue;
      this.#log(open, 'ended a call for a newer one: its request had not arrived');
      this.#end(open, status.RESOURCE_EXHAUSTED, 'too many calls are under way');
      return true;
    }
    return false;
  }

  #end(open: OpenCall, code: status, details: string): void {
    open.hasStatus = true;
    open.call.sendStatus({ code, details });
    if (this.#open.delete(open)) this.#connections.endCall(open.connection);
  }

  #log({ path, connection }: OpenCall, message: string): void {
    this.#refusals.refused(message, { method: path, ...fieldsOf(connection) });
  }
}

const foreignMessages: Readonly<Record<ForeignStream, string>> = {
  'unknown-method': 'refused a call: there is no such method',
  'no-grpc': 'refused a request that is no gRPC',
};

function fieldsOf({ id, peer }: Connection): {
  readonly connection: string;
  readonly peer: string;
} {
  return { connection: id, peer: describePeer(peer) };
}

function refused(
  call: ServerInterceptingCallInterface,
  code: status,
  details: string,
): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start: () => {
      call.sendStatus({ code, details });
    },
  });
}
