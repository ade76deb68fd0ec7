// Written from grpc/health/v1/health.proto by `npm run generate`; not edited by hand.

import { enumType, messageType, type EnumType, type MessageType } from '../../../../schema.ts';

export type HealthCheckResponseServingStatus =
  | 'UNKNOWN'
  | 'SERVING'
  | 'NOT_SERVING'
  | 'SERVICE_UNKNOWN';

export const healthCheckResponseServingStatusType: EnumType<HealthCheckResponseServingStatus> = enumType('grpc.health.v1.HealthCheckResponse.ServingStatus', [
  ['UNKNOWN', 0],
  ['SERVING', 1],
  ['NOT_SERVING', 2],
  ['SERVICE_UNKNOWN', 3],
]);

export interface HealthCheckRequest {
  /** A service's full name, or nothing for the whole host. */
  readonly service: string;
}

export const healthCheckRequestType: MessageType<HealthCheckRequest> = messageType('grpc.health.v1.HealthCheckRequest', [
  { name: 'service', property: 'service', number: 1, kind: 'string', rules: { maxLength: 256 } },
]);

export interface HealthCheckResponse {
  readonly status: HealthCheckResponseServingStatus;
}

export const healthCheckResponseType: MessageType<HealthCheckResponse> = messageType('grpc.health.v1.HealthCheckResponse', [
  { name: 'status', property: 'status', number: 1, kind: 'enum', type: healthCheckResponseServingStatusType },
]);
