// SPDX-License-Identifier: Apache-2.0

// What the services of a card answer where no controller says it: a card that runs alone knows its
// policy, and of instances nothing but which interfaces are of one.

import type { PolicyInput } from '../compile.ts';
import type { InterfaceAttachment } from './from-records.ts';
import type { InstanceFacts, ServiceRecords } from './service-records.ts';

const region = 'us-east-1';

/** The facts that every instance has in common. Their ids name nothing. */
const sharedFacts: Omit<InstanceFacts, 'instanceId' | 'reservationId' | 'launchTimeMs'> = {
  imageId: 'ami-00000000000000000',
  instanceType: 'argon',
  architecture: 'x86_64',
  accountId: '000000000000',
  launchIndex: 0,
  region,
  availabilityZone: `${region}a`,
  publicKeys: [],
  blockDevices: {},
  tags: {},
  options: { endpoint: 'enabled', tokens: 'required', tokenHopLimit: 1 },
};

/** Interfaces of one instance of the policy are of one here, numbered in their order. */
export function recordsOfPolicy(
  { state, places }: Pick<PolicyInput, 'state' | 'places'>,
  launchTimeMs: number,
): ServiceRecords {
  const attachments: InterfaceAttachment[] = [];
  const instances = new Map<string, InstanceFacts>();
  const served: { index: number; interfaceId: string }[] = [];
  for (const [index, place] of places.entries()) {
    if (place === undefined) continue;
    const digits = place.instance.toString(16).padStart(17, '0');
    const instanceId = `i-${digits}`;
    const deviceNumber = attachments.filter((each) => each.instanceId === instanceId).length;
    attachments.push({ interfaceId: place.interface, instanceId, deviceNumber });
    served.push({ index, interfaceId: place.interface });
    instances.set(instanceId, {
      ...sharedFacts,
      instanceId,
      reservationId: `r-${digits}`,
      launchTimeMs,
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
