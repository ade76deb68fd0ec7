// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { checkFlowLog } from '../../../../src/network/model/flow-log-checks.ts';
import { quotas } from '../../../../src/network/model/quotas.ts';
import { networkId, sampleFlowLog, sampleState } from '../samples.ts';

describe('checkFlowLog()', () => {
  it.each([networkId('vpc', 1), networkId('subnet', 1), networkId('eni', 1)])(
    'takes the resource %s',
    (resource) => {
      expect(() => {
        checkFlowLog(sampleState(), sampleFlowLog(1, { resource }));
      }).not.toThrow();
    },
  );

  it.each([networkId('vpc', 9), networkId('sg', 1), ''])('refuses the resource %j', (resource) => {
    expect(() => {
      checkFlowLog(sampleState(), sampleFlowLog(1, { resource }));
    }).toThrow(expect.objectContaining({ code: 'invalid-argument', field: 'resource' }));
  });

  it('has a quota for a resource and for the host', () => {
    const two = sampleState({ 'flow-log': [sampleFlowLog(1), sampleFlowLog(2)] });
    const full = sampleState({
      'flow-log': Array.from({ length: quotas.flowLogs }, (_, index) => sampleFlowLog(index + 1)),
    });
    const onSubnet = sampleFlowLog(3, { resource: networkId('subnet', 1) });

    expect(() => {
      checkFlowLog(two, sampleFlowLog(2));
      checkFlowLog(two, onSubnet);
    }).not.toThrow();
    expect(() => {
      checkFlowLog(two, sampleFlowLog(3));
    }).toThrow(expect.objectContaining({ code: 'resource-exhausted', field: 'resource' }));
    expect(() => {
      checkFlowLog(full, { ...onSubnet, id: 'fl-new' });
    }).toThrow(expect.objectContaining({ code: 'resource-exhausted' }));
  });
});
