// SPDX-License-Identifier: Apache-2.0

// Ties the methods of the schema to grpc-js: bytes in, bytes or a status out. Every method of the
// schema has a route, with or without a handler.

import {
  Metadata,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';

import { type MethodTypes, methods } from '../../api/generated/argon/v1/methods.ts';
import { methods as healthMethods } from '../../api/generated/grpc/health/v1/methods.ts';
import { methods as reflectionMethods } from '../../api/generated/grpc/reflection/v1/methods.ts';
import { methods as alphaMethods } from '../../api/generated/grpc/reflection/v1alpha/methods.ts';
import type { MethodType } from '../../api/schema.ts';
import { detailsHeader, statusOf } from '../../api/status.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { type CallStep, type Handlers, type Implementation, runCall } from './calls.ts';
import { type Connections, describePeer } from './connections.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface RouteOptions {
  readonly handlers: Handlers;
  readonly steps?: readonly CallStep[];
  readonly log: Logger;
  readonly connections: Connections;
  readonly refusals: RefusalLog;
}

/** Full names of the services of the management API. */
export const serviceNames: readonly string[] = [
  ...new Set(Object.values(methods).map(({ name }) => name.replace(/\/.*$/, ''))),
];

/** Paths of all that the server has, health and reflection among them. */
export const routePaths: ReadonlySet<string> = new Set(
  [
    ...Object.values(methods),
    ...Object.values(healthMethods),
    ...Object.values(reflectionMethods),
    ...Object.values(alphaMethods),
  ].map(({ name }) => `/${name}`),
);

/** Serves every method of the management API. */
export function addRoutes(server: Server, options: RouteOptions): void {
  const isName = (name: string): name is keyof MethodTypes => name in methods;
  for (const name of Object.keys(methods).filter(isName)) addRoute(server, name, options);
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- ties handler to method
function addRoute<Name extends keyof MethodTypes>(
  server: Server,
  name: Name,
  options: RouteOptions,
): void {
  type Request = MethodTypes[Name]['request'];
  type Response = MethodTypes[Name]['response'];
  const method: MethodType<Request, Response> = methods[name];
  const handler: Implementation<Request, Response>['handler'] = options.handlers[name];
  addUnary(server, { method, handler, steps: options.steps ?? [] }, options);
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Serves one method that has a request and an answer. */
export function addUnary<Request, Response>(
  server: Server,
  implementation: Implementation<Request, Response>,
  options: Omit<RouteOptions, 'handlers'>,
): void {
  const answer = (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void => {
    const answered = serve(implementation, call, options);
    answered.then(
      (bytes) => respond(null, Buffer.from(bytes)),
      (thrown: unknown) => respond(failureOf(ArgonError.from(thrown))),
    );
  };
  const path = `/${implementation.method.name}`;
  server.register<Buffer, Buffer>(path, answer, identity, identity, 'unary');
}

/**
 * Serves one method that has a request and goes on answering: the handler's answer is the first,
 * `begin` sends the others, and ends the stream.
 */
export function addServerStream<Request, Response>(
  server: Server,
  implementation: Implementation<Request, Response>,
  options: Omit<RouteOptions, 'handlers'>,
  begin: (call: ServerWritableStream<Buffer, Buffer>) => void,
): void {
  const goOn = (call: ServerWritableStream<Buffer, Buffer>, first: Uint8Array): void => {
    call.write(Buffer.from(first));
    begin(call);
  };
  const answer = (call: ServerWritableStream<Buffer, Buffer>): void => {
    call.on('error', () => {}); // The stream has ended; grpc-js has told the caller.
    const answered = serve(implementation, call, options);
    answered.then(
      (bytes) => goOn(call, bytes),
      (thrown: unknown) => call.emit('error', failureOf(ArgonError.from(thrown))),
    );
  };
  const path = `/${implementation.method.name}`;
  server.register<Buffer, Buffer>(path, answer, identity, identity, 'serverStream');
}

async function serve<Request, Response>(
  implementation: Implementation<Request, Response>,
  call: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
  { connections, refusals, log }: Omit<RouteOptions, 'handlers'>,
): Promise<Uint8Array> {
  const { name } = implementation.method;
  const connection = connections.find(call.getPeer());
  if (connection === undefined) throw new ArgonError('unavailable', 'the connection ends');
  const { id, peer } = connection;
  const gone = new AbortController();
  call.on('cancelled', () => {
    gone.abort();
  });
  const fields = { method: name, connection: id, peer: describePeer(peer) };
  const startedMs = performance.now();
  try {
    const context = { method: implementation.method, peer, signal: gone.signal };
    const bytes = await runCall(implementation, call.request, context);
    log.debug({ ...fields, durationMs: performance.now() - startedMs }, 'answered a call');
    return bytes;
  } catch (thrown) {
    const error = ArgonError.from(thrown);
    refusals.refused('refused a call', { ...fields, code: error.code, error: error.message });
    // A bug of ours, with its place; the caller is told only that there is one.
    if (error.code === 'internal') log.error({ ...fields, err: error.cause ?? error }, 'failed');
    throw error;
  }
}

interface Failure {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
}

function failureOf(error: ArgonError): Failure {
  const { code, message, details } = statusOf(error);
  const metadata = new Metadata();
  if (details !== undefined) metadata.set(detailsHeader, Buffer.from(details));
  return { code, details: message, metadata };
}
