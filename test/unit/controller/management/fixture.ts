// SPDX-License-Identifier: Apache-2.0

// A management server at a socket of a test's own, with what it logs.

import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';

import { pino } from 'pino';

import { connect, type ManagementClient } from '../../../../src/api/client.ts';
import { createMessage } from '../../../../src/api/codec.ts';
import { hostInfoType } from '../../../../src/api/generated/argon/v1/host.ts';
import { type Cancellable, deadlineSignal, pollUntil } from '../../../../src/base/deadline.ts';
import type { Logger } from '../../../../src/base/log.ts';
import {
  type ManagementServer,
  type ManagementServerOptions,
  startManagementServer,
} from '../../../../src/controller/management/server.ts';
import { loadHostAddon } from '../../../../src/native/binding.ts';
import { createTempDir } from '../../temp-dir.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** A logger that keeps its lines. */
export function keepLog(): { readonly log: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString('utf8')) as LogLine);
      done();
    },
  });
  return { log: pino({ level: 'debug' }, stream), lines };
}

export interface Served extends AsyncDisposable {
  readonly socketPath: string;
  readonly server: ManagementServer;
  readonly lines: readonly LogLine[];
  client(): ManagementClient;
  /** A connection that says nothing by itself. */
  raw(): Promise<Socket>;
}

/** For one call each time it is used: a bound on a hang. */
export const patience: Cancellable = {
  get signal() {
    return AbortSignal.timeout(120_000);
  },
};

/** Waits until `check` holds; within what a unit test has, unless there is more time. */
export async function until(check: () => boolean, what: string, timeoutMs = 8_000): Promise<void> {
  await pollUntil(() => (check() ? true : undefined), what, {
    signal: deadlineSignal(timeoutMs),
    intervalMs: 10,
  });
}

/** Serves GetHost, and what `options` have. */
export async function serveHost(options: Partial<ManagementServerOptions> = {}): Promise<Served> {
  const dir = await createTempDir();
  const socketPath = options.socketPath ?? join(dir.path, 'management.sock');
  const { log, lines } = keepLog();
  const server = await startManagementServer({
    socketPath,
    log,
    host: loadHostAddon(),
    handlers: { 'Host.GetHost': async () => createMessage(hostInfoType, { version: '1.2.3' }) },
    ...options,
  });
  const closers: AsyncDisposable[] = [];
  return {
    socketPath,
    server,
    lines,
    client: () => {
      const client = connect({ socketPath });
      closers.push(client);
      return client;
    },
    raw: async () => {
      const socket = connectSocket(socketPath);
      socket.on('error', () => {}); // The server may close it at any time.
      const connected = Promise.withResolvers<void>();
      socket.once('connect', connected.resolve);
      socket.once('close', connected.resolve);
      await connected.promise;
      closers.push({
        [Symbol.asyncDispose]: async () => {
          socket.destroy();
        },
      });
      return socket;
    },
    [Symbol.asyncDispose]: async () => {
      for (const closer of closers) await closer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}
