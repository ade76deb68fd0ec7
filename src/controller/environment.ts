// SPDX-License-Identifier: Apache-2.0

// What the host of a state folder is for. It is settled when the host is started for the first
// time: what was made in production never is on a host that lets frames be captured.

import { ArgonError } from '../base/errors.ts';
import type { HostEnvironment } from '../native/network-watch.ts';
import type { Registry } from './registry/registry.ts';

/**
 * What the host is for: as it always was, or else as it is asked for, or else production.
 * @throws ArgonError failed-precondition if another environment is asked for than before.
 */
export function settleEnvironment(
  registry: Pick<Registry, 'environment' | 'setEnvironment'>,
  asked: HostEnvironment | undefined,
): HostEnvironment {
  const known = registry.environment();
  if (known === undefined) {
    const environment = asked ?? 'production';
    registry.setEnvironment(environment);
    return environment;
  }
  if (asked === undefined || asked === known) return known;
  throw new ArgonError('failed-precondition', `the host of this state folder is for ${known}`, {
    hint: `give a ${asked} host a state folder of its own: $ARGON_STATE`,
  });
}
