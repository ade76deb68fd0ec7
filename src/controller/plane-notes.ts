// SPDX-License-Identifier: Apache-2.0

// What the registry says of the backplane that runs, and guests of one that was replaced.

import type { Attachment, Condition } from './model.ts';
import { identifyProcess } from './parts/process-identity.ts';
import type { Registry } from './registry/registry.ts';

/** What is true of a guest with these volumes when it has got another backplane. */
export function planeReplaced(served: readonly Attachment[]): Condition {
  const unbound = served.filter(({ hasDriver }) => !hasDriver).map(({ volume }) => volume);
  const connects = 'The backplane ended and another one took its place; QEMU connects again.';
  // QEMU 7.2 does, and then fails a driver that comes later (record 0013).
  const fails = ` The guest had no driver yet for ${unbound.join(', ')}: reset it if it hangs.`;
  return {
    type: 'BackplaneReplaced',
    reason: unbound.length === 0 ? 'BackplaneEnded' : 'DriverNotBound',
    message: unbound.length === 0 ? connects : connects + fails,
    changeTimeMs: Date.now(),
  };
}

/** Writes down which process the backplane is, and whether it is another one. */
export async function notePlane(registry: Registry, pid: number): Promise<void> {
  const process = await identifyProcess(pid);
  if (process === undefined) return;
  const part = { id: 'backplane', kind: 'backplane', process } as const;
  const known = registry.parts().find(({ id }) => id === part.id);
  const isSame = known?.process.startTicks === process.startTicks && known.process.pid === pid;
  const { restarts, startTimeMs } = isSame
    ? known
    : { restarts: known === undefined ? 0 : known.restarts + 1, startTimeMs: Date.now() };
  registry.putPart({ ...part, restarts, startTimeMs });
}
