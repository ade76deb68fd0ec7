// SPDX-License-Identifier: Apache-2.0

// A load that measures nothing and says so at once, and network back ends that serve nothing.

import type { NetBackendKind, NetBackendOptions } from '../../../../src/harness/network/backend.ts';
import type { FrontendAddon } from '../../../../src/native/addons.ts';
import type { NetLoadOptions, NetLoadResult } from '../../../../src/native/net-load.ts';
import { nativeError } from '../../fake-host.ts';

export const fakeNetResult: NetLoadResult = {
  frameCount: 1_000_000n,
  byteCount: 1_500_000_000n,
  elapsedNs: 500_000_000n,
  sentCount: 1_000_000n,
  lostCount: 0n,
  p50Ns: 3000n,
  p99Ns: 9000n,
};

export class FakeNetLoad {
  readonly loads: NetLoadOptions[] = [];
  readonly events: string[] = [];
  readonly #loading = Promise.withResolvers<void>();
  failure: Error | undefined;
  /** Loads go on until they are cancelled. */
  isEndless = false;

  /** Settles when the first load has begun. */
  get loading(): Promise<void> {
    return this.#loading.promise;
  }

  get addon(): Pick<FrontendAddon, 'runNetLoad' | 'holdNetInterfaces'> {
    return {
      runNetLoad: async (options) => {
        this.loads.push(options);
        this.events.push('load');
        const cancelled = Promise.withResolvers<never>();
        cancelled.promise.catch(() => {}); // Most loads are not cancelled.
        options.onStart?.(() => {
          cancelled.reject(nativeError('closed', 'the load was cancelled'));
        });
        this.#loading.resolve();
        if (this.failure !== undefined) throw this.failure;
        return this.isEndless ? await cancelled.promise : fakeNetResult;
      },
      holdNetInterfaces: async (paths) => {
        this.events.push(`hold ${paths.length}`);
        return () => {
          this.events.push('release');
        };
      },
    };
  }
}

/** A back end that serves nothing; its process is this one. */
export function fakeNetBackend(
  name: string,
  events: string[],
  seen: NetBackendOptions[] = [],
): NetBackendKind {
  return {
    name,
    start: async (options) => {
      seen.push(options);
      const { pipeline, polling, interfaceCount } = options.setup;
      events.push(`start ${name} ${pipeline} ${polling} ${interfaceCount}`);
      return {
        name,
        pid: process.pid,
        version: `${name} 1.0`,
        socketPaths: Array.from({ length: interfaceCount }, (_, index) => `/${name}/${index}`),
        resume: () => {
          events.push('resume');
        },
        pause: () => {
          events.push('pause');
        },
        [Symbol.asyncDispose]: async () => {
          events.push(`stop ${name}`);
        },
      };
    },
  };
}
