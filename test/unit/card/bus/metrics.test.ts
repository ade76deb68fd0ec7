// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { metricsType } from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import { metricsFromWire, metricsToWire } from '../../../../src/card/bus/metrics.ts';
import type { DeviceMetrics, HistogramValues } from '../../../../src/native/addons.ts';
import { idleWorker, noMetrics } from '../fake-block-addon.ts';

const histogram: HistogramValues = {
  count: 3,
  sum: 12,
  max: 7,
  buckets: [
    [2, 1],
    [7, 2],
  ],
};

function carried(metrics: DeviceMetrics): DeviceMetrics {
  return metricsFromWire(createMessage(metricsType, metricsToWire(metrics)));
}

function withRead(read: HistogramValues): DeviceMetrics {
  const latencyNs = { ...noMetrics.latencyNs, read };
  return { queues: [{ ...noMetrics, reads: 2n ** 64n - 1n, latencyNs }], workers: [idleWorker] };
}

describe('metrics', () => {
  it('come back as they were sent, up to the largest count', () => {
    expect(carried(withRead(histogram))).toEqual(withRead(histogram));
    expect(carried({ queues: [], workers: [] })).toEqual({ queues: [], workers: [] });
  });

  it('have sums that are near enough where a number is not exact', () => {
    const { queues } = carried(withRead({ ...histogram, sum: 2 ** 70, max: 0.6 }));

    expect(queues[0]?.latencyNs.read).toMatchObject({ sum: 2 ** 64, max: 1 });
  });

  it('are refused with a bucket that has no count', () => {
    const message = createMessage(metricsType, metricsToWire(withRead(histogram)));
    const [queue] = message.queues;
    if (queue === undefined) throw new Error('there is a queue');
    const chainsPerRound = { count: 1n, sum: 1n, max: 1n, upperEnds: [1n], counts: [] };

    expect(() => metricsFromWire({ ...message, queues: [{ ...queue, chainsPerRound }] })).toThrow(
      'a bucket without its count',
    );
  });
});
