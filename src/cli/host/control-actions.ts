// SPDX-License-Identifier: Apache-2.0

// What `argon limit`, `argon fault` and `argon metrics` ask of a running host, where no --control
// names a device that is served by itself.

import { type Fault, faultType } from '../../api/generated/argon/v1/faults.ts';
import { hostInfoType } from '../../api/generated/argon/v1/host.ts';
import { type VolumeMetrics, volumeMetricsType } from '../../api/generated/argon/v1/metrics.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { CommandContext } from '../context.ts';
import { documentOf } from '../document/write.ts';
import { formatTable } from '../output.ts';
import { collectPages, createRequestId, type HostClient } from './host-client.ts';
import { changeLimits, faultText, limitText, parseFault } from './limit-text.ts';
import { formatHostMetrics, formatVolumeMetrics } from './metrics-page.ts';
import { listInterfaceMetrics } from './network-metrics.ts';
import { idOf, labelOf, listInstances, listVolumes, resolveName } from './resources.ts';

/** Changes the limits that all volumes of the host share. */
export async function limitHostAt(
  client: HostClient,
  context: CommandContext,
  spec: string,
): Promise<void> {
  const current = await client.call('Host.GetHost', {}, context);
  const host = await client.call(
    'Host.UpdateHost',
    {
      host: { limits: changeLimits(current.limits, spec) },
      updateMask: ['limits'],
      requestId: createRequestId(),
    },
    context,
  );
  await context.print(
    documentOf(hostInfoType, host),
    context.format === 'name' ? '' : `the host has limits ${limitText(host.limits)}\n`,
  );
}

/** The limits of the host, of instances and of volumes that have any. */
export async function showLimitsAt(client: HostClient, context: CommandContext): Promise<void> {
  const host = await client.call('Host.GetHost', {}, context);
  const [instances, volumes] = [
    await listInstances(client, context),
    await listVolumes(client, context),
  ];
  const levels = [
    { level: 'host', name: '', limits: limitText(host.limits) },
    ...instances.map((instance) => ({
      level: 'instance',
      name: labelOf(instance),
      limits: limitText(instance.limits),
    })),
    ...volumes.map((volume) => ({
      level: 'volume',
      name: labelOf(volume),
      limits: limitText(volume.limits),
    })),
  ].filter(({ level, limits }) => level === 'host' || limits !== 'none');
  const text = formatTable(
    [
      { title: 'LEVEL', of: ({ level }) => level },
      { title: 'NAME', of: ({ name }) => name },
      { title: 'LIMITS', of: ({ limits }) => limits },
    ],
    levels,
  );
  await context.print({ levels }, text);
}

/** Adds a fault to a volume and prints its name. */
export async function setFaultAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string,
  spec: string,
): Promise<void> {
  const volume = await resolveName(client, 'volume', volumeText, context);
  const request = { volume, fault: parseFault(spec), requestId: createRequestId() };
  const fault = await client.call('Faults.CreateFault', request, context);
  await context.print(documentOf(faultType, fault), `${fault.name}\n`);
}

/** The faults of one volume, or of all. */
export async function listFaultsAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string | undefined,
): Promise<void> {
  const faults = await findFaults(client, volumeText, context);
  const table = formatTable<Fault>(
    [
      { title: 'FAULT', of: ({ name }) => name },
      { title: 'RULE', of: faultText },
      { title: 'MATCHES', align: 'right', of: ({ matches }) => String(matches) },
      { title: 'HITS', align: 'right', of: ({ hits }) => String(hits) },
    ],
    faults,
  );
  const names = faults.map(({ name }) => `${name}\n`).join('');
  await context.print(
    faults.map((fault) => documentOf(faultType, fault)),
    context.format === 'name' ? names : table,
  );
}

