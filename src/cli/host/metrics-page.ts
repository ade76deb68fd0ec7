// SPDX-License-Identifier: Apache-2.0

// What a running host tells a scraper: its parts, its resources by state, and what its volumes and
// interfaces did, under the names that docs/metrics.md lists.

import {
  type HostInfo,
  type Part,
  partKindType,
  partStateType,
} from '../../api/generated/argon/v1/host.ts';
import { type Instance, instanceStateType } from '../../api/generated/argon/v1/instances.ts';
import type {
  Histogram,
  InterfaceMetrics,
  ServiceMetrics,
  VolumeMetrics,
} from '../../api/generated/argon/v1/metrics.ts';
import { type Volume, volumeStateType } from '../../api/generated/argon/v1/volumes.ts';
import type { EnumType } from '../../api/schema.ts';
import { ExpositionPage, type HistogramSample, type Labels } from '../../card/exposition.ts';
import { latencyFamily, queueFamilies } from '../../card/metrics-text.ts';
import { shortEnumValue } from '../document/write.ts';
import { addInterfaces, addServices } from './network-metrics.ts';
import { idOf } from './resources.ts';

export interface HostFacts {
  readonly host: HostInfo;
  readonly instances: readonly Instance[];
  readonly volumes: readonly Volume[];
  /** Of the volumes that are served. */
  readonly metrics: readonly VolumeMetrics[];
  /** Of the interfaces that are served. */
  readonly interfaces: readonly InterfaceMetrics[];
  readonly services: ServiceMetrics;
}

/** The page for the whole host, in the text format 0.0.4. */
export function formatHostMetrics(facts: HostFacts): string {
  const { host, instances, volumes, metrics, interfaces, services } = facts;
  const page = new ExpositionPage();
  addParts(page, host);
  addInstances(page, instances);
  addVolumes(page, volumes);
  addServed(page, metrics);
  addInterfaces(page, interfaces);
  addServices(page, services);
  return page.toString();
}

/** The page for what one volume did. */
export function formatVolumeMetrics(metrics: VolumeMetrics): string {
  const page = new ExpositionPage();
  addServed(page, [metrics]);
  return page.toString();
}

function addParts(page: ExpositionPage, { version, parts }: HostInfo): void {
  const labelsOf = ({ id, kind }: Part): Labels => ({
    part: id,
    kind: shortEnumValue(partKindType, kind),
  });
  page.add('argon_host_info', 'gauge', 'Always 1', [{ labels: { version }, value: 1 }]);
  page.add(
    'argon_part_state',
    'gauge',
    'Processes of the host: 1 for the state that each is in, 0 for others',
    parts.flatMap((part) => statesOf(labelsOf(part), partStateType, part.state)),
  );
  page.add(
    'argon_part_restarts_total',
    'counter',
    'Times that a process was started again',
    parts.map((part) => ({ labels: labelsOf(part), value: part.restarts })),
  );
  page.add(
    'argon_part_start_time_seconds',
    'gauge',
    'When a process was started, since 1970',
    parts.flatMap((part) =>
      part.startTime === undefined
        ? []
        : [{ labels: labelsOf(part), value: part.startTime.getTime() / 1000 }],
    ),
  );
}

function addInstances(page: ExpositionPage, instances: readonly Instance[]): void {
  const labelsOf = ({ name, displayName }: Instance): Labels => ({
    instance: idOf(name),
    name: displayName,
  });
  page.add(
    'argon_instance_state',
    'gauge',
    'Instances: 1 for the state that each is in, 0 for others',
    instances.flatMap((instance) =>
      statesOf(labelsOf(instance), instanceStateType, instance.state),
    ),
  );
  page.add(
    'argon_instance_memory_bytes',
    'gauge',
    'Memory of the guest',
    instances.map((instance) => ({ labels: labelsOf(instance), value: instance.memoryBytes })),
  );
  page.add(
    'argon_instance_cpus',
    'gauge',
    'CPUs of the guest',
    instances.map((instance) => ({ labels: labelsOf(instance), value: instance.cpuCount })),
  );
}

function addVolumes(page: ExpositionPage, volumes: readonly Volume[]): void {
  const labelsOf = ({ name, displayName }: Volume): Labels => ({
    volume: idOf(name),
    name: displayName,
  });
  page.add(
    'argon_volume_state',
    'gauge',
    'Volumes: 1 for the state that each is in, 0 for others',
    volumes.flatMap((volume) => statesOf(labelsOf(volume), volumeStateType, volume.state)),
  );
  page.add(
    'argon_volume_size_bytes',
    'gauge',
    'Size of the volume',
    volumes.map((volume) => ({ labels: labelsOf(volume), value: volume.sizeBytes })),
  );
}

function addServed(page: ExpositionPage, metrics: readonly VolumeMetrics[]): void {
  const labelsOf = ({ name, instance }: VolumeMetrics): Labels => ({
    volume: idOf(name),
    instance: idOf(instance),
  });
  const queues = metrics.flatMap((volume) =>
    volume.queues.map((queue, index) => ({
      labels: { ...labelsOf(volume), queue: index },
      queue,
    })),
  );
  for (const { name, type, help, of } of queueFamilies) {
    page.add(
      name,
      type,
      help,
      queues.map(({ labels, queue }) => ({ labels, value: of(queue) })),
    );
  }
  page.addHistograms(
    latencyFamily.name,
    latencyFamily.help,
    queues.flatMap(({ labels, queue }) => [
      ...latencyOf(labels, 'read', queue.readLatencyNs),
      ...latencyOf(labels, 'write', queue.writeLatencyNs),
      ...latencyOf(labels, 'flush', queue.flushLatencyNs),
    ]),
  );
  page.add(
    'argon_volume_card_replacements_total',
    'counter',
    'Times that another card took over the volume while a guest had it',
    metrics.map((volume) => ({ labels: labelsOf(volume), value: volume.cardRestarts })),
  );
  page.add(
    'argon_volume_longest_stall_nanoseconds',
    'gauge',
    'The longest time that the guest was without a card',
    metrics.map((volume) => ({ labels: labelsOf(volume), value: volume.stalledNs })),
  );
}

// A gauge for each state but the one that means nothing, as a scraper can sum up.
function statesOf<Value extends string>(labels: Labels, type: EnumType<Value>, now: Value) {
  return [...type.numbers.keys()]
    .filter((value) => value !== type.zero)
    .map((value) => ({
      labels: { ...labels, state: shortEnumValue(type, value) },
      value: value === now ? 1 : 0,
    }));
}

function latencyOf(
  labels: Labels,
  operation: string,
  histogram: Histogram | undefined,
): readonly HistogramSample[] {
  if (histogram === undefined) return [];
  const { count, sum, upperEnds, counts } = histogram;
  const buckets = upperEnds.map((end, index) => [end, counts[index] ?? 0n] as const);
  return [{ labels: { ...labels, operation }, count, sum, buckets }];
}
