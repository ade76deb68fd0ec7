// SPDX-License-Identifier: Apache-2.0

// Requests and answers as they are on the wire: every one goes through the codec, both ways.

import { decodeMessage, encodeMessage, encodeWhole } from '../../../../src/api/codec.ts';
import { type MethodTypes, methods } from '../../../../src/api/generated/argon/v1/methods.ts';
import type { Init, MethodType } from '../../../../src/api/schema.ts';
import type { Cancellable } from '../../../../src/base/deadline.ts';

export const scope: Cancellable = { signal: AbortSignal.timeout(300_000) };

type Handlers = {
  readonly [Name in keyof MethodTypes]?: (
    request: MethodTypes[Name]['request'],
    scope: Cancellable,
  ) => Promise<MethodTypes[Name]['response']>;
};

/** Calls a handler as the management server does, with a request that has what it names. */
export async function call<Name extends keyof MethodTypes>(
  handlers: Handlers,
  name: Name,
  request: Init<MethodTypes[Name]['request']>,
): Promise<MethodTypes[Name]['response']> {
  const method: MethodType<MethodTypes[Name]['request'], MethodTypes[Name]['response']> =
    methods[name];
  const handler = handlers[name];
  if (handler === undefined) throw new Error(`there is no handler of ${name}`);
  const use = { kind: 'request', verb: method.verb } as const;
  const bytes = encodeMessage(method.request, request, use);
  const response = await handler(decodeMessage(method.request, bytes, use), scope);
  const answer = encodeWhole(method.response, response, 'response');
  return decodeMessage(method.response, answer, 'response');
}
