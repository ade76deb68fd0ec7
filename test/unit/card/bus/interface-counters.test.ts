// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage, encodeMessage } from '../../../../src/api/codec.ts';
import { answerType } from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import {
  interfaceCountersType,
  type ServiceCounters,
  serviceCountersType,
} from '../../../../src/api/generated/argon/card/v1/card-counters.ts';
import {
  countersFromWire,
  countersToWire,
  servicesFromWire,
  servicesToWire,
} from '../../../../src/card/bus/interface-counters.ts';
import { sampleInterfaceCounters, sampleServiceCounters } from '../samples.ts';

describe('counters of an interface', () => {
  it('come as they went', () => {
    const counters = sampleInterfaceCounters();

    const message = createMessage(interfaceCountersType, countersToWire(counters));

    expect(countersFromWire(message)).toEqual(counters);
  });

  it('say nothing of connections that no policy bounds', () => {
    const { policy, ...device } = sampleInterfaceCounters();
    const { conntrackAllowanceAvailable: _, ...unbounded } = policy;
    const counters = { ...device, policy: unbounded };

    const message = createMessage(interfaceCountersType, countersToWire(counters));

    expect(message.conntrackAllowance).toBeUndefined();
    expect(countersFromWire(message)).toEqual(counters);
  });

  it.each([
    ['a word that is no label', { 'Security Group': 1n }],
    [
      'more words than there are reasons',
      Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`reason-${index}`, 1n])),
    ],
  ])('are refused with %s', (_what, drops) => {
    const { policy, ...device } = sampleInterfaceCounters();
    const interfaceCounters = countersToWire({ ...device, policy: { ...policy, drops } });

    expect(() => encodeMessage(answerType, { number: 1, interfaceCounters }, 'response')).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

describe('counters of services', () => {
  it('come as they went', () => {
    const counters = sampleServiceCounters();

    const message = createMessage(serviceCountersType, servicesToWire(counters));

    expect(servicesFromWire(message)).toEqual(counters);
  });

  it('are refused without one of them', () => {
    const whole = createMessage(serviceCountersType, servicesToWire(sampleServiceCounters()));
    const message: ServiceCounters = { ...whole, dns: undefined };

    expect(() => servicesFromWire(message)).toThrow(/the counters of a service/);
  });
});
