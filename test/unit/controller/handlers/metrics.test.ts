// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { metricHandlers } from '../../../../src/controller/handlers/metrics.ts';
import { noMetrics } from '../../card/fake-block-addon.ts';
import { sampleAttachment, volumeId } from '../samples.ts';
import { call } from './requests.ts';

const latency = { count: 2, sum: 30, max: 20, buckets: [[15, 1] as const, [31, 1] as const] };

function open(volumes: readonly number[]) {
  return metricHandlers({
    served: () => volumes.map((number) => sampleAttachment(number, 1)),
    metrics: async () => ({
      queues: [{ ...noMetrics, reads: 7n, latencyNs: { ...noMetrics.latencyNs, read: latency } }],
      workers: [],
    }),
    slots: async () => [
      {
        slot: 1,
        isFrontEndConnected: true,
        isServed: true,
        isDriverOk: true,
        card: 'block-card',
        parkedReason: '',
        mapBytes: 0n,
        parkedForNs: 0n,
        replayCount: 3n,
        lastStallNs: 5n,
        longestStallNs: 9n,
        messageCount: 0n,
        frontEndCount: 1n,
      },
    ],
  });
}

describe('the service Metrics', () => {
  it('reads what a volume that is served did', async () => {
    const name = `volumes/${volumeId(1)}`;

    const metrics = await call(open([1]), 'Metrics.GetVolumeMetrics', { name });

    expect(metrics).toMatchObject({
      name,
      cardRestarts: 3,
      stalledNs: 9n,
      queues: [
        { reads: 7n, readLatencyNs: { count: 2n, upperEnds: [15n, 31n], counts: [1n, 1n] } },
      ],
    });
  });

  it('says of others that nothing serves them', async () => {
    const name = `volumes/${volumeId(2)}`;

    await expect(call(open([1]), 'Metrics.GetVolumeMetrics', { name })).rejects.toMatchObject({
      code: 'failed-precondition',
    });
  });

  it('pages through all that are served', async () => {
    const handlers = open([0, 1, 4]);

    const first = await call(handlers, 'Metrics.ListVolumeMetrics', { pageSize: 2 });
    const rest = await call(handlers, 'Metrics.ListVolumeMetrics', {
      pageSize: 2,
      pageToken: first.nextPageToken,
    });

    const names = [...first.volumes, ...rest.volumes].map(({ name }) => name);
    expect(names).toEqual([0, 1, 4].map((number) => `volumes/${volumeId(number)}`));
    expect(rest.nextPageToken).toBe('');
  });
});
