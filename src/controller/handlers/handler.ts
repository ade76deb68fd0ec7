// SPDX-License-Identifier: Apache-2.0

import type { MethodTypes } from '../../api/generated/argon/v1/methods.ts';
import type { Cancellable } from '../../base/deadline.ts';

/** Handlers of all methods of a service: thin, from the API's words to the driver's and back. */
export type HandlersOf<Service extends string> = {
  readonly [Name in keyof MethodTypes & `${Service}.${string}`]: (
    request: MethodTypes[Name]['request'],
    scope: Cancellable,
  ) => Promise<MethodTypes[Name]['response']>;
};
