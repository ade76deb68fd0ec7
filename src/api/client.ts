// SPDX-License-Identifier: Apache-2.0

// The calling end of the management API, for the operator's side alone: nothing on a host dials,
// and a style rule keeps this module out of the controller and the cards. Requests are checked
// before they leave and answers before they are believed, by the rules that the host has too.

import { readFileSync } from 'node:fs';

import {
  ChannelCredentials,
  Client,
  type Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

import { type Cancellable, endedError, throwIfEnded } from '../base/deadline.ts';
import { ArgonError } from '../base/errors.ts';
import { decodeMessage, encodeMessage } from './codec.ts';
import { type MethodTypes, methods } from './generated/argon/v1/methods.ts';
import type { Init, MethodType } from './schema.ts';
import { detailsHeader, errorOfStatus } from './status.ts';
import { ViolationError } from './violations.ts';

/** A name of a method: `Volumes.CreateVolume`. */
export type MethodName = keyof MethodTypes;

/** Files in PEM: whom to believe, and who this is. Both ends show a certificate. */
export interface ClientTls {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Where a host listens. */
export type HostAddress =
  | { readonly socketPath: string }
  | { readonly host: string; readonly port: number; readonly tls: ClientTls };

export interface ManagementClient extends AsyncDisposable {
  /**
   * Calls a method and waits for its answer.
   * @throws ArgonError with the code, the message, the hint and the details (`reason`, `object`,
   * …) that the host gave; ViolationError if a rule is broken, by the request or by the answer.
   */
  call<Name extends MethodName>(
    name: Name,
    request: Init<MethodTypes[Name]['request']>,
    scope: Cancellable,
  ): Promise<MethodTypes[Name]['response']>;
}

/** The largest answer; what a host sends is bounded by the same. */
export const answerBytesMax = 4 * 1024 * 1024;

const channelOptions = {
  'grpc.max_receive_message_length': answerBytesMax,
  'grpc.enable_retries': 0, // A request id says what may be sent twice; the channel knows nothing.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.use_local_subchannel_pool': 1, // Two clients are two connections.
};

/** A client of the host at `address`. Dials with the first call, and again after a loss. */
export function connect(address: HostAddress): ManagementClient {
  const client =
    'socketPath' in address
      ? new Client(`unix:${address.socketPath}`, ChannelCredentials.createInsecure(), {
          ...channelOptions,
          'grpc.default_authority': 'localhost',
        })
      : new Client(
          `${address.host}:${address.port}`,
          ChannelCredentials.createSsl(
            readFileSync(address.tls.caFile),
            readFileSync(address.tls.keyFile),
            readFileSync(address.tls.certificateFile),
          ),
          channelOptions,
        );
  return {
    call: async (name, request, scope) => {
      const method: MethodType<
        MethodTypes[typeof name]['request'],
        MethodTypes[typeof name]['response']
      > = methods[name];
      const use = { kind: 'request', verb: method.verb } as const;
      const bytes = encodeMessage(method.request, request, use);
      const answer = await exchange(client, { path: `/${method.name}`, bytes }, scope);
      return decodeAnswer(method, answer);
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
    },
  };
}

function decodeAnswer<Request, Response>(
  { name, response }: MethodType<Request, Response>,
  bytes: Uint8Array,
): Response {
  try {
    return decodeMessage(response, bytes, 'response');
  } catch (cause) {
    if (!(cause instanceof ViolationError)) throw cause;
    // Not the caller's mistake: the host broke its own rules, or is of another version.
    throw new ViolationError('data-loss', `answer of ${name}`, cause.violations, {
      cause,
      hint: 'the host is of another version, or damaged',
    });
  }
}

const identity = (bytes: Buffer): Buffer => bytes;

async function exchange(
  client: Client,
  { path, bytes }: { readonly path: string; readonly bytes: Uint8Array },
  { signal }: Cancellable,
): Promise<Uint8Array> {
  throwIfEnded(signal, `calling ${path.slice(1)}`);
  const answer = Promise.withResolvers<Uint8Array>();
  const call = client.makeUnaryRequest(
    path,
    identity,
    identity,
    Buffer.from(bytes),
    (error: ServiceError | null, value?: Buffer) => {
      if (error !== null) answer.reject(errorOf(error));
      else if (value !== undefined) answer.resolve(value);
      else answer.reject(new ArgonError('internal', `${path.slice(1)} was answered with nothing`));
    },
  );
  const onAbort = (): void => {
    answer.reject(endedError(signal, `calling ${path.slice(1)}`));
    call.cancel();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await answer.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function errorOf({ code, details, metadata }: ServiceError): ArgonError {
  if (code === status.UNAVAILABLE && details.startsWith('No connection established')) {
    return new ArgonError('unavailable', 'nobody answers at the address of the host', {
      hint: 'is the host up? argon up starts it',
    });
  }
  return errorOfStatus({ code, message: details, details: detailsOf(metadata) });
}

function detailsOf(metadata: Metadata): Uint8Array | undefined {
  const [value] = metadata.get(detailsHeader);
  return value instanceof Uint8Array ? value : undefined;
}
