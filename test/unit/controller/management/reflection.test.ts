// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';

import { describe, expect, it } from 'vitest';

import { decodeMessage, encodeMessage } from '../../../../src/api/codec.ts';
import { methods } from '../../../../src/api/generated/grpc/reflection/v1/methods.ts';
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../../../src/api/generated/grpc/reflection/v1/reflection.ts';
import { methods as alpha } from '../../../../src/api/generated/grpc/reflection/v1alpha/methods.ts';
import type { Init } from '../../../../src/api/schema.ts';
import { explore } from './explorer.ts';
import { type Served, serveHost } from './fixture.ts';

const method = methods['ServerReflection.ServerReflectionInfo'];
const alphaMethod = alpha['ServerReflection.ServerReflectionInfo'];

async function ask(
  served: Served,
  questions: readonly Init<ServerReflectionRequest>[],
  name = method.name,
): Promise<readonly ServerReflectionResponse[]> {
  using explorer = explore(served.socketPath);
  const stream = explorer.stream(name);
  const answers: ServerReflectionResponse[] = [];
  stream.on('data', (bytes: Buffer) => {
    answers.push(decodeMessage(method.response, bytes, 'response'));
  });
  for (const question of questions) {
    stream.write(Buffer.from(encodeMessage(method.request, question, 'response')));
  }
  stream.end();
  await once(stream, 'end');
  return answers;
}

describe('reflection', () => {
  it('answers under its first name the same', async () => {
    await using served = await serveHost();
    const question = { listServices: '' };

    const [answer] = await ask(served, [question]);
    const [first] = await ask(served, [question], alphaMethod.name);

    expect(alphaMethod.name).toBe('grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo');
    expect(first).toEqual(answer);
  });

  it('lists the services, and gives the file of each with what it imports', async () => {
    await using served = await serveHost();

    const [list] = await ask(served, [{ listServices: '' }]);
    const names = (list?.listServicesResponse?.service ?? []).map(({ name }) => name);
    const files = await ask(
      served,
      names.map((fileContainingSymbol) => ({ fileContainingSymbol })),
    );

    expect(names).toContain('argon.v1.Volumes');
    expect(names).toContain('grpc.health.v1.Health');
    const counts = files.map(
      ({ fileDescriptorResponse }) => fileDescriptorResponse?.fileDescriptorProto.length ?? 0,
    );
    expect(counts.every((count) => count > 1)).toBe(true);
  });

  it('answers with the question, many times on one stream', async () => {
    await using served = await serveHost();
    const question = { host: 'argon', fileByFilename: 'none' };

    const answers = await ask(
      served,
      Array.from({ length: 200 }, () => question),
    );

    expect(answers).toHaveLength(200);
    expect(answers[199]).toMatchObject({
      validHost: 'argon',
      originalRequest: question,
      errorResponse: { errorCode: 5 },
    });
  });

  it('ends a stream with a question that breaks the schema', async () => {
    await using served = await serveHost();
    using explorer = explore(served.socketPath);
    const stream = explorer.stream(method.name);

    stream.write(Buffer.alloc(0));
    const [error] = (await once(stream, 'error')) as [unknown];

    expect(error).toMatchObject({
      code: 3,
      details: 'grpc.reflection.v1.ServerReflectionRequest: message_request is required',
    });
  });
});
