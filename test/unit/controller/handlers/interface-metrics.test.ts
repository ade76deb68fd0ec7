// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { interfaceMetricHandlers } from '../../../../src/controller/handlers/interface-metrics.ts';
import { sampleInterfaceCounters, sampleServiceCounters } from '../../card/samples.ts';
import { instanceId, sampleInterfaceAttachment } from '../samples.ts';
import { call } from './requests.ts';

const slot = {
  slot: 1,
  isFrontEndConnected: true,
  isServed: true,
  isDriverOk: true,
  card: 'network-card',
  parkedReason: '',
  mapBytes: 0n,
  parkedForNs: 0n,
  replayCount: 3n,
  lastStallNs: 5n,
  longestStallNs: 9n,
  messageCount: 0n,
  frontEndCount: 1n,
};

/** Interfaces in slots of their numbers; the card tells of all but those that are silent. */
function open(numbers: readonly number[], silent: readonly number[] = []) {
  const attachments = numbers.map((number) => sampleInterfaceAttachment(number, 1));
  const mute = silent.map((number) => sampleInterfaceAttachment(number, 1).interface);
  return interfaceMetricHandlers({
    served: () => attachments,
    counters: async (ids) =>
      new Map(ids.filter((id) => !mute.includes(id)).map((id) => [id, sampleInterfaceCounters()])),
    serviceCounters: async () => (silent.length === 0 ? sampleServiceCounters() : undefined),
    slots: async () => [slot],
  });
}

function nameOf(number: number): string {
  return `interfaces/${sampleInterfaceAttachment(number, 1).interface}`;
}

describe('the methods of Metrics about networks', () => {
  it('read what an interface that is served did', async () => {
    const name = nameOf(1);

    const metrics = await call(open([1]), 'Metrics.GetInterfaceMetrics', { name });

    expect(metrics).toMatchObject({
      name,
      instance: `instances/${instanceId(1)}`,
      txFrames: 1n,
      puntsLost: 12n,
      linklocalAllowanceExceeded: 19n,
      conntrackAllowance: { available: 20 },
      drops: [
        { reason: 'security-group-in', count: 21n },
        { reason: 'malformed', count: 22n },
      ],
      faults: [{ reason: 'ip-checksum', count: 22n }],
      cardRestarts: 3,
      stalledNs: 9n,
    });
  });

  it('say of others that nothing serves them, or that the card does not answer', async () => {
    await expect(
      call(open([1]), 'Metrics.GetInterfaceMetrics', { name: nameOf(2) }),
    ).rejects.toMatchObject({ code: 'failed-precondition' });
    await expect(
      call(open([1], [1]), 'Metrics.GetInterfaceMetrics', { name: nameOf(1) }),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('page through all that are served, without those whose card is silent', async () => {
    const handlers = open([0, 1, 4, 5], [4]);

    const first = await call(handlers, 'Metrics.ListInterfaceMetrics', { pageSize: 2 });
    const rest = await call(handlers, 'Metrics.ListInterfaceMetrics', {
      pageSize: 2,
      pageToken: first.nextPageToken,
    });

    const names = [...first.interfaces, ...rest.interfaces].map(({ name }) => name);
    expect(names).toEqual([0, 1, 5].map(nameOf));
    expect(rest.nextPageToken).toBe('');
  });

  it('tell of services, and nothing without a card', async () => {
    const { services, traffic } = await call(open([]), 'Metrics.GetServiceMetrics', {});

    expect(services.map(({ service }) => service)).toEqual(['dhcp4', 'dhcp6', 'dns', 'ntp']);
    expect(services[2]).toMatchObject({ asked: 24n, answered: 7n, noted: 8n, dropped: 9n });
    expect(traffic).toMatchObject([
      { lane: 'datagrams', questions: 1n },
      { lane: 'streams', questions: 7n },
    ]);
    expect(await call(open([], [1]), 'Metrics.GetServiceMetrics', {})).toMatchObject({
      services: [],
      traffic: [],
    });
  });
});
