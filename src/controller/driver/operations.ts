// SPDX-License-Identifier: Apache-2.0

// Mutations: decided on what the registry says, journaled from before their first effect, and
// answered once. A request that is sent again with its id gets the resource that the first one was
// about, and changes nothing.

import { createHash, randomBytes } from 'node:crypto';

import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { Registry } from '../registry/registry.ts';
import type { ResourceQueues } from './resource-queues.ts';

/** Told every step of every mutation, before the next one. Tests end the process in it. */
export type StepObserver = (step: string) => Promise<void>;

/** Ends a mutation: what `write` writes and the answer are on disk together. */
export interface Commit {
  (write: () => void): void;
}

export interface Mutation<Plan, Answer> {
  /** As in `volumes.create`. */
  readonly method: string;
  /** Empty: the caller will not ask again. */
  readonly requestId: string;
  /** Plain data: what makes this request another than one with the same id. */
  readonly request: unknown;
  readonly isValidateOnly: boolean;
  /** What nobody else may work on meanwhile. */
  readonly resources: readonly string[];
  /** Throws where the request cannot be; has no effect. */
  readonly decide: () => Plan;
  /** What the answer would be. */
  readonly preview: (plan: Plan) => Answer;
  /** The name of the resource that the request is about. */
  readonly target: (plan: Plan) => string;
  /** Does it, or undoes what it did and throws. Without a commit a repeat does it again. */
  readonly perform: (plan: Plan, commit: Commit) => Promise<Answer>;
  /** The answer to a request that was done before. */
  readonly recall: (target: string) => Answer;
}

// A caller that has had no answer for a day asks somebody what happened.
const keptMs = 24 * 60 * 60 * 1000;
// Arbitrary; some 2 MB of registry.
const keptCount = 10_000;
const pruneEvery = 100; // Calls between two looks.

export class Operations {
  readonly #registry: Registry;
  readonly #queues: ResourceQueues;
  readonly #step: StepObserver;
  #count = 0;
  #isClosed = false;

  constructor(registry: Registry, queues: ResourceQueues, step: StepObserver) {
    this.#registry = registry;
    this.#queues = queues;
    this.#step = step;
  }

  /** From now on nothing is begun. */
  close(): void {
    this.#isClosed = true;
  }

  /** @throws ArgonError already-exists if the id was another request's. */
  async run<Plan, Answer>(mutation: Mutation<Plan, Answer>, scope: Cancellable): Promise<Answer> {
    const { requestId, resources } = mutation;
    const own = requestId === '' ? [] : [`request/${requestId}`];
    return this.#queues.run([...own, ...resources], scope, async () => this.#runAlone(mutation));
  }

  async #runAlone<Plan, Answer>(mutation: Mutation<Plan, Answer>): Promise<Answer> {
    const { method } = mutation;
    if (this.#isClosed) throw new ArgonError('unavailable', 'the host is being shut down');
    const requestHash = hashRequest(mutation.request);
    const known = mutation.requestId === '' ? undefined : this.#find(mutation, requestHash);
    if (known !== undefined) return mutation.recall(known);
    const plan = mutation.decide();
    if (mutation.isValidateOnly) return mutation.preview(plan);

    this.#pruneNowAndThen();
    // An id that no caller can send, for a mutation that will not be repeated.
    const requestId = mutation.requestId || `.${randomBytes(12).toString('base64url')}`;
    const operation = { requestId, method, requestHash, startTimeMs: Date.now() };
    this.#registry.putOperation({ ...operation, answer: undefined });
    await this.#step(`${method}: begun`);
    let isAnswered = false;
    try {
      const answer = await mutation.perform(plan, (write) => {
        this.#registry.transact(() => {
          write();
          if (mutation.requestId === '') this.#registry.deleteOperation(requestId);
          else this.#registry.putOperation({ ...operation, answer: mutation.target(plan) });
        });
        isAnswered = true;
      });
      await this.#step(`${method}: done`);
      return answer;
    } finally {
      if (!isAnswered) this.#registry.deleteOperation(requestId);
    }
  }

  #find<Plan, Answer>(
    { requestId, method }: Mutation<Plan, Answer>,
    requestHash: string,
  ): string | undefined {
    const found = this.#registry.operation(requestId);
    if (found === undefined) return undefined;
    if (found.method === method && found.requestHash === requestHash) return found.answer;
    throw new ArgonError('already-exists', `the request id ${requestId} was another request's`, {
      hint: 'use a new id for a new request, and the old one only to repeat the old request',
    });
  }

  #pruneNowAndThen(): void {
    this.#count += 1;
    if (this.#count % pruneEvery !== 1) return;
    this.#registry.pruneOperations(Date.now() - keptMs, keptCount);
  }
}

function hashRequest(request: unknown): string {
  return createHash('sha256').update(canonical(request)).digest('hex');
}

// The order of members says nothing, and 64-bit numbers are no JSON.
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`;
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
