// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { interfaceIdentity } from '../../../src/network/compile.ts';
import { planFlowLogs } from '../../../src/network/flow-log-plan.ts';
import type { FlowLog } from '../../../src/network/model/records.ts';
import { networkId, sampleFlowLog, sampleInterface, sampleState, sampleSubnet } from './samples.ts';

const [first, second] = [networkId('eni', 1), networkId('eni', 2)];

/** Interface 1 of subnet 1 at 3, interface 2 of subnet 2 at 5. */
function plan(flowLogs: readonly FlowLog[]) {
  const state = sampleState({
    subnet: [sampleSubnet(1), sampleSubnet(2)],
    interface: [sampleInterface(1), sampleInterface(2, { subnet: networkId('subnet', 2) })],
    'flow-log': flowLogs,
  });
  const served = [
    { index: 3, interfaceId: first },
    { index: 5, interfaceId: second },
    { index: 6, interfaceId: networkId('eni', 9) },
  ];
  const attachments = [{ interfaceId: first, instanceId: 'i-1', deviceNumber: 0 }];
  return planFlowLogs({ state, served, attachments });
}

describe('planFlowLogs()', () => {
  it('logs the interfaces of a VPC, of a subnet, or one', () => {
    const numbers = (resource: string): readonly number[] =>
      plan([sampleFlowLog(1, { resource })]).map(({ index }) => index);

    expect(plan([])).toEqual([]);
    expect(numbers(networkId('vpc', 1))).toEqual([3, 5]);
    expect(numbers(networkId('subnet', 2))).toEqual([5]);
    expect(numbers(first)).toEqual([3]);
    expect(numbers(networkId('vpc', 2))).toEqual([]);
  });

  it('says whose an interface is, and takes the shortest interval', () => {
    const ofVpc = sampleFlowLog(1);
    const ofOne = sampleFlowLog(2, { resource: second, intervalSeconds: 60 });

    expect(plan([ofVpc, ofOne])).toEqual([
      {
        index: 3,
        identity: interfaceIdentity(first),
        intervalSeconds: 600,
        interface: first,
        subnet: networkId('subnet', 1),
        vpc: networkId('vpc', 1),
        instance: 'i-1',
        flowLogs: [ofVpc],
      },
      expect.objectContaining({
        index: 5,
        intervalSeconds: 60,
        instance: undefined,
        flowLogs: [ofVpc, ofOne],
      }),
    ]);
  });
});
