// SPDX-License-Identifier: Apache-2.0

// What the services of a card answer under a policy: of the records of its networks, and of what is
// known of the instances beside their interfaces.

import type { PolicyInput } from '../compile.ts';
import { hostAccount } from '../model/records.ts';
import type { InterfaceAttachment } from './from-records.ts';
import type { InstanceFacts, ServiceRecords } from './service-records.ts';

const region = 'us-east-1';

/** The facts that every instance has in common, or has where nothing else is known. */
const sharedFacts: Omit<InstanceFacts, 'instanceId' | 'reservationId' | 'launchTimeMs'> = {
  imageId: 'ami-00000000000000000',
  instanceType: 'argon',
  architecture: 'x86_64',
  accountId: hostAccount,
  launchIndex: 0,
  region,
  availabilityZone: `${region}a`,
  publicKeys: [],
  blockDevices: {},
  tags: {},
  options: { endpoint: 'enabled', tokens: 'required', tokenHopLimit: 1 },
};

/** What somebody knows of the instances of a policy. */
export interface KnownInstances {
  /** By the policy's numbers; one that is missing gets an id that names nothing. */
  readonly ids: readonly string[];
  factsOf?(instanceId: string): Partial<InstanceFacts>;
  /** Of an interface; where nobody says, those of an instance are numbered in their order. */
  deviceNumberOf?(interfaceId: string): number;
}

/** Interfaces of one instance of the policy are of one here. */
export function recordsOfPolicy(
  { state, places }: Pick<PolicyInput, 'state' | 'places'>,
  known: KnownInstances = { ids: [] },
): ServiceRecords {
  const attachments: InterfaceAttachment[] = [];
  const instances = new Map<string, InstanceFacts>();
  const served: { index: number; interfaceId: string }[] = [];
  for (const [index, place] of places.entries()) {
    if (place === undefined) continue;
    const digits = place.instance.toString(16).padStart(17, '0');
    const instanceId = known.ids[place.instance] ?? `i-${digits}`;
    const before = attachments.filter((each) => each.instanceId === instanceId).length;
    const deviceNumber = known.deviceNumberOf?.(place.interface) ?? before;
    attachments.push({ interfaceId: place.interface, instanceId, deviceNumber });
    served.push({ index, interfaceId: place.interface });
    if (before > 0) continue;
    const record = state.interface.find(({ id }) => id === place.interface);
    instances.set(instanceId, {
      ...sharedFacts,
      instanceId,
      reservationId: `r-${instanceId.slice(2)}`,
      launchTimeMs: record?.createTimeMs ?? 0,
      ...known.factsOf?.(instanceId),
    });
  }
  return {
    version: 2,
    region,
    state,
    served,
    attachments,
    instances: [...instances.values()],
  };
}