/** Takes one fault away, by its name or its number, or all of a volume. */
export async function clearFaultsAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string | undefined,
  fault: string | undefined,
): Promise<void> {
  const isName = fault?.includes('/faults/') === true;
  if (volumeText === undefined && !isName) {
    throw new ArgonError('invalid-argument', 'which volume is meant?', {
      hint: 'give --volume, or the full name of a fault; argon fault list shows them',
    });
  }
  const names =
    fault === undefined
      ? (await findFaults(client, volumeText, context)).map(({ name }) => name)
      : [isName ? fault : await faultOf(client, volumeText ?? '', fault, context)];
  for (const name of names) {
    await client.call('Faults.DeleteFault', { name, requestId: createRequestId() }, context);
  }
  await context.print({ deleted: names }, names.map((name) => `deleted ${name}\n`).join(''));
}

/** Starts what hangs by a fault. */
export async function releaseFaultsAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string,
): Promise<void> {
  const volume = await resolveName(client, 'volume', volumeText, context);
  await client.call('Faults.ReleaseFaults', { volume }, context);
  await context.print({ released: volume }, `what hung on ${volume} goes on\n`);
}

/** The counters of one volume, or of all that are served. */
export async function showMetricsAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string | undefined,
): Promise<void> {
  const metrics =
    volumeText === undefined
      ? await listMetrics(client, context)
      : [await getMetrics(client, volumeText, context)];
  const documents = metrics.map((one) => documentOf(volumeMetricsType, one));
  const value = volumeText === undefined ? documents : documents[0];
  const names = metrics.map(({ name }) => `${name}\n`).join('');
  await context.print(value, context.format === 'name' ? names : metricsTable(metrics));
}

/** Counters of all volumes that are served now. */
export async function listMetrics(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly VolumeMetrics[]> {
  return collectPages(
    async (pageToken) => client.call('Metrics.ListVolumeMetrics', { pageToken }, scope),
    ({ volumes }) => volumes,
  );
}

/** A page for a scraper: of one volume that is served, or of all that the host has. */
export async function printPageAt(
  client: HostClient,
  context: CommandContext,
  volumeText: string | undefined,
): Promise<void> {
  const text =
    volumeText === undefined
      ? formatHostMetrics({
          host: await client.call('Host.GetHost', {}, context),
          instances: await listInstances(client, context),
          volumes: await listVolumes(client, context),
          metrics: await listMetrics(client, context),
          interfaces: await listInterfaceMetrics(client, context),
          services: await client.call('Metrics.GetServiceMetrics', {}, context),
        })
      : formatVolumeMetrics(await getMetrics(client, volumeText, context));
  await context.print({ text }, text);
}

async function getMetrics(
  client: HostClient,
  text: string,
  scope: Cancellable,
): Promise<VolumeMetrics> {
  const name = await resolveName(client, 'volume', text, scope);
  return client.call('Metrics.GetVolumeMetrics', { name }, scope);
}

async function findFaults(
  client: HostClient,
  volumeText: string | undefined,
  scope: Cancellable,
): Promise<readonly Fault[]> {
  const volumes =
    volumeText === undefined
      ? (await listMetrics(client, scope)).map(({ name }) => name)
      : [await resolveName(client, 'volume', volumeText, scope)];
  const faults: Fault[] = [];
  for (const volume of volumes) {
    faults.push(...(await client.call('Faults.ListFaults', { volume }, scope)).faults);
  }
  return faults;
}

async function faultOf(
  client: HostClient,
  volumeText: string,
  fault: string,
  scope: Cancellable,
): Promise<string> {
  return `${await resolveName(client, 'volume', volumeText, scope)}/faults/${fault}`;
}

// One line a counter, for each queue of each volume.
function metricsTable(metrics: readonly VolumeMetrics[]): string {
  const rows = metrics.flatMap(({ name, queues }) =>
    queues.flatMap((queue, index) =>
      Object.entries(queue)
        .filter(([, value]) => typeof value === 'bigint')
        .map(([counter, value]) => ({
          volume: idOf(name),
          queue: String(index),
          counter,
          value: String(value),
        })),
    ),
  );
  return formatTable(
    [
      { title: 'VOLUME', of: (row) => row.volume },
      { title: 'QUEUE', align: 'right', of: (row) => row.queue },
      { title: 'COUNTER', of: (row) => row.counter },
      { title: 'VALUE', align: 'right', of: (row) => row.value },
    ],
    rows,
  );
}
