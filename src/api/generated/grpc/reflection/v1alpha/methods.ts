// Written from the services of grpc.reflection.v1alpha by `npm run generate`; not edited by hand.

import { type MethodType } from '../../../../schema.ts';
import { serverReflectionRequestType, serverReflectionResponseType, type ServerReflectionRequest, type ServerReflectionResponse } from '../v1/reflection.ts';

/** The messages of each method. */
export interface MethodTypes {
  readonly 'ServerReflection.ServerReflectionInfo': { readonly request: ServerReflectionRequest; readonly response: ServerReflectionResponse };
}

export const methods: {
  readonly [Name in keyof MethodTypes]: MethodType<
    MethodTypes[Name]['request'],
    MethodTypes[Name]['response']
  >;
} = {
  'ServerReflection.ServerReflectionInfo': {
    name: 'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    verb: 'other',
    request: serverReflectionRequestType,
    response: serverReflectionResponseType,
    isRequestStream: true,
    isResponseStream: true,
    rule: {
      scope: 'reflection:read-alpha',
      resource: ['host'],
      audit: 'read',
      quota: 'read',
    },
  },
};
