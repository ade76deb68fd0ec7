// SPDX-License-Identifier: Apache-2.0

// What a network card counts, as it goes over its bus and as native code and services give it.

import type {
  InterfaceCounters as CountersMessage,
  ServiceCount,
  ServiceCounters as ServicesMessage,
} from '../../api/generated/argon/card/v1/card-counters.ts';
import type { Init } from '../../api/schema.ts';
import type { InterfaceCounters, ServiceTraffic } from '../../native/network-addon.ts';
import type { ServiceCounters, ServiceName } from '../../network/services/services.ts';
import { present } from './controls.ts';

/** What the services of a card counted. */
export interface CardServiceCounters {
  /** Over UDP. */
  readonly services: Readonly<Record<ServiceName, ServiceCounters>>;
  readonly datagrams: ServiceTraffic;
  readonly streams: ServiceTraffic;
}

export function countersToWire({ policy, ...device }: InterfaceCounters): Init<CountersMessage> {
  const { conntrackAllowanceAvailable: available, drops, faults, ...counters } = policy;
  return {
    ...device,
    ...counters,
    ...(available === undefined ? {} : { conntrackAllowance: { available } }),
    drops: reasonsToWire(drops),
    faults: reasonsToWire(faults),
  };
}

export function countersFromWire(message: CountersMessage): InterfaceCounters {
  const { drops, faults, conntrackAllowance, ...counters } = message;
  const { answers, punts, linklocalAllowanceExceeded, ...others } = counters;
  const { bwInAllowanceExceeded, bwOutAllowanceExceeded, ...rest } = others;
  const { ppsAllowanceExceeded, conntrackAllowanceExceeded, ...device } = rest;
  return {
    ...device,
    policy: {
      answers,
      punts,
      bwInAllowanceExceeded,
      bwOutAllowanceExceeded,
      ppsAllowanceExceeded,
      conntrackAllowanceExceeded,
      linklocalAllowanceExceeded,
      ...(conntrackAllowance === undefined
        ? {}
        : { conntrackAllowanceAvailable: conntrackAllowance.available }),
      drops: reasonsFromWire(drops),
      faults: reasonsFromWire(faults),
    },
  };
}

export function servicesToWire(counters: CardServiceCounters): Init<ServicesMessage> {
  const { services, datagrams, streams } = counters;
  return {
    dhcp4: countToWire(services.dhcp4),
    dhcp6: countToWire(services.dhcp6),
    dns: countToWire(services.dns),
    ntp: countToWire(services.ntp),
    datagrams,
    streams,
  };
}

/** @throws ArgonError invalid-argument. */
export function servicesFromWire(message: ServicesMessage): CardServiceCounters {
  return {
    services: {
      dhcp4: countFromWire(message.dhcp4),
      dhcp6: countFromWire(message.dhcp6),
      dns: countFromWire(message.dns),
      ntp: countFromWire(message.ntp),
    },
    datagrams: present(message.datagrams, 'datagrams'),
    streams: present(message.streams, 'streams'),
  };
}

type Reasons = Readonly<Record<string, bigint>>;

function reasonsToWire(reasons: Reasons): CountersMessage['drops'] {
  return Object.entries(reasons).map(([reason, count]) => ({ reason, count }));
}

function reasonsFromWire(reasons: CountersMessage['drops']): Reasons {
  return Object.fromEntries(reasons.map(({ reason, count }) => [reason, count]));
}

function countToWire({ asked, answered, noted, dropped }: ServiceCounters): Init<ServiceCount> {
  return {
    asked: BigInt(asked),
    answered: BigInt(answered),
    noted: BigInt(noted),
    dropped: BigInt(dropped),
  };
}

function countFromWire(message: ServiceCount | undefined): ServiceCounters {
  const { asked, answered, noted, dropped } = present(message, 'the counters of a service');
  return {
    asked: Number(asked),
    answered: Number(answered),
    noted: Number(noted),
    dropped: Number(dropped),
  };
}
