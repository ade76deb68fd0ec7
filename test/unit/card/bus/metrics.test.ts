// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { type CardAnswer, encodeAnswer, parseAnswer } from '../../../../src/card/bus/messages.ts';
import { parseMetrics } from '../../../../src/card/bus/metrics.ts';
import type { QueueMetrics } from '../../../../src/native/addons.ts';
import { idleWorker, noMetrics } from '../fake-block-addon.ts';

const queue: QueueMetrics = {
  ...noMetrics,
  reads: 2n ** 64n - 1n,
  latencyNs: {
    ...noMetrics.latencyNs,
    read: {
      count: 3,
      sum: 12,
      max: 7,
      buckets: [
        [2, 1],
        [7, 2],
      ],
    },
  },
};

function carried(value: object): ReturnType<typeof parseMetrics> {
  const body: CardAnswer = { kind: 'value', value: { ...value } };
  const parsed = parseAnswer(encodeAnswer({ number: 1, body })).body;
  if (parsed.kind !== 'value') throw new Error('no value came back');
  return parseMetrics(parsed.value);
}

describe('parseMetrics', () => {
  it('reads what an answer carries, up to the largest count', () => {
    const metrics = { queues: [queue, noMetrics], workers: [idleWorker] };

    expect(carried(metrics)).toEqual(metrics);
  });

  it.each(Object.keys(noMetrics))('wants %s of a queue', (name) => {
    const without = { ...noMetrics, [name]: undefined };

    expect(() => carried({ queues: [without], workers: [] })).toThrow();
  });

  it.each(Object.keys(idleWorker))('wants %s of a worker', (name) => {
    const without = { ...idleWorker, [name]: undefined };

    expect(() => carried({ queues: [], workers: [without] })).toThrow();
  });

  it.each([
    ['a negative count', { count: -1, sum: 0, max: 0, buckets: [] }],
    ['a bucket that is no pair', { count: 1, sum: 0, max: 0, buckets: [[1]] }],
    ['text', { count: '1', sum: 0, max: 0, buckets: [] }],
  ])('refuses a histogram with %s', (_what, chainsPerRound) => {
    expect(() => carried({ queues: [{ ...noMetrics, chainsPerRound }], workers: [] })).toThrow(
      /chainsPerRound/,
    );
  });

  it('refuses what is no list', () => {
    expect(() => carried({ queues: {}, workers: [] })).toThrow('queues is not a list');
    expect(() => carried({ queues: [] })).toThrow('workers is not a list');
  });
});
