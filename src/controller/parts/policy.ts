// SPDX-License-Identifier: Apache-2.0

// The policy of the host's network card and what its services say under it: of all records, and of
// the interfaces that it serves.

import { type InstanceId, parseInstanceId } from '../../base/instance-id.ts';
import { encodeCardNetwork } from '../../network/card-network.ts';
import { compilePolicy, instanceIdentity } from '../../network/compile.ts';
import type { NetworkState } from '../../network/model/records.ts';
import { recordsOfPolicy } from '../../network/services/records-of-policy.ts';
import type { Instance, InterfaceAttachment } from '../model.ts';
import { factsOf } from './instance-facts.ts';

const noLimit = { perSecond: 0n, burst: 0n } as const;

/**
 * What the interfaces of an instance share. The published allowances are of instance types, which
 * Argon has not; one guest may track a sixteenth of what the card can. Arbitrary.
 */
const allowance = {
  bandwidthIn: noLimit,
  bandwidthOut: noLimit,
  packets: noLimit,
  trackedMax: 65_536,
  servicePacketsPerSecond: 1_024, // LL-1
} as const;

export interface PolicySources {
  readonly state: NetworkState;
  readonly served: readonly InterfaceAttachment[];
  readonly generation: bigint;
  readonly instanceOf: (id: InstanceId) => Instance | undefined;
}

/** The card and its policy know an interface by the number of its slot. */
export function policyOf({ state, served, generation, instanceOf }: PolicySources): Uint8Array {
  const instances = [...new Set(served.map(({ instance }) => instance))].toSorted();
  const bySlot = new Map(served.map((attachment) => [attachment.slot, attachment]));
  const count = Math.max(-1, ...bySlot.keys()) + 1;
  const places = Array.from({ length: count }, (_, slot) => {
    const attachment = bySlot.get(slot);
    if (attachment === undefined) return undefined;
    const instance = instances.indexOf(attachment.instance);
    return { interface: attachment.interface, instance };
  });
  const allowances = instances.map((id) => ({ ...allowance, identity: instanceIdentity(id) }));
  return encodeCardNetwork({
    policy: compilePolicy({ state, generation, places, instances: allowances }),
    services: recordsOfPolicy(
      { state, places },
      {
        ids: instances,
        factsOf: (id) => {
          const instance = instanceOf(parseInstanceId(id));
          return instance === undefined ? {} : factsOf(instance);
        },
        deviceNumberOf: (id) => deviceNumberOf(served, id),
      },
    ),
  });
}

// As the instance's slots are in order, and Linux names its interfaces.
function deviceNumberOf(served: readonly InterfaceAttachment[], id: string): number {
  const own = served.find((each) => each.interface === id);
  if (own === undefined) return 0;
  return served.filter(
    ({ instance, pciSlot }) => instance === own.instance && pciSlot < own.pciSlot,
  ).length;
}
