// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import { hostInfoType } from '../../../../src/api/generated/argon/v1/host.ts';
import { instanceType } from '../../../../src/api/generated/argon/v1/instances.ts';
import {
  serviceMetricsType,
  volumeMetricsType,
} from '../../../../src/api/generated/argon/v1/metrics.ts';
import { volumeType } from '../../../../src/api/generated/argon/v1/volumes.ts';
import { formatHostMetrics, formatVolumeMetrics } from '../../../../src/cli/host/metrics-page.ts';
import { parseExposition } from '../../card/exposition-parser.ts';

const volume = 'volumes/vol0123456789abcdef0';
const instance = 'instances/i-0123456789abcdef0';
const latency = { count: 3n, sum: 30n, max: 20n, upperEnds: [15n, 31n], counts: [1n, 2n] };
const metrics = createMessage(volumeMetricsType, {
  name: volume,
  instance,
  queues: [{ reads: 7n, inFlight: 2n, readLatencyNs: latency }, { reads: 8n }],
  cardRestarts: 3,
  stalledNs: 9n,
});
const facts = {
  host: createMessage(hostInfoType, {
    version: '0.1.0',
    parts: [
      {
        id: 'block-card',
        kind: 'PART_KIND_BLOCK_CARD',
        state: 'PART_STATE_RUNNING',
        restarts: 2,
        startTime: new Date(1_500),
      },
      { id: 'backplane', kind: 'PART_KIND_BACKPLANE', state: 'PART_STATE_RUNNING' },
    ],
  }),
  instances: [
    createMessage(instanceType, {
      name: instance,
      displayName: 'web',
      state: 'INSTANCE_STATE_RUNNING',
      cpuCount: 2,
      memoryBytes: 67_108_864n,
      image: 'BOOT_IMAGE_TINY',
    }),
  ],
  volumes: [
    createMessage(volumeType, {
      name: volume,
      sizeBytes: 1_048_576n,
      state: 'VOLUME_STATE_IN_USE',
    }),
  ],
  metrics: [metrics],
  interfaces: [],
  services: createMessage(serviceMetricsType, {}),
};
const served = 'instance="i-0123456789abcdef0",queue="0",volume="vol0123456789abcdef0"';

describe('formatHostMetrics', () => {
  const families = parseExposition(formatHostMetrics(facts));
  const value = (series: string): number | undefined =>
    families
      .get(/^[a-z_]+?(?=_bucket|_count|_sum|\{)/.exec(series)?.[0] ?? '')
      ?.samples.get(series);

  it('tells of parts, instances, volumes and what those did', () => {
    expect(value('argon_host_info{version="0.1.0"}')).toBe(1);
    expect(value('argon_part_restarts_total{kind="block-card",part="block-card"}')).toBe(2);
    expect(value('argon_part_start_time_seconds{kind="block-card",part="block-card"}')).toBe(1.5);
    const of = 'instance="i-0123456789abcdef0",name="web"';
    expect(value(`argon_instance_state{${of},state="running"}`)).toBe(1);
    expect(value(`argon_instance_state{${of},state="error"}`)).toBe(0);
    expect(value(`argon_instance_memory_bytes{${of}}`)).toBe(67_108_864);
    expect(value('argon_volume_state{name="",state="in-use",volume="vol0123456789abcdef0"}')).toBe(
      1,
    );
    expect(value(`argon_volume_read_ops_total{${served}}`)).toBe(7);
    expect(value(`argon_volume_queue_length{${served}}`)).toBe(2);
    const reads = served.replace('queue', 'operation="read",queue');
    expect(value(`argon_volume_latency_nanoseconds_count{${reads}}`)).toBe(3);
    const whole = 'instance="i-0123456789abcdef0",volume="vol0123456789abcdef0"';
    expect(value(`argon_volume_card_replacements_total{${whole}}`)).toBe(3);
    expect(value(`argon_volume_longest_stall_nanoseconds{${whole}}`)).toBe(9);
  });

  it('says in which one of its states each thing is', () => {
    for (const name of ['argon_part_state', 'argon_instance_state', 'argon_volume_state']) {
      const samples = [...(families.get(name)?.samples ?? [])];
      const things = new Set(samples.map(([series]) => series.replace(/,?state="[^"]*"/, '')));
      expect(samples.filter(([, is]) => is === 1)).toHaveLength(things.size);
    }
  });

  it('is a page also where there is nothing', () => {
    const host = createMessage(hostInfoType, { version: '0.1.0' });
    const empty = formatHostMetrics({ ...facts, host, instances: [], volumes: [], metrics: [] });

    expect([...parseExposition(empty).keys()]).toEqual(['argon_host_info']);
  });
});

describe('formatVolumeMetrics', () => {
  it('has what one volume did, and nothing of the host', () => {
    const families = parseExposition(formatVolumeMetrics(metrics));

    expect(families.get('argon_volume_read_ops_total')?.samples.size).toBe(2);
    expect([...families.keys()].filter((name) => !name.startsWith('argon_volume_'))).toEqual([
      'argon_queue_malformed_chains_total',
      'argon_queue_kicks_total',
      'argon_queue_calls_total',
    ]);
  });
});
