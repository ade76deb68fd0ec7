// SPDX-License-Identifier: Apache-2.0

import { quotas } from './quotas.ts';
import type { FlowLog, NetworkState } from './records.ts';
import { checkQuota, refuse } from './refusal.ts';

/** @throws FieldError */
export function checkFlowLog(state: NetworkState, flowLog: FlowLog): void {
  const { id, resource } = flowLog;
  const kinds = ['vpc', 'subnet', 'interface'] as const;
  if (!kinds.some((kind) => state[kind].some((one) => one.id === resource))) {
    const what = resource === '' ? 'is missing' : `is ${resource}, which is not there`;
    throw refuse('resource', what, 'name a VPC, a subnet or an interface');
  }
  const all = state['flow-log'].filter((one) => one.id !== id);
  checkQuota('resource', all.length + 1, quotas.flowLogs, 'flow logs');
  const others = all.filter((one) => one.resource === resource);
  checkQuota('resource', others.length + 1, quotas.flowLogsOfResource, 'flow logs of one resource');
}
