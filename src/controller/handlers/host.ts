// SPDX-License-Identifier: Apache-2.0

import type {
  HostEnvironment as ApiEnvironment,
  HostInfo,
  PartKind,
  PartState,
} from '../../api/generated/argon/v1/host.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { LimitSet } from '../../native/addons.ts';
import type { HostEnvironment } from '../../native/network-watch.ts';
import type { HandlersOf } from './handler.ts';
import { describeLimits, parseLimits, present } from './words.ts';

/** A process of the host, as whoever runs it knows it. */
export interface PartFacts {
  readonly id: string;
  readonly kind: 'controller' | 'backplane' | 'block-card' | 'network-card' | 'qemu';
  readonly state: 'starting' | 'running' | 'backing-off' | 'stopping';
  readonly pid: number;
  readonly restarts: number;
  readonly startTimeMs: number;
}

/** The host as a whole. */
export interface HostControl {
  readonly version: string;
  readonly startTimeMs: number;
  readonly environment: HostEnvironment;
  /** Exactly those that run (claim A1). */
  parts(): readonly PartFacts[];
  limits(): LimitSet;
  setLimits(
    limits: LimitSet,
    options: { readonly requestId: string; readonly isValidateOnly: boolean },
    scope: Cancellable,
  ): Promise<void>;
  /** Ends guests, then cards; whoever called it ends the rest after the answer. */
  shutDown(options: { readonly timeoutMs: number; readonly isForced: boolean }): Promise<void>;
}

const kinds: Readonly<Record<PartFacts['kind'], PartKind>> = {
  controller: 'PART_KIND_CONTROLLER',
  backplane: 'PART_KIND_BACKPLANE',
  'block-card': 'PART_KIND_BLOCK_CARD',
  'network-card': 'PART_KIND_NETWORK_CARD',
  qemu: 'PART_KIND_QEMU',
};

const states: Readonly<Record<PartFacts['state'], PartState>> = {
  starting: 'PART_STATE_STARTING',
  running: 'PART_STATE_RUNNING',
  'backing-off': 'PART_STATE_BACKING_OFF',
  stopping: 'PART_STATE_STOPPING',
};

const environments: Readonly<Record<HostEnvironment, ApiEnvironment>> = {
  production: 'HOST_ENVIRONMENT_PRODUCTION',
  test: 'HOST_ENVIRONMENT_TEST',
};

/** The methods of the service Host. */
export function hostHandlers(host: HostControl): HandlersOf<'Host'> {
  return {
    'Host.GetHost': async () => describeHost(host),
    'Host.UpdateHost': async ({ host: asked, updateMask, requestId, validateOnly }, scope) => {
      const mask = present(updateMask, 'update_mask');
      const { limits } = present(asked, 'host');
      if (mask.some((path) => path.split('.')[0] === 'limits')) {
        const options = { requestId, isValidateOnly: validateOnly };
        await host.setLimits(parseLimits(limits), options, scope);
      }
      return describeHost(host);
    },
    'Host.ShutDown': async ({ timeoutMs, force }) => {
      await host.shutDown({ timeoutMs, isForced: force });
      return {};
    },
  };
}

function describeHost(host: HostControl): HostInfo {
  return {
    version: host.version,
    startTime: new Date(host.startTimeMs),
    parts: host.parts().map(({ id, kind, state, pid, restarts, startTimeMs }) => ({
      id,
      kind: kinds[kind],
      state: states[state],
      pid,
      restarts,
      startTime: new Date(startTimeMs),
      conditions: [],
    })),
    limits: describeLimits(host.limits()),
    environment: environments[host.environment],
  };
}
