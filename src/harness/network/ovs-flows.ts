// SPDX-License-Identifier: Apache-2.0

// What Open vSwitch is told to do between two ports, as ovs-ofctl reads it: a cable, or what
// security groups of ours do to the same traffic. Each end has a conntrack zone; the sender's side
// checks addresses and its group, the receiver's its group.

import type { NetPipeline } from './backend.ts';
import { netEndText, vpcCidr } from './ends.ts';

const cable = [
  'table=0,priority=100,in_port=1,actions=output:2',
  'table=0,priority=100,in_port=2,actions=output:1',
];

function groups(port: number): readonly string[] {
  const { mac, address } = netEndText(port - 1);
  const zone = `zone=${port}`;
  return [
    // Who sends is who it says it is, and may.
    `table=0,priority=100,in_port=${port},ip,dl_src=${mac},nw_src=${address},` +
      `actions=ct(table=1,${zone})`,
    `table=1,priority=90,ct_state=+trk+new,udp,in_port=${port},nw_dst=${vpcCidr},` +
      `actions=ct(commit,${zone}),resubmit(,2)`,
    // Whose address it is, and whether it may come in there.
    `table=2,priority=100,ip,nw_dst=${address},actions=ct(table=3,${zone})`,
    `table=3,priority=100,ct_state=+trk+est,ip,nw_dst=${address},` +
      `actions=mod_dl_dst:${mac},output:${port}`,
    `table=3,priority=90,ct_state=+trk+new,udp,nw_src=${vpcCidr},nw_dst=${address},` +
      `actions=ct(commit,${zone}),mod_dl_dst:${mac},output:${port}`,
  ];
}

/** One rule a line, for ports 1 and 2; what none is for is dropped. */
export function ovsFlows(pipeline: NetPipeline): string {
  const rules =
    pipeline === 'cable'
      ? cable
      : [
          'table=1,priority=100,ct_state=+trk+est,ip,actions=resubmit(,2)',
          ...groups(1),
          ...groups(2),
        ];
  return rules.map((rule) => `${rule}\n`).join('');
}
