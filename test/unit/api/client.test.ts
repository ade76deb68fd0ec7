// SPDX-License-Identifier: Apache-2.0

// The client against servers of grpc-js that break the rules; against our own server it is tested
// in test/unit/controller/management.

import { join } from 'node:path';

import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { answerBytesMax, connect } from '../../../src/api/client.ts';
import { detailsHeader } from '../../../src/api/status.ts';
import { ViolationError } from '../../../src/api/violations.ts';
import { ArgonError } from '../../../src/base/errors.ts';
import { createTempDir } from '../temp-dir.ts';

const patience = { signal: AbortSignal.timeout(300_000) };

type Answer = Buffer | { code: number; details: string; metadata: Metadata } | undefined;

interface Bad extends AsyncDisposable {
  readonly asked: readonly Buffer[];
  readonly socketPath: string;
}

/** A server whose GetHost answers with these bytes or this status, or never. */
async function serve(answer: Answer): Promise<Bad> {
  const dir = await createTempDir();
  const socketPath = join(dir.path, 'own.sock');
  const server = new Server();
  const asked: Buffer[] = [];
  const identity = (bytes: Buffer): Buffer => bytes;
  server.register<Buffer, Buffer>(
    '/argon.v1.Host/GetHost',
    ({ request }: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) => {
      asked.push(request);
      if (answer === undefined) return;
      if (Buffer.isBuffer(answer)) respond(null, answer);
      else respond(answer);
    },
    identity,
    identity,
    'unary',
  );
  const bound = Promise.withResolvers<void>();
  server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), () => {
    bound.resolve();
  });
  await bound.promise;
  return {
    asked,
    socketPath,
    [Symbol.asyncDispose]: async () => {
      server.forceShutdown();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function call(socketPath: string, signal = patience.signal): Promise<ArgonError> {
  await using client = connect({ socketPath });
  const thrown = await client.call('Host.GetHost', {}, { signal }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof ArgonError) return thrown;
  throw new Error('the call did not fail as it should', { cause: thrown });
}

describe('a client', () => {
  it('believes no answer with an unknown field', async () => {
    await using server = await serve(Buffer.from([0x98, 0x06, 0x01]));

    const error = await call(server.socketPath);

    expect(error).toBeInstanceOf(ViolationError);
    expect(error).toMatchObject({
      code: 'data-loss',
      message: 'answer of argon.v1.Host/GetHost: message has an unknown field 99',
      hint: 'the host is of another version, or damaged',
    });
  });

  it('takes no answer that is too large', async () => {
    await using server = await serve(Buffer.alloc(answerBytesMax + 1));

    expect((await call(server.socketPath)).code).toBe('resource-exhausted');
  });

  it('keeps code and message of a status whose details it cannot read', async () => {
    const metadata = new Metadata();
    metadata.set(detailsHeader, Buffer.from([255]));
    await using server = await serve({ code: 5, details: 'gone', metadata });

    expect(await call(server.socketPath)).toMatchObject({ code: 'not-found', message: 'gone' });
  });

  it('sends no request that breaks a rule', async () => {
    await using server = await serve(Buffer.alloc(0));
    await using client = connect({ socketPath: server.socketPath });

    await expect(client.call('Volumes.GetVolume', { name: 'x' }, patience)).rejects.toMatchObject({
      code: 'invalid-argument',
      violations: [{ field: 'name' }],
    });
    expect(server.asked).toEqual([]);
  });

  it('waits no longer than it is told to', async () => {
    await using server = await serve(undefined);
    const left = new AbortController();
    left.abort();

    expect((await call(server.socketPath, AbortSignal.timeout(50))).code).toBe('deadline-exceeded');
    expect((await call(server.socketPath, left.signal)).code).toBe('cancelled');
  });

  it('says that nobody listens, and what to do', async () => {
    await using dir = await createTempDir();

    expect(await call(join(dir.path, 'none.sock'))).toMatchObject({
      code: 'unavailable',
      hint: 'is the host up? argon up starts it',
    });
  });
});
