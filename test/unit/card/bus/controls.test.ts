// SPDX-License-Identifier: Apache-2.0

import { describe, expect, it } from 'vitest';

import { createMessage } from '../../../../src/api/codec.ts';
import {
  faultRuleType,
  faultStateType,
  setLimitsType,
} from '../../../../src/api/generated/argon/card/v1/card-bus.ts';
import {
  faultFromWire,
  faultStateFromWire,
  faultStateToWire,
  faultToWire,
  limitsFromWire,
  limitsToWire,
  present,
} from '../../../../src/card/bus/controls.ts';
import { sampleFault, sampleLimits } from '../samples.ts';

describe('limits of a level', () => {
  it('come back as they were sent', () => {
    const level = { scope: 'guest', name: 'i-1', limits: sampleLimits() } as const;

    expect(limitsFromWire(createMessage(setLimitsType, limitsToWire(level)))).toEqual(level);
  });
});

describe('a fault rule', () => {
  it('comes back as it was sent', () => {
    const message = createMessage(faultRuleType, faultToWire(sampleFault()));

    expect(faultFromWire(message)).toEqual(sampleFault());
  });

  it.each([{ operations: 0 }, { operations: 32 }, { chancePpm: 1_000_001 }, { nth: -1n }])(
    'with %o is refused',
    (changes) => {
      expect(() => createMessage(faultRuleType, faultToWire(sampleFault(changes)))).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    },
  );

  it('has an id and counts where it is in force', () => {
    const state = { id: 3, rule: sampleFault(), matches: 2n, hits: 1n };

    expect(faultStateFromWire(createMessage(faultStateType, faultStateToWire(state)))).toEqual(
      state,
    );
  });
});

describe('present()', () => {
  it('refuses what is not there', () => {
    expect(present(0, 'a number')).toBe(0);
    expect(() => present(undefined, 'a number')).toThrow('a number is missing');
  });
});
