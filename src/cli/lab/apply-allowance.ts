// SPDX-License-Identifier: Apache-2.0

// What the network interfaces of an instance share, of a lab file beside what the host has.

import { createMessage } from '../../api/codec.ts';
import {
  type Instance,
  type NetworkAllowance,
  networkAllowanceType,
} from '../../api/generated/argon/v1/instances.ts';
import type { Init } from '../../api/schema.ts';
import {
  describeNetworkAllowance,
  parseNetworkAllowance,
} from '../../controller/handlers/allowance-words.ts';
import { documentOf } from '../document/write.ts';

/** The allowance that the file has, if the host has another; what is not said has its default. */
export function allowanceChanges(
  { networkAllowance }: Init<Instance>,
  current: Instance,
): Init<Instance> {
  if (networkAllowance === undefined) return {};
  const wanted = createMessage<NetworkAllowance>(networkAllowanceType, networkAllowance);
  return textOf(wanted) === textOf(current.networkAllowance) ? {} : { networkAllowance };
}

function textOf(allowance: NetworkAllowance | undefined): string {
  const whole = describeNetworkAllowance(parseNetworkAllowance(allowance));
  return JSON.stringify(documentOf(networkAllowanceType, whole, { isBrief: true }));
}
