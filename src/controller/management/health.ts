// SPDX-License-Identifier: Apache-2.0

// grpc.health.v1: a server that answers at all serves, and a service that it does not have is not
// found, as the protocol has it.

import type { Server } from '@grpc/grpc-js';

import { createMessage } from '../../api/codec.ts';
import {
  type HealthCheckResponse,
  healthCheckResponseType,
} from '../../api/generated/grpc/health/v1/health.ts';
import { methods } from '../../api/generated/grpc/health/v1/methods.ts';
import { ArgonError } from '../../base/errors.ts';
import { addUnary, type RouteOptions } from './routes.ts';

/** Serves health checks for the services of these names. */
export function addHealth(
  server: Server,
  serviceNames: ReadonlySet<string>,
  options: Omit<RouteOptions, 'handlers'>,
): void {
  const handler = async ({
    service,
  }: {
    readonly service: string;
  }): Promise<HealthCheckResponse> => {
    if (service !== '' && !serviceNames.has(service)) {
      throw new ArgonError('not-found', 'this host has no service of that name');
    }
    return createMessage(healthCheckResponseType, { status: 'SERVING' });
  };
  const { 'Health.Check': method } = methods;
  addUnary(server, { method, handler, steps: options.steps ?? [] }, options);
}
