// SPDX-License-Identifier: Apache-2.0

// grpc.health.v1: a server that answers at all serves, until it closes. A service that it does not
// have is not found, and to those who watch unknown, as the protocol has it.

import type { Server, ServerWritableStream } from '@grpc/grpc-js';

import { createMessage, encodeMessage } from '../../api/codec.ts';
import {
  type HealthCheckResponse,
  healthCheckResponseType,
} from '../../api/generated/grpc/health/v1/health.ts';
import { methods } from '../../api/generated/grpc/health/v1/methods.ts';
import { ArgonError } from '../../base/errors.ts';
import type { ManagementLimits } from './limits.ts';
import { addServerStream, addUnary, type RouteOptions } from './routes.ts';

export interface HealthOptions extends Omit<RouteOptions, 'handlers'> {
  readonly limits: Pick<ManagementLimits, 'watchersMax'>;
}

interface Question {
  readonly service: string;
}

/**
 * Serves health checks for the services of these names. Dispose: those who watch hear that it ends.
 */
export function addHealth(
  server: Server,
  serviceNames: ReadonlySet<string>,
  { limits, ...options }: HealthOptions,
): Disposable {
  const steps = options.steps ?? [];
  const isThere = (service: string): boolean => service === '' || serviceNames.has(service);
  const check = async ({ service }: Question): Promise<HealthCheckResponse> => {
    if (isThere(service)) return answerOf('SERVING');
    throw new ArgonError('not-found', 'this host has no service of that name');
  };
  const { 'Health.Check': checkMethod, 'Health.Watch': watchMethod } = methods;
  addUnary(server, { method: checkMethod, handler: check, steps }, options);

  const watchers = new Set<ServerWritableStream<Buffer, Buffer>>();
  const watch = async ({ service }: Question): Promise<HealthCheckResponse> => {
    if (watchers.size >= limits.watchersMax) {
      throw new ArgonError('resource-exhausted', 'too many watch the health of this host', {
        hint: 'check it now and then instead',
      });
    }
    return answerOf(isThere(service) ? 'SERVING' : 'SERVICE_UNKNOWN');
  };
  addServerStream(server, { method: watchMethod, handler: watch, steps }, options, (call) => {
    if (call.cancelled) return;
    watchers.add(call);
    call.on('cancelled', () => {
      watchers.delete(call);
    });
  });
  return {
    [Symbol.dispose]: () => {
      const last = encodeMessage(healthCheckResponseType, answerOf('NOT_SERVING'), 'response');
      for (const call of watchers) {
        call.write(Buffer.from(last));
        call.end();
      }
      watchers.clear();
    },
  };
}

function answerOf(status: HealthCheckResponse['status']): HealthCheckResponse {
  return createMessage(healthCheckResponseType, { status });
}
