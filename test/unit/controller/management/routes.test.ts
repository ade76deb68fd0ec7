// SPDX-License-Identifier: Apache-2.0

import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';

import { methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import { Connections } from '../../../../src/controller/management/connections.ts';
import { defaultLimits } from '../../../../src/controller/management/limits.ts';
import { RefusalLog } from '../../../../src/controller/management/refusal-log.ts';
import { addRoutes } from '../../../../src/controller/management/routes.ts';
import { keepLog } from './fixture.ts';

describe('addRoutes()', () => {
  it('gives every method of the schema a route', () => {
    const server = new Server();
    const { log } = keepLog();
    const refusals = new RefusalLog(log);
    const connections = new Connections(defaultLimits, refusals);

    addRoutes(server, { handlers: {}, log, connections, refusals });

    // What has a route can be taken away again, and nothing else.
    const removed = Object.values(methods).map(({ name }) => server.unregister(`/${name}`));
    expect(removed.every(Boolean)).toBe(true);
    expect(server.unregister('/argon.v1.Host/Other')).toBe(false);
    server.forceShutdown();
  });
});
