// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { flowLogType } from '../../../../src/api/generated/argon/v1/flow-logs.ts';
import { flowLogWords } from '../../../../src/controller/handlers/flow-log-words.ts';
import { networkId, sampleFlowLog } from '../../network/samples.ts';

const view = { attachment: undefined, conditions: [], etag: '0123456789abcdef' };

describe('the words of a flow log', () => {
  it.each([
    [networkId('vpc', 1), `vpcs/${networkId('vpc', 1)}`],
    [networkId('subnet', 1), `subnets/${networkId('subnet', 1)}`],
    [networkId('eni', 1), `interfaces/${networkId('eni', 1)}`],
  ])('say and take the resource %s', (resource, name) => {
    for (const trafficType of ['all', 'accept', 'reject'] as const) {
      const record = sampleFlowLog(1, { resource, trafficType, intervalSeconds: 60 });

      const said = createMessage(flowLogType, flowLogWords.describe({ record, ...view }));

      expect(said.resource).toBe(name);
      expect(said.file).toBe(`host/flow-logs/${record.id}.log`);
      expect(record).toMatchObject(flowLogWords.parse(said, 'create'));
    }
  });

  it('take all traffic, ten minutes and version 2 where nothing is said', () => {
    const draft = flowLogWords.parse(createMessage(flowLogType, {}), 'create');

    expect(draft).toMatchObject({ trafficType: 'all', intervalSeconds: 600 });
    expect(draft.fields).toHaveLength(14);
  });

  it('refuse a field that is not told here', () => {
    const message = createMessage(flowLogType, { fields: ['action', 'az-id'] });

    expect(() => flowLogWords.parse(message, 'create')).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'fields[1]' }),
    );
  });
});
