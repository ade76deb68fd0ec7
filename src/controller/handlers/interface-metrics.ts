// SPDX-License-Identifier: Apache-2.0

// Metrics of interfaces that are served and of the network card's services, read when somebody
// asks.

import type {
  InterfaceMetrics,
  ReasonCount,
  ServiceMetrics,
} from '../../api/generated/argon/v1/metrics.ts';
import type { Cancellable } from '../../base/deadline.ts';
import { ArgonError } from '../../base/errors.ts';
import type { CardServiceCounters } from '../../card/bus/interface-counters.ts';
import type { InterfaceCounters } from '../../native/network-addon.ts';
import type { SlotStatus } from '../backplane/client.ts';
import { parsePage } from '../driver/page-token.ts';
import type { InterfaceAttachment } from '../model.ts';
import type { HandlersOf } from './handler.ts';
import { idOf } from './network-words.ts';

/** Where metrics of interfaces come from. */
export interface InterfaceMetricSource {
  /** Of instances that run, in the order of their slots. */
  served(): readonly InterfaceAttachment[];
  /** Of those whose card answers. */
  counters(
    ids: readonly string[],
    scope: Cancellable,
  ): Promise<ReadonlyMap<string, InterfaceCounters>>;
  /** Undefined if no card answers. */
  serviceCounters(scope: Cancellable): Promise<CardServiceCounters | undefined>;
  slots(scope: Cancellable): Promise<readonly SlotStatus[]>;
}

type InterfaceMethods = Pick<
  HandlersOf<'Metrics'>,
  'Metrics.GetInterfaceMetrics' | 'Metrics.ListInterfaceMetrics' | 'Metrics.GetServiceMetrics'
>;

/** The methods of the service Metrics that are about networks. */
export function interfaceMetricHandlers(source: InterfaceMetricSource): InterfaceMethods {
  return {
    'Metrics.GetInterfaceMetrics': async ({ name }, scope) => {
      const id = idOf(name);
      const attachment = source.served().find((served) => served.interface === id);
      if (attachment === undefined) {
        throw new ArgonError('failed-precondition', `interface ${id} is served by no card now`, {
          hint: 'attach it to an instance that runs',
        });
      }
      const [metrics] = await read(source, [attachment], scope);
      if (metrics !== undefined) return metrics;
      throw new ArgonError('unavailable', `the card of interface ${id} does not answer now`, {
        hint: 'ask again: another card takes the place of one that does not answer',
      });
    },
    'Metrics.ListInterfaceMetrics': async (request, scope) => {
      const { afterOrdinal, count } = parsePage('interface-metrics', request);
      // A slot's number is the place in the list: it stays while the interface is served.
      const rest = source.served().filter(({ slot }) => slot + 1 > afterOrdinal);
      const shown = rest.slice(0, count);
      const last = rest.length > shown.length ? shown.at(-1) : undefined;
      const token = last === undefined ? '' : `interface-metrics:${last.slot + 1}`;
      return {
        interfaces: await read(source, shown, scope),
        nextPageToken: Buffer.from(token, 'latin1').toString('base64url'),
      };
    },
    'Metrics.GetServiceMetrics': async (_request, scope) =>
      describeServices(await source.serviceCounters(scope)),
  };
}

async function read(
  source: InterfaceMetricSource,
  attachments: readonly InterfaceAttachment[],
  scope: Cancellable,
): Promise<InterfaceMetrics[]> {
  const ids = attachments.map(({ interface: id }) => id);
  const counted = await source.counters(ids, scope);
  const slots = new Map((await source.slots(scope)).map((status) => [status.slot, status]));
  return attachments.flatMap((attachment) => {
    const counters = counted.get(attachment.interface);
    return counters === undefined
      ? []
      : [describe(attachment, counters, slots.get(attachment.slot))];
  });
}

function describe(
  { interface: id, instance }: InterfaceAttachment,
  { policy, ...device }: InterfaceCounters,
  slot: SlotStatus | undefined,
): InterfaceMetrics {
  const { conntrackAllowanceAvailable: available, drops, faults, ...counters } = policy;
  return {
    name: `interfaces/${id}`,
    instance: `instances/${instance}`,
    readTime: new Date(),
    ...device,
    ...counters,
    conntrackAllowance: available === undefined ? undefined : { available },
    drops: describeReasons(drops),
    faults: describeReasons(faults),
    cardRestarts: Number(slot?.replayCount ?? 0n),
    stalledNs: slot?.longestStallNs ?? 0n,
  };
}

function describeReasons(reasons: Readonly<Record<string, bigint>>): readonly ReasonCount[] {
  return Object.entries(reasons).map(([reason, count]) => ({ reason, count }));
}

function describeServices(counters: CardServiceCounters | undefined): ServiceMetrics {
  const readTime = new Date();
  if (counters === undefined) return { readTime, services: [], traffic: [] };
  const { services, datagrams, streams } = counters;
  return {
    readTime,
    services: Object.entries(services).map(([service, { asked, answered, noted, dropped }]) => ({
      service,
      asked: BigInt(asked),
      answered: BigInt(answered),
      noted: BigInt(noted),
      dropped: BigInt(dropped),
    })),
    traffic: [
      { lane: 'datagrams', ...datagrams },
      { lane: 'streams', ...streams },
    ],
  };
}
