// SPDX-License-Identifier: Apache-2.0

import { once } from 'node:events';

import type { ClientReadableStream } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { decodeMessage } from '../../../../src/api/codec.ts';
import { methods } from '../../../../src/api/generated/grpc/health/v1/methods.ts';
import { explore } from './explorer.ts';
import { patience, serveHost, until } from './fixture.ts';

const { 'Health.Check': check, 'Health.Watch': watch } = methods;

/** The statuses that a stream has brought. */
function statusesOf(stream: ClientReadableStream<Buffer>): readonly string[] {
  const statuses: string[] = [];
  stream.on('error', () => {}); // Some of them are taken back.
  stream.on('data', (bytes: Buffer) => {
    statuses.push(decodeMessage(watch.response, bytes, 'response').status);
  });
  return statuses;
}

describe('health checks', () => {
  it('tell that the host serves, and each of its services', async () => {
    await using served = await serveHost();
    using explorer = explore(served.socketPath);

    expect(await explorer.call(check, {})).toEqual({ status: 'SERVING' });
    expect(await explorer.call(check, { service: 'argon.v1.Volumes' })).toEqual({
      status: 'SERVING',
    });
  });

  it('do not find a service that is not there', async () => {
    await using served = await serveHost();
    using explorer = explore(served.socketPath);

    await expect(explorer.call(check, { service: 'argon.v1.Other' })).rejects.toMatchObject({
      code: 5,
    });
  });

  it('are calls like others: a step may refuse them', async () => {
    const seen: string[] = [];
    await using served = await serveHost({
      steps: [
        async ({ method }, next) => {
          seen.push(method.rule.scope);
          return next();
        },
      ],
    });
    using explorer = explore(served.socketPath);

    await explorer.call(check, {});

    expect(seen).toEqual(['health:check']);
  });
});

describe('watching health', () => {
  it('brings the state at once, and the end when the host closes', async () => {
    const served = await serveHost();
    using explorer = explore(served.socketPath);
    const stream = explorer.watch(watch, {});
    const statuses = statusesOf(stream);
    await until(() => statuses.length === 1, 'the first status');

    const ended = once(stream, 'end');
    await served[Symbol.asyncDispose]();
    await ended;

    expect(statuses).toEqual(['SERVING', 'NOT_SERVING']);
  });

  it('lasts longer than a request may take to arrive', async () => {
    await using served = await serveHost({ limits: { requestTimeoutMs: 1 } });
    using explorer = explore(served.socketPath);
    using slow = explore(served.socketPath);
    const statuses = statusesOf(explorer.watch(watch, { service: 'argon.v1.Volumes' }));
    await until(() => statuses.length === 1, 'the first status');

    // A call that the same sweep ends says that one has come.
    const stream = slow.stream('grpc.reflection.v1.ServerReflection/ServerReflectionInfo');
    const [error] = (await once(stream, 'error')) as [unknown];

    expect(error).toMatchObject({ code: 4 });
    expect(served.server.openCallCount).toBe(1);
    expect(statuses).toEqual(['SERVING']);
  });

  it('says that a service is unknown, and goes on', async () => {
    await using served = await serveHost();
    using explorer = explore(served.socketPath);

    const statuses = statusesOf(explorer.watch(watch, { service: 'argon.v1.Other' }));
    await until(() => statuses.length === 1, 'the first status');

    expect(statuses).toEqual(['SERVICE_UNKNOWN']);
    expect(served.server.openCallCount).toBe(1);
  });

  it('is for some at a time, who make place when they leave', async () => {
    await using served = await serveHost({ limits: { watchersMax: 1 } });
    using explorer = explore(served.socketPath);
    const first = explorer.watch(watch, {});
    const statuses = statusesOf(first);
    await until(() => statuses.length === 1, 'the first status');

    const [error] = (await once(explorer.watch(watch, {}), 'error')) as [unknown];
    first.cancel();
    await until(() => served.server.openCallCount === 0, 'its end');
    const next = statusesOf(explorer.watch(watch, {}));
    await until(() => next.length === 1, 'a place');

    expect(error).toMatchObject({ code: 8 });
    await served.client().call('Host.GetHost', {}, patience);
    const messages = served.lines.map((line) => line['msg']);
    expect(messages).not.toContain(expect.stringContaining('before its answer'));
  });
});
