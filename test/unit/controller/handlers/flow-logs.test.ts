// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import type { FlowLogState } from '../../../../src/card/bus/interfaces.ts';
import { addVpc, idleCard, openNetworks } from './network-scene.ts';
import { call } from './requests.ts';

function open() {
  const states: FlowLogState[] = [];
  const handlers = openNetworks(undefined, undefined, {
    ...idleCard,
    flowLogs: async () => states,
  });
  return { handlers, states };
}

describe('the service FlowLogs', () => {
  it('makes, finds, lists and deletes a flow log', async () => {
    const { handlers } = open();
    const { vpc } = await addVpc(handlers);

    const made = await call(handlers, 'FlowLogs.CreateFlowLog', {
      flowLog: { displayName: 'all', resource: vpc, fields: ['version', 'tcp-flags'] },
    });
    const { name } = made;
    expect(made).toMatchObject({
      resource: vpc,
      trafficType: 'FLOW_TRAFFIC_TYPE_ALL',
      maxAggregationSeconds: 600,
      fields: ['version', 'tcp-flags'],
      recordsWritten: 0n,
    });
    expect(await call(handlers, 'FlowLogs.GetFlowLog', { name })).toEqual(made);
    expect(await call(handlers, 'FlowLogs.ListFlowLogs', {})).toMatchObject({ flowLogs: [made] });

    // What is logged stays as long as its log.
    await expect(call(handlers, 'Networks.DeleteVpc', { name: vpc })).rejects.toMatchObject({
      code: 'failed-precondition',
    });
    await call(handlers, 'FlowLogs.DeleteFlowLog', { name });
    await expect(call(handlers, 'FlowLogs.GetFlowLog', { name })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('says what has become of the records, and why some are lost', async () => {
    const { handlers, states } = open();
    const { subnet } = await addVpc(handlers);
    const { name } = await call(handlers, 'FlowLogs.CreateFlowLog', {
      flowLog: { resource: subnet, trafficType: 'FLOW_TRAFFIC_TYPE_REJECT' },
    });
    const id = name.slice('flowLogs/'.length);

    states.push({ id, written: 7n, lost: 0n, trouble: '' });
    expect(await call(handlers, 'FlowLogs.GetFlowLog', { name })).toMatchObject({
      recordsWritten: 7n,
      conditions: [],
    });
    states.splice(0, 1, { id, written: 7n, lost: 3n, trouble: 'The disk is full.' });
    const { flowLogs } = await call(handlers, 'FlowLogs.ListFlowLogs', {});
    expect(flowLogs).toMatchObject([
      {
        recordsLost: 3n,
        conditions: [{ type: 'RecordsLost', isTrue: true, message: 'The disk is full.' }],
      },
    ]);
  });

  it('refuses what is not there, and names the field', async () => {
    const { handlers } = open();
    const resource = 'vpcs/vpc-00000000000000009';

    await expect(
      call(handlers, 'FlowLogs.CreateFlowLog', { flowLog: { resource } }),
    ).rejects.toThrow('flow_log.resource');
  });
});
