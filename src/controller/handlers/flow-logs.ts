// SPDX-License-Identifier: Apache-2.0

import type { FlowLog } from '../../api/generated/argon/v1/flow-logs.ts';
import type { Cancellable } from '../../base/deadline.ts';
import type { FlowLogState } from '../../card/bus/interfaces.ts';
import type { NetworkDriver } from '../driver/networks.ts';
import { flowLogWords } from './flow-log-words.ts';
import type { HandlersOf } from './handler.ts';
import { idOf } from './network-words.ts';
import { resourceMethods } from './resource-methods.ts';

/** Who writes flow logs. */
export interface FlowLogWriter {
  /** What has become of them; none if no card answers. */
  flowLogs(scope: Cancellable): Promise<readonly FlowLogState[]>;
}

/** The methods of the service FlowLogs. */
export function flowLogHandlers(
  driver: NetworkDriver<'flow-log'>,
  writer: FlowLogWriter,
): HandlersOf<'FlowLogs'> {
  const methods = resourceMethods(driver, flowLogWords);
  const withStates = async (
    flowLogs: readonly FlowLog[],
    scope: Cancellable,
  ): Promise<readonly FlowLog[]> => {
    if (flowLogs.length === 0) return [];
    const states = new Map((await writer.flowLogs(scope)).map((state) => [state.id, state]));
    return flowLogs.map((one) => withState(one, states.get(idOf(one.name))));
  };
  return {
    'FlowLogs.CreateFlowLog': async ({ flowLog, ...options }, scope) =>
      methods.create(flowLog, options, scope),
    'FlowLogs.GetFlowLog': async (request, scope) => {
      const found = methods.get(request);
      const [flowLog = found] = await withStates([found], scope);
      return flowLog;
    },
    'FlowLogs.ListFlowLogs': async (request, scope) => {
      const { items, nextPageToken } = methods.list(request);
      return { flowLogs: await withStates(items, scope), nextPageToken };
    },
    'FlowLogs.DeleteFlowLog': async (request, scope) => methods.delete(request, scope),
  };
}

function withState(flowLog: FlowLog, state: FlowLogState | undefined): FlowLog {
  if (state === undefined) return flowLog;
  const { written: recordsWritten, lost: recordsLost, trouble } = state;
  const counted = { ...flowLog, recordsWritten, recordsLost };
  if (trouble === '') return counted;
  const condition = {
    type: 'RecordsLost',
    isTrue: true,
    reason: 'DeliveryFailed',
    message: trouble,
    changeTime: undefined,
  };
  return { ...counted, conditions: [condition] };
}
