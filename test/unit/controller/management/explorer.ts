// SPDX-License-Identifier: Apache-2.0

// A client that knows nothing of the management API, as explorers are.

import {
  ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';

import { decodeMessage, encodeMessage } from '../../../../src/api/codec.ts';
import type { Init, MethodType } from '../../../../src/api/schema.ts';

const identity = (bytes: Buffer): Buffer => bytes;

export interface Explorer extends Disposable {
  /** One call; rejects with grpc-js's error. */
  call<Request, Response>(
    method: MethodType<Request, Response>,
    request: Init<Request>,
  ): Promise<Response>;
  /** The bytes of requests, and those of answers, on one stream. */
  stream(name: string): ClientDuplexStream<Buffer, Buffer>;
  /** The bytes of all answers to one request. */
  watch<Request, Response>(
    method: MethodType<Request, Response>,
    request: Init<Request>,
  ): ClientReadableStream<Buffer>;
}

export function explore(socketPath: string): Explorer {
  const client = new Client(`unix:${socketPath}`, ChannelCredentials.createInsecure());
  return {
    call: async (method, request) => {
      const bytes = Buffer.from(encodeMessage(method.request, request, 'response'));
      const answer = Promise.withResolvers<Buffer>();
      client.makeUnaryRequest(
        `/${method.name}`,
        identity,
        identity,
        bytes,
        (error: ServiceError | null, value?: Buffer) => {
          if (error === null && value !== undefined) answer.resolve(value);
          else answer.reject(error ?? new Error('no answer'));
        },
      );
      return decodeMessage(method.response, await answer.promise, 'response');
    },
    stream: (name) => client.makeBidiStreamRequest(`/${name}`, identity, identity),
    watch: (method, request) => {
      const bytes = Buffer.from(encodeMessage(method.request, request, 'response'));
      return client.makeServerStreamRequest(`/${method.name}`, identity, identity, bytes);
    },
    [Symbol.dispose]: () => {
      client.close();
    },
  };
}
