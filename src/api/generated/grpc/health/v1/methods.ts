// Written from the services of grpc.health.v1 by `npm run generate`; not edited by hand.

import { type MethodType } from '../../../../schema.ts';
import { healthCheckRequestType, healthCheckResponseType, type HealthCheckRequest, type HealthCheckResponse } from './health.ts';

/** The messages of each method. */
export interface MethodTypes {
  readonly 'Health.Check': { readonly request: HealthCheckRequest; readonly response: HealthCheckResponse };
  /**
   * Answers at once, and again with every change, until the caller takes it back. A service
   * that is not there is SERVICE_UNKNOWN, and the stream goes on.
   */
  readonly 'Health.Watch': { readonly request: HealthCheckRequest; readonly response: HealthCheckResponse };
}

export const methods: {
  readonly [Name in keyof MethodTypes]: MethodType<
    MethodTypes[Name]['request'],
    MethodTypes[Name]['response']
  >;
} = {
  'Health.Check': {
    name: 'grpc.health.v1.Health/Check',
    verb: 'other',
    request: healthCheckRequestType,
    response: healthCheckResponseType,
    isRequestStream: false,
    isResponseStream: false,
    rule: {
      scope: 'health:check',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
  'Health.Watch': {
    name: 'grpc.health.v1.Health/Watch',
    verb: 'other',
    request: healthCheckRequestType,
    response: healthCheckResponseType,
    isRequestStream: false,
    isResponseStream: true,
    rule: {
      scope: 'health:watch',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
};
