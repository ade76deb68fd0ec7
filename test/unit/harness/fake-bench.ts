// SPDX-License-Identifier: Apache-2.0

// Front ends that measure nothing and say so at once, and back ends that serve nothing.

import { basename } from 'node:path';

import type { BackendKind, BackendOptions } from '../../../src/harness/bench-backend.ts';
import type {
  FrontendAddon,
  LoadOptions,
  LoadResult,
  NativeBlockFrontend,
} from '../../../src/native/addons.ts';
import { abiVersion } from '../../../src/native/binding.ts';
import { errorKinds } from '../../../src/native/error-kind.ts';
import { nativeError } from '../fake-host.ts';

export const fakeResult: LoadResult = {
  operationCount: 5000n,
  byteCount: 20_480_000n,
  elapsedNs: 500_000_000n,
  errorCount: 0n,
  p50Ns: 1000n,
  p99Ns: 2000n,
  p999Ns: 3000n,
  maxNs: 4000n,
  latencyJson: '{"count":5000,"sum":1,"max":4000,"buckets":[[1000,4990],[4000,10]]}',
};

async function neverAsked(): Promise<never> {
  throw new Error('a benchmark runs no conformance cases');
}

export class FakeFrontends {
  readonly loads: LoadOptions[] = [];
  readonly events: string[] = [];
  failure: Error | undefined;
  errorCount = 0n;
  /** Loads go on until they are cancelled. */
  isEndless = false;

  get addon(): FrontendAddon {
    const make = (): NativeBlockFrontend => this.#frontend();
    return {
      abiVersion,
      errorKinds,
      // What a constructor returns, `new` gives.
      BlockFrontend: function construct() {
        return make();
      } as unknown as FrontendAddon['BlockFrontend'],
      listChainCases: () => [],
      listConformanceCases: () => [],
      conformanceFacts: neverAsked,
      runConformanceCase: neverAsked,
      holdNetInterfaces: neverAsked,
      runNetLoad: neverAsked,
      sizesForLoad: () => ({ queueSize: 64, arenaBytes: 4096n }),
    };
  }

  #frontend(): NativeBlockFrontend {
    const cancelled = Promise.withResolvers<never>();
    cancelled.promise.catch(() => {}); // Most loads are not cancelled.
    const methods: Partial<NativeBlockFrontend> = {
      connect: async ({ socketPath }) => {
        this.events.push(`connect ${basename(socketPath)}`);
      },
      runLoad: async (options) => {
        this.loads.push(options);
        this.events.push('load');
        if (this.failure !== undefined) throw this.failure;
        return this.isEndless ? cancelled.promise : { ...fakeResult, errorCount: this.errorCount };
      },
      cancelLoad: () => {
        cancelled.reject(nativeError('closed', 'the load was cancelled'));
      },
      close: async () => {
        this.events.push('close');
      },
    };
    return methods as NativeBlockFrontend;
  }
}

/** A back end that serves nothing; its process is this one. */
export function fakeBackend(
  name: string,
  events: string[],
  seen: BackendOptions[] = [],
): BackendKind {
  return {
    name,
    start: async (options) => {
      seen.push(options);
      const { target, polling, queues } = options;
      events.push(`start ${name} ${target.store} ${target.cipher} ${polling} ${queues}`);
      return {
        name,
        socketPath: `${options.socketDir}/${name}.sock`,
        pid: process.pid,
        [Symbol.asyncDispose]: async () => {
          events.push(`stop ${name}`);
        },
      };
    },
  };
}
