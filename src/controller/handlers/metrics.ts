// SPDX-License-Identifier: Apache-2.0

// Metrics of volumes that are served, read when somebody asks.

import type {
  QueueMetrics as ApiQueueMetrics,
  Histogram,
  VolumeMetrics,
} from '../../api/generated/argon/v1/metrics.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { VolumeId } from '../../base/volume-id.ts';
import type { DeviceMetrics, HistogramValues, QueueMetrics } from '../../native/addons.ts';
import type { SlotStatus } from '../backplane/client.ts';
import { parsePage } from '../driver/page-token.ts';
import type { Attachment } from '../model.ts';
import type { HandlersOf } from './handler.ts';
import { parseVolumeName } from './words.ts';

/** Where metrics come from. */
export interface MetricSource {
  /** Of volumes of instances that run, in the order of their slots. */
  served(): readonly Attachment[];
  metrics(volume: VolumeId, scope: Cancellable): Promise<DeviceMetrics>;
  slots(scope: Cancellable): Promise<readonly SlotStatus[]>;
}

type VolumeMethods = Pick<
  HandlersOf<'Metrics'>,
  'Metrics.GetVolumeMetrics' | 'Metrics.ListVolumeMetrics'
>;

/** The methods of the service Metrics that are about volumes. */
export function metricHandlers(source: MetricSource): VolumeMethods {
  return {
    'Metrics.GetVolumeMetrics': async ({ name }, scope) => {
      const volume = parseVolumeName(name);
      const attachment = source.served().find((served) => served.volume === volume);
      if (attachment === undefined) {
        throw new ArgonError('failed-precondition', `volume ${volume} is served by no card now`, {
          hint: 'attach it to an instance that runs',
        });
      }
      return read(source, attachment, await source.slots(scope), scope);
    },
    'Metrics.ListVolumeMetrics': async (request, scope) => {
      const { afterOrdinal, count } = parsePage('metrics', request);
      const slots = await source.slots(scope);
      // A slot's number is the place in the list: it stays while the volume is served.
      const rest = source.served().filter(({ slot }) => slot + 1 > afterOrdinal);
      const shown = rest.slice(0, count);
      const last = rest.length > shown.length ? shown.at(-1) : undefined;
      const volumes: VolumeMetrics[] = [];
      for (const attachment of shown) volumes.push(await read(source, attachment, slots, scope));
      const token = last === undefined ? '' : `metrics:${last.slot + 1}`;
      return { volumes, nextPageToken: Buffer.from(token, 'latin1').toString('base64url') };
    },
  };
}

async function read(
  source: MetricSource,
  { volume, instance, slot }: Attachment,
  slots: readonly SlotStatus[],
  scope: Cancellable,
): Promise<VolumeMetrics> {
  const { queues } = await source.metrics(volume, scope);
  const status = slots.find((found) => found.slot === slot);
  return {
    name: `volumes/${volume}`,
    instance: `instances/${instance}`,
    readTime: new Date(),
    queues: queues.map(describeQueue),
    cardRestarts: Number(status?.replayCount ?? 0n),
    stalledNs: status?.longestStallNs ?? 0n,
  };
}

function describeQueue(queue: QueueMetrics): ApiQueueMetrics {
  const { latencyNs } = queue;
  return {
    reads: queue.reads,
    readBytes: queue.readBytes,
    writes: queue.writes,
    writtenBytes: queue.writtenBytes,
    flushes: queue.flushes,
    discards: queue.discards,
    discardedBytes: queue.discardedBytes,
    writeZeroes: queue.writeZeroes,
    zeroedBytes: queue.zeroedBytes,
    failures: queue.failures,
    malformedChains: queue.malformedChains,
    kicks: queue.kicks,
    calls: queue.calls,
    inFlight: queue.inFlight,
    oldestNs: queue.oldestNs,
    readLatencyNs: describeHistogram(latencyNs.read),
    writeLatencyNs: describeHistogram(latencyNs.write),
    flushLatencyNs: describeHistogram(latencyNs.flush),
  };
}

const countMax = 2n ** 64n - 1n;

function describeHistogram({ count, sum, max, buckets }: HistogramValues): Histogram {
  // Sums beyond what a number holds exactly are near enough, and what a card says may be anything.
  const whole = (value: number): bigint => {
    const exact = BigInt(Math.trunc(value));
    return exact > countMax ? countMax : exact;
  };
  return {
    count: whole(count),
    sum: whole(sum),
    max: whole(max),
    upperEnds: buckets.map(([upperEnd]) => whole(upperEnd)),
    counts: buckets.map(([, hits]) => whole(hits)),
  };
}
