// SPDX-License-Identifier: Apache-2.0

// What interfaces and the services of the network card counted: as a table and, for a scraper,
// under the names that docs/metrics.md lists.

import {
  type InterfaceMetrics,
  interfaceMetricsType,
  type ServiceMetrics,
  serviceMetricsType,
} from '../../api/generated/argon/v1/metrics.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ExpositionPage, type Labels, type Sample } from '../../card/exposition.ts';
import type { CommandContext } from '../context.ts';
import { documentOf } from '../document/write.ts';
import { formatTable } from '../output.ts';
import { collectPages, type HostClient } from './host-client.ts';
import { idOf, resolveName } from './resources.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly of: (metrics: InterfaceMetrics) => bigint;
}

/** Counters of single numbers, one sample an interface. */
const families: readonly Family[] = [
  counter('tx_frames', 'Frames that the guest sent', (one) => one.txFrames),
  counter('tx_bytes', 'Bytes of those', (one) => one.txBytes),
  counter('tx_malformed', 'Sent, and of no meaning', (one) => one.txMalformed),
  counter('tx_unreachable', 'Sent to where nobody is', (one) => one.txUnreachable),
  counter('rx_frames', 'Frames that the guest got', (one) => one.rxFrames),
  counter('rx_bytes', 'Bytes of those', (one) => one.rxBytes),
  counter('rx_overruns', 'Lost for want of buffers in the guest', (one) => one.rxOverruns),
  counter('rx_unfit', 'Lost because they fit no buffer of the guest', (one) => one.rxUnfit),
  counter('broken_rings', 'Rings that broke', (one) => one.brokenRings),
  counter('kicks', 'Kicks of the driver', (one) => one.kicks),
  counter('calls', 'Calls to the driver', (one) => one.calls),
  counter('answers', 'Packets that the router answered', (one) => one.answers),
  counter('punts', 'Packets that were handed to services', (one) => one.punts),
  counter('punts_lost', 'Lost because a service had no room', (one) => one.puntsLost),
  counter(
    'bw_in_allowance_exceeded',
    'Packets over the bandwidth that may come in',
    (one) => one.bwInAllowanceExceeded,
  ),
  counter(
    'bw_out_allowance_exceeded',
    'Packets over the bandwidth that may go out',
    (one) => one.bwOutAllowanceExceeded,
  ),
  counter(
    'pps_allowance_exceeded',
    'Packets over the packets that may pass a second',
    (one) => one.ppsAllowanceExceeded,
  ),
  counter(
    'conntrack_allowance_exceeded',
    'Packets of connections that could not be tracked any more',
    (one) => one.conntrackAllowanceExceeded,
  ),
  counter(
    'linklocal_allowance_exceeded',
    'Packets over those that services take in a second',
    (one) => one.linklocalAllowanceExceeded,
  ),
  counter(
    'card_replacements',
    'Times that another card took over the interface while a guest had it',
    (one) => BigInt(one.cardRestarts),
  ),
];

function counter(name: string, help: string, of: Family['of']): Family {
  return { name: `argon_network_${name}_total`, help, of };
}

/** The page for what interfaces did. */
export function formatInterfaceMetrics(metrics: readonly InterfaceMetrics[]): string {
  const page = new ExpositionPage();
  addInterfaces(page, metrics);
  return page.toString();
}

/** The page for what the services of the network card did. */
export function formatServiceMetrics(metrics: ServiceMetrics): string {
  const page = new ExpositionPage();
  addServices(page, metrics);
  return page.toString();
}

export function addInterfaces(page: ExpositionPage, metrics: readonly InterfaceMetrics[]): void {
  for (const { name, help, of } of families) {
    page.add(
      name,
      'counter',
      help,
      metrics.map((one) => ({ labels: labelsOf(one), value: of(one) })),
    );
  }
  page.add(
    'argon_network_conntrack_allowance_available',
    'gauge',
    'Connections that may still be tracked for the instance',
    metrics.flatMap((one) =>
      one.conntrackAllowance === undefined
        ? []
        : [{ labels: labelsOf(one), value: one.conntrackAllowance.available }],
    ),
  );
  page.add(
    'argon_network_longest_stall_nanoseconds',
    'gauge',
    'The longest time that the guest was without a card',
    metrics.map((one) => ({ labels: labelsOf(one), value: one.stalledNs })),
  );
  page.add(
    'argon_network_drops_total',
    'counter',
    'Packets that were dropped, by the reason',
    metrics.flatMap((one) =>
      one.drops.map(({ reason, count }) => ({
        labels: { ...labelsOf(one), reason },
        value: count,
      })),
    ),
  );
  page.add(
    'argon_network_malformed_total',
    'counter',
    'Packets that were dropped as malformed, by what was wrong',
    metrics.flatMap((one) =>
      one.faults.map(({ reason, count }) => ({
        labels: { ...labelsOf(one), fault: reason },
        value: count,
      })),
    ),
  );
}

