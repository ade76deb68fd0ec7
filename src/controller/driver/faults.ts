// SPDX-License-Identifier: Apache-2.0

// Faults of volumes that are served, put in on purpose. They last as long as the device is
// attached, through restarts of its card.

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { FaultRule, FaultState } from '../../native/addons.ts';
import type { Operations } from './operations.ts';
import type { MutationOptions } from './volumes.ts';

/** Where faults are: cards. */
export interface FaultPlaces {
  addFault(volume: VolumeId, rule: FaultRule, scope: Cancellable): Promise<FaultState>;
  removeFault(volume: VolumeId, fault: number, scope: Cancellable): Promise<void>;
  faults(volume: VolumeId, scope: Cancellable): Promise<readonly FaultState[]>;
  releaseFaults(volume: VolumeId, scope: Cancellable): Promise<void>;
}

export interface CreateFaultRequest extends MutationOptions {
  readonly volume: VolumeId;
  readonly rule: FaultRule;
}

export interface DeleteFaultRequest extends MutationOptions {
  readonly volume: VolumeId;
  readonly fault: number;
}

// What a list shows at most.
const faultsMax = 256;

export class FaultDriver {
  readonly #operations: Operations;
  readonly #places: FaultPlaces;

  constructor(operations: Operations, places: FaultPlaces) {
    this.#operations = operations;
    this.#places = places;
  }

  async create(request: CreateFaultRequest, scope: Cancellable): Promise<FaultState> {
    const { requestId, isValidateOnly, ...asked } = request;
    const { volume, rule } = request;
    // Also whether the volume is served at all, and by what a repeat is told from a first time.
    const present = await this.list(volume, scope);
    let made: FaultState = { id: 0, rule, matches: 0n, hits: 0n };
    return this.#operations.run<undefined, FaultState>(
      {
        method: 'faults.create',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [volume],
        decide: () => {
          if (present.length < faultsMax) return undefined;
          throw new ArgonError('resource-exhausted', `volume ${volume} has ${faultsMax} faults`);
        },
        preview: () => made,
        target: () => String(made.id),
        perform: async (_plan, commit) => {
          made = await this.#places.addFault(volume, rule, scope);
          commit(() => {});
          return made;
        },
        recall: (target) => {
          const found = present.find(({ id }) => String(id) === target);
          if (found !== undefined) return found;
          throw new ArgonError('not-found', 'the fault that this request made is gone');
        },
      },
      scope,
    );
  }

  async list(volume: VolumeId, scope: Cancellable): Promise<readonly FaultState[]> {
    return this.#places.faults(volume, scope);
  }

  async delete(request: DeleteFaultRequest, scope: Cancellable): Promise<void> {
    const { requestId, isValidateOnly, ...asked } = request;
    const { volume, fault } = request;
    const present = await this.list(volume, scope);
    return this.#operations.run<undefined, void>(
      {
        method: 'faults.delete',
        requestId,
        isValidateOnly,
        request: asked,
        resources: [volume],
        decide: () => {
          if (present.some(({ id }) => id === fault)) return undefined;
          throw new ArgonError('not-found', `volume ${volume} has no fault ${fault}`);
        },
        preview: () => {},
        target: () => String(fault),
        perform: async (_plan, commit) => {
          await this.#places.removeFault(volume, fault, scope);
          commit(() => {});
        },
        recall: () => {},
      },
      scope,
    );
  }

  async release(volume: VolumeId, scope: Cancellable): Promise<void> {
    await this.#places.releaseFaults(volume, scope);
  }
}
