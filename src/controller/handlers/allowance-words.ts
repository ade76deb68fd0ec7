// SPDX-License-Identifier: Apache-2.0

// The words of the management API for what the network interfaces of an instance share, and back.

import type { NetworkAllowance as ApiAllowance } from '../../api/generated/argon/v1/instances.ts';
import { defaultAllowance, type NetworkAllowance } from '../model.ts';

/** What is not said has its default; a rate without one is no limit. */
export function parseNetworkAllowance(allowance: ApiAllowance | undefined): NetworkAllowance {
  const { bytesIn, bytesOut, packets, connections, servicePackets } = defaultAllowance;
  return {
    bytesIn: allowance?.bytesIn ?? bytesIn,
    bytesOut: allowance?.bytesOut ?? bytesOut,
    packets: allowance?.packets ?? packets,
    connections: allowance?.connections || connections,
    servicePackets: allowance?.servicePackets || servicePackets,
  };
}

/** Without rates that are no limit. */
export function describeNetworkAllowance(allowance: NetworkAllowance): ApiAllowance {
  const { bytesIn, bytesOut, packets, connections, servicePackets } = allowance;
  return {
    bytesIn: bytesIn.perSecond === 0n ? undefined : bytesIn,
    bytesOut: bytesOut.perSecond === 0n ? undefined : bytesOut,
    packets: packets.perSecond === 0n ? undefined : packets,
    connections,
    servicePackets,
  };
}
