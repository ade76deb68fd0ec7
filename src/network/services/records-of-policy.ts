// SPDX-License-Identifier: Apache-2.0

// What the services of a card answer under a policy, of which little more than records of networks
// is known: of an instance nothing but its interfaces.

import type { PolicyInput } from '../compile.ts';
import { hostAccount } from '../model/records.ts';
import type { InterfaceAttachment } from './from-records.ts';
import type { InstanceFacts, ServiceRecords } from './service-records.ts';

const region = 'us-east-1';

/** The facts that every instance has in common. */
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

/**
 * Interfaces of one instance of the policy are of one here, numbered in their order.
 * @param instanceIds by the policy's numbers; one that is missing gets an id that names nothing.
 */
export function recordsOfPolicy(
  { state, places }: Pick<PolicyInput, 'state' | 'places'>,
  instanceIds: readonly string[] = [],
): ServiceRecords {
  const attachments: InterfaceAttachment[] = [];
  const instances = new Map<string, InstanceFacts>();
  const served: { index: number; interfaceId: string }[] = [];
  for (const [index, place] of places.entries()) {
    if (place === undefined) continue;
    const digits = place.instance.toString(16).padStart(17, '0');
    const instanceId = instanceIds[place.instance] ?? `i-${digits}`;
    const deviceNumber = attachments.filter((each) => each.instanceId === instanceId).length;
    attachments.push({ interfaceId: place.interface, instanceId, deviceNumber });
    served.push({ index, interfaceId: place.interface });
    if (deviceNumber > 0) continue;
    const record = state.interface.find(({ id }) => id === place.interface);
    instances.set(instanceId, {
      ...sharedFacts,
      instanceId,
      reservationId: `r-${instanceId.slice(2)}`,
      launchTimeMs: record?.createTimeMs ?? 0,
    });
  }
  return {
    version: 1,
    region,
    state,
    served,
    attachments,
    instances: [...instances.values()],
    zones: [],
  };
}
