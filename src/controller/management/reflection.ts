// SPDX-License-Identifier: Apache-2.0

// grpc.reflection, v1 and v1alpha: explorers such as grpcurl learn the schema from the server. What
// it tells is in the repository too; it is for whoever may connect.

import { Metadata, type Server, type ServerDuplexStream } from '@grpc/grpc-js';

import { decodeMessage, encodeMessage } from '../../api/codec.ts';
import { fileDescriptors } from '../../api/generated/descriptors.ts';
import { methods } from '../../api/generated/grpc/reflection/v1/methods.ts';
import { methods as alphaMethods } from '../../api/generated/grpc/reflection/v1alpha/methods.ts';
import { statusCodes } from '../../api/status.ts';
import { ArgonError } from '../../base/errors.ts';
import { SchemaIndex } from './schema-index.ts';

const { 'ServerReflection.ServerReflectionInfo': method } = methods;
const { 'ServerReflection.ServerReflectionInfo': alphaMethod } = alphaMethods;

const identity = (bytes: Buffer): Buffer => bytes;

/** Serves reflection of the services of these names. */
export function addReflection(server: Server, serviceNames: readonly string[]): void {
  const index = new SchemaIndex(fileDescriptors, serviceNames);
  const answer = (call: ServerDuplexStream<Buffer, Buffer>): void => {
    call.on('error', () => {}); // The stream has ended; grpc-js has told the caller.
    call.on('data', (bytes: Buffer) => {
      try {
        // Who does not read is not read from either.
        if (!call.write(answerOf(index, bytes))) call.pause();
      } catch (thrown) {
        end(call, ArgonError.from(thrown));
      }
    });
    call.on('drain', () => {
      call.resume();
    });
    call.on('end', () => {
      call.end();
    });
  };
  for (const { name } of [method, alphaMethod]) {
    server.register<Buffer, Buffer>(`/${name}`, answer, identity, identity, 'bidi');
  }
}

function answerOf(index: SchemaIndex, bytes: Buffer): Buffer {
  const request = decodeMessage(method.request, bytes, { kind: 'request', verb: method.verb });
  const response = {
    validHost: request.host,
    originalRequest: request,
    ...index.answer(request),
  };
  return Buffer.from(encodeMessage(method.response, response, 'response'));
}

function end(call: ServerDuplexStream<Buffer, Buffer>, error: ArgonError): void {
  const status = { code: statusCodes[error.code], details: error.message };
  call.emit('error', { ...status, metadata: new Metadata() });
}