export function addServices(page: ExpositionPage, { services, traffic }: ServiceMetrics): void {
  page.add(
    'argon_network_service_questions_total',
    'counter',
    'Questions of guests to services over UDP',
    services.flatMap(({ service, answered, noted, dropped }) =>
      samplesOf({ service }, 'outcome', { answered, noted, dropped }),
    ),
  );
  page.add(
    'argon_network_service_frames_total',
    'counter',
    'Frames on the way to services and back',
    traffic.flatMap(({ lane, questions, answers }) =>
      samplesOf({ lane }, 'direction', { questions, answers }),
    ),
  );
  page.add(
    'argon_network_service_frames_lost_total',
    'counter',
    'Frames that were lost on the way to services or back',
    traffic.flatMap((one) => [
      ...samplesOf({ lane: one.lane, direction: 'questions' }, 'cause', {
        'over-share': one.questionsOverShare,
        'too-long': one.questionsTooLong,
      }),
      ...samplesOf({ lane: one.lane, direction: 'answers' }, 'cause', {
        'over-share': one.answersOverShare,
        'too-long': one.answersTooLong,
      }),
    ]),
  );
}

function labelsOf({ name, instance }: InterfaceMetrics): Labels {
  return { interface: idOf(name), instance: idOf(instance) };
}

function samplesOf(
  labels: Labels,
  label: string,
  counts: Readonly<Record<string, bigint>>,
): readonly Sample[] {
  return Object.entries(counts).map(([word, value]) => ({
    labels: { ...labels, [label]: word },
    value,
  }));
}

/** Counters of all interfaces that are served now. */
export async function listInterfaceMetrics(
  client: HostClient,
  scope: Cancellable,
): Promise<readonly InterfaceMetrics[]> {
  return collectPages(
    async (pageToken) => client.call('Metrics.ListInterfaceMetrics', { pageToken }, scope),
    ({ interfaces }) => interfaces,
  );
}

/** The counters of one interface, or of all that are served. */
export async function showInterfaceMetrics(
  client: HostClient,
  context: CommandContext,
  text: string | undefined,
): Promise<void> {
  const metrics = await readInterfaces(client, context, text);
  const documents = metrics.map((one) => documentOf(interfaceMetricsType, one));
  const value = text === undefined ? documents : documents[0];
  const names = metrics.map(({ name }) => `${name}\n`).join('');
  await context.print(value, context.format === 'name' ? names : interfaceTable(metrics));
}

/** A page for a scraper of one interface, or of all that are served. */
export async function printInterfacePage(
  client: HostClient,
  context: CommandContext,
  text: string | undefined,
): Promise<void> {
  const page = formatInterfaceMetrics(await readInterfaces(client, context, text));
  await context.print({ text: page }, page);
}

async function readInterfaces(
  client: HostClient,
  scope: Cancellable,
  text: string | undefined,
): Promise<readonly InterfaceMetrics[]> {
  if (text === undefined) return listInterfaceMetrics(client, scope);
  const name = await resolveName(client, 'interface', text, scope);
  return [await client.call('Metrics.GetInterfaceMetrics', { name }, scope)];
}

/** The counters of the network card's services, or a page of them for a scraper. */
export async function showServiceMetrics(
  client: HostClient,
  context: CommandContext,
  format: 'prometheus' | undefined,
): Promise<void> {
  const metrics = await client.call('Metrics.GetServiceMetrics', {}, context);
  if (format === 'prometheus') {
    const text = formatServiceMetrics(metrics);
    await context.print({ text }, text);
    return;
  }
  await context.print(documentOf(serviceMetricsType, metrics), serviceTable(metrics));
}

interface CountRow {
  readonly of: string;
  readonly counter: string;
  readonly value: string;
}

// One line a counter of each interface.
function interfaceTable(metrics: readonly InterfaceMetrics[]): string {
  const rows = metrics.flatMap((one) => [
    ...countRows(idOf(one.name), one),
    ...(one.conntrackAllowance === undefined
      ? []
      : [
          {
            of: idOf(one.name),
            counter: 'conntrackAllowanceAvailable',
            value: String(one.conntrackAllowance.available),
          },
        ]),
    ...one.drops.map(({ reason, count }) => ({
      of: idOf(one.name),
      counter: `dropped: ${reason}`,
      value: String(count),
    })),
    ...one.faults.map(({ reason, count }) => ({
      of: idOf(one.name),
      counter: `malformed: ${reason}`,
      value: String(count),
    })),
  ]);
  return countTable('INTERFACE', rows);
}

function serviceTable({ services, traffic }: ServiceMetrics): string {
  return countTable('SERVICE', [
    ...services.flatMap((one) => countRows(one.service, one)),
    ...traffic.flatMap((one) => countRows(one.lane, one)),
  ]);
}

function countRows(of: string, message: object): readonly CountRow[] {
  return Object.entries(message)
    .filter(([, value]) => typeof value === 'bigint')
    .map(([name, value]) => ({ of, counter: name, value: String(value) }));
}

function countTable(title: string, rows: readonly CountRow[]): string {
  return formatTable(
    [
      { title, of: (row) => row.of },
      { title: 'COUNTER', of: (row) => row.counter },
      { title: 'VALUE', align: 'right', of: (row) => row.value },
    ],
    rows,
  );
}
