// SPDX-License-Identifier: Apache-2.0

// The five standard methods (AIP-131 to 135) of a kind of records, between the API's requests and
// the driver's.

import { type FieldViolation, ViolationError } from '../../api/violations.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { NetworkKind } from '../../network/model/records.ts';
import { FieldError, refuse } from '../../network/model/refusal.ts';
import type { Draft, NetworkDriver, NetworkView } from '../driver/networks.ts';
import type { ListRequest } from '../driver/page-token.ts';
import { idOf, type ResourceWords } from './network-words.ts';
import { present } from './words.ts';

interface ChangeOptions {
  readonly requestId: string;
  readonly validateOnly: boolean;
}

export interface ResourceMethods<Message> {
  readonly create: (
    message: Message | undefined,
    options: ChangeOptions,
    scope: Cancellable,
  ) => Promise<Message>;
  readonly get: (request: { readonly name: string }) => Message;
  readonly list: (request: ListRequest) => {
    readonly items: readonly Message[];
    readonly nextPageToken: string;
  };
  readonly update: (
    message: Message | undefined,
    options: ChangeOptions & { readonly updateMask?: readonly string[] | undefined },
    scope: Cancellable,
  ) => Promise<Message>;
  readonly delete: (
    request: ChangeOptions & {
      readonly name: string;
      readonly etag: string;
      readonly allowMissing: boolean;
    },
    scope: Cancellable,
  ) => Promise<Readonly<Record<string, never>>>;
}

export function resourceMethods<
  Kind extends NetworkKind,
  Message extends { readonly name: string; readonly etag: string },
>(driver: NetworkDriver<Kind>, words: ResourceWords<Kind, Message>): ResourceMethods<Message> {
  const describe = (view: NetworkView<Kind>): Message => words.describe(view);
  return {
    create: async (message, { requestId, validateOnly }, scope) =>
      namingFields(words, async () => {
        const draft = words.parse(present(message, words.field), 'create');
        return describe(
          await driver.create({ requestId, isValidateOnly: validateOnly, draft }, scope),
        );
      }),
    get: ({ name }) => describe(driver.get(idOf(name))),
    list: (request) => {
      const { items, nextPageToken } = driver.list(request);
      return { items: items.map(describe), nextPageToken };
    },
    update: async (message, { updateMask, requestId, validateOnly }, scope) =>
      namingFields(words, async () => {
        const asked = present(message, words.field);
        const changes = changesOf(words, asked, present(updateMask, 'update_mask'));
        const { name, etag } = asked;
        const request = { requestId, isValidateOnly: validateOnly, id: idOf(name), changes, etag };
        return describe(await driver.update(request, scope));
      }),
    delete: async ({ name, etag, requestId, validateOnly, allowMissing }, scope) => {
      const options = { requestId, isValidateOnly: validateOnly, isMissingAllowed: allowMissing };
      await driver.delete({ ...options, etag, id: idOf(name) }, scope);
      return {};
    },
  };
}

function changesOf<Kind extends NetworkKind, Message>(
  words: ResourceWords<Kind, Message>,
  message: Message,
  mask: readonly string[],
): Partial<Draft<Kind>> {
  const draft = words.parse(message, 'update');
  const changes: Partial<Draft<Kind>> = {};
  for (const path of mask) {
    const member = words.paths[path];
    // Within a list there is nothing that could be named.
    if (member === undefined) throw refuse('update_mask', `has ${path}, which is not one field`);
    changes[member] = draft[member];
  }
  return changes;
}

// A field of the resource as the request has it: google.rpc.BadRequest says which it is.
async function namingFields<Kind extends NetworkKind, Message, Value>(
  { field, typeName }: ResourceWords<Kind, Message>,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof FieldError)) throw thrown;
    throw violationOf(thrown, typeName, `${field}.${thrown.field}`);
  }
}

/** The same error of a message, with the path of the field in that. */
export function violationOf(error: FieldError, typeName: string, field: string): ViolationError {
  const { code, hint, details, description } = error;
  const violation: FieldViolation = { field, description };
  return new ViolationError(code, typeName, [violation], {
    cause: error,
    details,
    ...(hint === undefined ? {} : { hint }),
  });
}
