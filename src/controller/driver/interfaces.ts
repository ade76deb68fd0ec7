// SPDX-License-Identifier: Apache-2.0

// Network interfaces as records. Nothing serves them yet, so none can be attached.

import { randomBytes } from 'node:crypto';

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { NetworkInterface } from '../model.ts';
import type { Registry } from '../registry/registry.ts';
import { requireFound } from './decide.ts';
import type { Operations } from './operations.ts';
import { formatPage, type ListAnswer, type ListRequest, parsePage } from './page-token.ts';
import type { MutationOptions } from './volumes.ts';

export interface CreateInterfaceRequest extends MutationOptions {
  readonly displayName: string;
  /** Empty: the host chooses one. */
  readonly macAddress: string;
}

export interface DeleteInterfaceRequest extends MutationOptions {
  readonly id: string;
  readonly isMissingAllowed: boolean;
}

export class InterfaceDriver {
  readonly #registry: Registry;
  readonly #operations: Operations;

  constructor(registry: Registry, operations: Operations) {
    this.#registry = registry;
    this.#operations = operations;
  }

  /** @throws ArgonError not-found. */
  get(id: string): NetworkInterface {
    return requireFound(this.#registry.networkInterface(id), `interface ${id}`);
  }

  list(request: ListRequest): ListAnswer<NetworkInterface> {
    const page = this.#registry.networkInterfaces(parsePage('interfaces', request));
    return formatPage('interfaces', page, (found) => found);
  }

  async create(request: CreateInterfaceRequest, scope: Cancellable): Promise<NetworkInterface> {
    const { requestId, isValidateOnly, ...asked } = request;
    return this.#operations.run<NetworkInterface, NetworkInterface>(
      {
        method: 'interfaces.create',
        requestId,
        isValidateOnly,
        request: asked,
        resources: ['interfaces'],
        decide: () => this.#decideCreate(request),
        preview: (made) => made,
        target: ({ id }) => id,
        perform: async (made, commit) => {
          commit(() => {
            this.#registry.putInterface(made);
          });
          return made;
        },
        recall: (target) => this.get(target),
      },
      scope,
    );
  }

  async delete(request: DeleteInterfaceRequest, scope: Cancellable): Promise<void> {
    const { requestId, isValidateOnly, ...asked } = request;
    const { id } = request;
    return this.#operations.run<undefined, void>(
      {
        method: 'interfaces.delete',
        requestId,
        isValidateOnly,
        request: asked,
        resources: ['interfaces'],
        decide: () => {
          if (!request.isMissingAllowed) this.get(id);
          return undefined;
        },
        preview: () => {},
        target: () => id,
        perform: async (_plan, commit) => {
          commit(() => {
            this.#registry.deleteInterface(id);
          });
        },
        recall: () => {},
      },
      scope,
    );
  }

  #decideCreate({ displayName, macAddress }: CreateInterfaceRequest): NetworkInterface {
    const made: NetworkInterface = {
      id: `eni-${randomBytes(9).toString('hex').slice(0, 17)}`,
      displayName,
      macAddress: macAddress === '' ? localAddress() : macAddress,
      createTimeMs: Date.now(),
    };
    const isSame = (other: NetworkInterface): boolean =>
      other.macAddress === made.macAddress ||
      (displayName !== '' && other.displayName === displayName);
    const other = this.#registry.networkInterfaces().items.find(isSame);
    if (other === undefined) return made;
    throw new ArgonError('already-exists', `interface ${other.id} has this name or address`);
  }
}

// IEEE 802: bit 1 of the first byte is set for a locally administered address, bit 0 for a group.
function localAddress(): string {
  const bytes = randomBytes(6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return (bytes.toString('hex').match(/../g) ?? []).join(':');
}
