// SPDX-License-Identifier: Apache-2.0

// One call from its bytes to the bytes of its answer: the same chain for every method, so that
// nothing can be reached around it. Limits come before (call-guard.ts); here the request is held
// against its schema, then the steps run, tokens and audit among them when a host has them, then
// the handler, and its answer is held against its schema too.

import { decodeMessage, encodeWhole } from '../../api/codec.ts';
import type { MethodTypes } from '../../api/generated/argon/v1/methods.ts';
import type { MethodType } from '../../api/schema.ts';
import { ViolationError } from '../../api/violations.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Peer } from './connections.ts';

/** What a handler knows of its call beside the request. */
export interface CallContext {
  readonly method: MethodType<unknown, unknown>;
  readonly peer: Peer;
  /** Ends when the caller has gone, or its deadline has passed. What has begun may still end. */
  readonly signal: AbortSignal;
}

/**
 * What implements the API, by method. A method without a handler is answered with unimplemented.
 * An ArgonError that a handler throws reaches the caller: its message, hint and details are for
 * operators. Anything else that it throws is a bug, and the caller is told only that.
 */
export type Handlers = {
  readonly [Name in keyof MethodTypes]?: (
    request: MethodTypes[Name]['request'],
    context: CallContext,
  ) => Promise<MethodTypes[Name]['response']>;
};

/**
 * Something around every handler: it may refuse by throwing, and sees the outcome. `request` has
 * been checked.
 */
export type CallStep = (
  call: CallContext & { readonly request: unknown },
  next: () => Promise<unknown>,
) => Promise<unknown>;

export interface Implementation<Request, Response> {
  readonly method: MethodType<Request, Response>;
  readonly handler: ((request: Request, context: CallContext) => Promise<Response>) | undefined;
  /** The first one is the outermost. */
  readonly steps: readonly CallStep[];
}

/**
 * Runs a call.
 * @throws ArgonError for the caller, with the bug as its cause if there was one.
 */
export async function runCall<Request, Response>(
  { method, handler, steps }: Implementation<Request, Response>,
  bytes: Uint8Array,
  context: CallContext,
): Promise<Uint8Array> {
  const use = { kind: 'request', verb: method.verb } as const;
  const request = decodeMessage(method.request, bytes, use);
  if (handler === undefined) {
    throw new ArgonError('unimplemented', `this host does not have ${method.name}`);
  }
  let answer: Uint8Array | undefined;
  const handle = async (): Promise<unknown> => {
    const response = await handler(request, context);
    answer = encodeAnswer(method, response);
    return response;
  };
  const call = { ...context, request };
  const chain = steps.reduceRight<() => Promise<unknown>>(
    (next, step) => async () => step(call, next),
    handle,
  );
  try {
    await chain();
  } catch (thrown) {
    if (thrown instanceof ArgonError) throw thrown;
    throw new ArgonError('internal', `${method.name} failed on this host`, { cause: thrown });
  }
  if (answer === undefined) {
    throw new ArgonError('internal', `${method.name} was ended before its handler`);
  }
  return answer;
}

function encodeAnswer<Request, Response>(
  { name, response }: MethodType<Request, Response>,
  value: Response,
): Uint8Array {
  try {
    return encodeWhole(response, value, 'response');
  } catch (cause) {
    if (!(cause instanceof ViolationError)) throw cause;
    throw new ViolationError('internal', `answer of ${name}`, cause.violations, { cause });
  }
}
