// SPDX-License-Identifier: Apache-2.0

// Which interfaces of a card are logged, and where to: the records of flow logs, put against the
// interfaces that the card serves. A pure function of what the card is told.

import { interfaceIdentity } from './compile.ts';
import type { FlowLog } from './model/records.ts';
import type { ServiceRecords } from './services/service-records.ts';

/** An interface that at least one flow log is about. */
export interface LoggedInterface {
  /** What the card knows it by, and what its records have. */
  readonly index: number;
  readonly identity: bigint;
  /**
   * The shortest that a flow log of it asks for. Others get their records as often: an interval is
   * the longest time that a record may cover (FL-1).
   */
  readonly intervalSeconds: 60 | 600;
  readonly interface: string;
  readonly subnet: string;
  readonly vpc: string;
  /** Undefined if it is of none. */
  readonly instance: string | undefined;
  readonly flowLogs: readonly FlowLog[];
}

/** In the order of their numbers. */
export function planFlowLogs({
  state,
  served,
  attachments,
}: Pick<ServiceRecords, 'state' | 'served' | 'attachments'>): readonly LoggedInterface[] {
  if (state['flow-log'].length === 0) return [];
  const subnets = new Map(state.subnet.map((subnet) => [subnet.id, subnet]));
  const records = new Map(state.interface.map((one) => [one.id, one]));
  const instances = new Map(attachments.map((each) => [each.interfaceId, each.instanceId]));
  return served.flatMap(({ index, interfaceId }) => {
    const subnet = subnets.get(records.get(interfaceId)?.subnet ?? '');
    if (subnet === undefined) return [];
    const places = [interfaceId, subnet.id, subnet.vpc];
    const flowLogs = state['flow-log'].filter(({ resource }) => places.includes(resource));
    if (flowLogs.length === 0) return [];
    const hasMinutes = flowLogs.some(({ intervalSeconds }) => intervalSeconds === 60);
    return [
      {
        index,
        identity: interfaceIdentity(interfaceId),
        intervalSeconds: hasMinutes ? 60 : 600,
        interface: interfaceId,
        subnet: subnet.id,
        vpc: subnet.vpc,
        instance: instances.get(interfaceId),
        flowLogs,
      } as const,
    ];
  });
}
