// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { methods } from '../../../../src/api/generated/grpc/health/v1/methods.ts';
import { explore } from './explorer.ts';
import { serveHost } from './fixture.ts';

const check = methods['Health.Check'];

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
