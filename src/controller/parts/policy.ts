// SPDX-License-Identifier: Apache-2.0

// The policy of the host's network card and what its services say under it: of all records, and of
// the interfaces that it serves.

import { type InstanceId, parseInstanceId } from '../../base/instance-id.ts';
import { encodeCardNetwork } from '../../network/card-network.ts';
import { compilePolicy, instanceIdentity } from '../../network/compile.ts';
import type { NetworkState } from '../../network/model/records.ts';
import type { InstanceAllowance } from '../../network/policy-records.ts';
import { recordsOfPolicy } from '../../network/services/records-of-policy.ts';
import { devicesOf, type UplinkPlace } from '../../network/uplink.ts';
import {
  defaultAllowance,
  type Instance,
  type InterfaceAttachment,
  type NetworkAllowance,
} from '../model.ts';
import { factsOf } from './instance-facts.ts';

export interface PolicySources {
  readonly state: NetworkState;
  readonly served: readonly InterfaceAttachment[];
  readonly generation: bigint;
  readonly instanceOf: (id: InstanceId) => Instance | undefined;
  /** Those that the card has the devices of; none where nothing is said. */
  readonly uplinks?: readonly UplinkPlace[];
}

/** The card and its policy know an interface by the number of its slot. */
export function policyOf({
  state,
  served,
  generation,
  instanceOf,
  uplinks = [],
}: PolicySources): Uint8Array {
  const instances = [...new Set(served.map(({ instance }) => instance))].toSorted();
  const bySlot = new Map(served.map((attachment) => [attachment.slot, attachment]));
  const count = Math.max(-1, ...bySlot.keys()) + 1;
  const places = Array.from({ length: count }, (_, slot) => {
    const attachment = bySlot.get(slot);
    if (attachment === undefined) return undefined;
    const instance = instances.indexOf(attachment.instance);
    return { interface: attachment.interface, instance };
  });
  const allowances = instances.map((id) => {
    return allowanceOf(id, instanceOf(id)?.networkAllowance ?? defaultAllowance);
  });
  return encodeCardNetwork({
    policy: compilePolicy({ state, generation, places, instances: allowances, uplinks }),
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
    uplinks: devicesOf(state.vpc, uplinks),
  });
}

function allowanceOf(id: string, allowance: NetworkAllowance): InstanceAllowance {
  const { bytesIn, bytesOut, packets, connections, servicePackets } = allowance;
  return {
    identity: instanceIdentity(id),
    bandwidthIn: bytesIn,
    bandwidthOut: bytesOut,
    packets,
    trackedMax: connections,
    servicePacketsPerSecond: servicePackets,
  };
}

// As the instance's slots are in order, and Linux names its interfaces.
function deviceNumberOf(served: readonly InterfaceAttachment[], id: string): number {
  const own = served.find((each) => each.interface === id);
  if (own === undefined) return 0;
  return served.filter(
    ({ instance, pciSlot }) => instance === own.instance && pciSlot < own.pciSlot,
  ).length;
}
