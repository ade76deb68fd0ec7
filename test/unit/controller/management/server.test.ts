// SPDX-License-Identifier: Apache-2.0

import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { hostInfoType } from '../../../../src/api/generated/argon/v1/host.ts';
import { volumeType } from '../../../../src/api/generated/argon/v1/volumes.ts';
import { ViolationError } from '../../../../src/api/violations.ts';
import { ArgonError } from '../../../../src/base/errors.ts';
import { createTempDir } from '../../temp-dir.ts';
import { patience, serveHost, until } from './fixture.ts';

const volumeName = 'volumes/vol0123456789abcdef0';

async function failureOf(promise: Promise<unknown>): Promise<ArgonError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof ArgonError) return thrown;
  throw new Error('the call did not fail as it should', { cause: thrown });
}

describe('a management server', () => {
  it('answers calls at a socket that only its owner can open', async () => {
    await using served = await serveHost();

    const host = await served.client().call('Host.GetHost', {}, patience);

    const environment = 'HOST_ENVIRONMENT_UNSPECIFIED';
    expect(host).toEqual({ version: '1.2.3', parts: [], environment });
    expect(statSync(served.socketPath).mode & 0o777).toBe(0o600);
  });

  it('gives a handler the checked request, and who asks', async () => {
    const asked: unknown[] = [];
    await using served = await serveHost({
      handlers: {
        'Volumes.GetVolume': async (request, { method, peer }) => {
          asked.push(request, method.rule.scope, peer);
          return createMessage(volumeType, { name: request.name, sizeBytes: 2n ** 48n });
        },
      },
    });

    const volume = await served.client().call('Volumes.GetVolume', { name: volumeName }, patience);

    expect(volume.sizeBytes).toBe(2n ** 48n);
    expect(asked).toEqual([
      { name: volumeName },
      'volumes:get',
      { kind: 'unix', uid: process.getuid?.(), pid: process.pid },
    ]);
  });

  it('answers a method without a handler with unimplemented', async () => {
    await using served = await serveHost();

    const error = await failureOf(served.client().call('Interfaces.ListInterfaces', {}, patience));

    expect([error.code, error.message]).toEqual([
      'unimplemented',
      'this host does not have argon.v1.Interfaces/ListInterfaces',
    ]);
  });

  it("passes on a handler's refusal with reason, hint and details, and logs it", async () => {
    const refusal = new ArgonError('failed-precondition', 'the volume is attached', {
      hint: 'detach it first',
      details: { reason: 'VOLUME_IN_USE', object: volumeName },
    });
    await using served = await serveHost({
      handlers: {
        'Volumes.DeleteVolume': async () => {
          throw refusal;
        },
      },
    });

    const error = await failureOf(
      served.client().call('Volumes.DeleteVolume', { name: volumeName }, patience),
    );

    expect(error).toMatchObject({
      code: 'failed-precondition',
      message: 'the volume is attached',
      hint: 'detach it first',
      details: { reason: 'VOLUME_IN_USE', object: volumeName },
    });
    expect(served.lines).toContainEqual(
      expect.objectContaining({
        msg: 'refused a call',
        method: 'argon.v1.Volumes/DeleteVolume',
        code: 'failed-precondition',
      }),
    );
  });

  it('tells a caller nothing of a bug, and its log everything', async () => {
    await using served = await serveHost({
      handlers: {
        'Host.GetHost': async () => {
          throw new TypeError('secret place');
        },
      },
    });

    const error = await failureOf(served.client().call('Host.GetHost', {}, patience));

    expect([error.code, error.message]).toEqual([
      'internal',
      'argon.v1.Host/GetHost failed on this host',
    ]);
    expect(JSON.stringify(served.lines)).toContain('secret place');
  });

  it('sends no answer that breaks the schema', async () => {
    const version = 'x'.repeat(65);
    await using served = await serveHost({
      handlers: {
        'Host.GetHost': async () => ({ ...createMessage(hostInfoType, {}), version }),
      },
    });

    const error = await failureOf(served.client().call('Host.GetHost', {}, patience));

    expect(error.code).toBe('internal');
    expect(error).toBeInstanceOf(ViolationError);
    expect(error instanceof ViolationError ? error.violations : []).toEqual([
      { field: 'version', description: 'has more than 64 characters' },
    ]);
  });

  it('runs the steps around every handler, the first one outermost', async () => {
    const order: string[] = [];
    const named =
      (name: string) =>
      async (_call: unknown, next: () => Promise<unknown>): Promise<unknown> => {
        order.push(`${name} begins`);
        const answer = await next();
        order.push(`${name} ends`);
        return answer;
      };
    await using served = await serveHost({ steps: [named('outer'), named('inner')] });

    await served.client().call('Host.GetHost', {}, patience);

    expect(order).toEqual(['outer begins', 'inner begins', 'inner ends', 'outer ends']);
  });

  it('runs no handler when a step refuses', async () => {
    let isRun = false;
    await using served = await serveHost({
      handlers: {
        'Host.GetHost': async () => {
          isRun = true;
          return createMessage(hostInfoType, {});
        },
      },
      steps: [
        async () => {
          throw new ArgonError('permission-denied', 'not you');
        },
      ],
    });

    const error = await failureOf(served.client().call('Host.GetHost', {}, patience));

    expect(error.code).toBe('permission-denied');
    expect(isRun).toBe(false);
  });

  it('tells a handler that its caller has gone', async () => {
    const seen = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    await using served = await serveHost({
      handlers: {
        'Host.GetHost': async (_request, { signal }) => {
          signal.addEventListener('abort', () => {
            seen.resolve();
          });
          begun.resolve();
          await seen.promise;
          return createMessage(hostInfoType, {});
        },
      },
    });
    const leaving = new AbortController();

    const call = failureOf(served.client().call('Host.GetHost', {}, { signal: leaving.signal }));
    await begun.promise;
    leaving.abort();

    expect((await call).code).toBe('cancelled');
    await seen.promise;
  });

  it('takes the place of a socket that a dead controller left', async () => {
    await using dir = await createTempDir();
    const socketPath = join(dir.path, 'stale.sock');
    const before = createServer().listen(socketPath);
    await until(() => existsSync(socketPath), 'the socket');
    const inode = statSync(socketPath).ino;

    await using served = await serveHost({ socketPath });

    expect(statSync(socketPath).ino).not.toBe(inode);
    await served.client().call('Host.GetHost', {}, patience);
    before.close();
  });

  it('refuses to take the place of anything else', async () => {
    await using dir = await createTempDir();
    const socketPath = join(dir.path, 'file');
    writeFileSync(socketPath, 'mine');

    await expect(serveHost({ socketPath })).rejects.toMatchObject({ code: 'already-exists' });
    await expect(serveHost({ socketPath: join(dir.path, 'x'.repeat(108)) })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('lets calls that are under way end when it is closed', async () => {
    const begun = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const served = await serveHost({
      handlers: {
        'Host.GetHost': async () => {
          begun.resolve();
          await mayEnd.promise;
          return createMessage(hostInfoType, { version: 'last' });
        },
      },
    });

    const call = served.client().call('Host.GetHost', {}, patience);
    await begun.promise;
    const closed = served.server[Symbol.asyncDispose]();
    mayEnd.resolve();

    expect(await call).toMatchObject({ version: 'last' });
    await closed;
    expect(existsSync(served.socketPath)).toBe(false);
    await served[Symbol.asyncDispose]();
  });
});
