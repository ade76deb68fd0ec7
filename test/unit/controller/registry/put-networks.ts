// SPDX-License-Identifier: Apache-2.0

import type { Registry } from '../../../../src/controller/registry/registry.ts';
import { sampleState } from '../../network/samples.ts';

/** Writes the records of sampleState(). */
export function putNetworks({ networks }: Registry): void {
  const state = sampleState();
  for (const record of state.vpc) networks.put('vpc', record);
  for (const record of state['route-table']) networks.put('route-table', record);
  for (const record of state['security-group']) networks.put('security-group', record);
  for (const record of state['network-acl']) networks.put('network-acl', record);
  for (const record of state.subnet) networks.put('subnet', record);
  for (const record of state.interface) networks.put('interface', record);
}
